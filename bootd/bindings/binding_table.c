/* SPDX-License-Identifier: ISC */
/*
 * Bindings in five lists, each in order of the last change of state: what becomes of them, and
 * which ones have to go. Whatever changes the address or the list marks it in the pools. How
 * they are found is in binding_lookup.c.
 */
#include "bootd/bindings/binding_table.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "bootd/bindings/binding_lookup.h"

enum { LEASES, OTHERS, REGISTERED, EXPIRED, OFFERED };

const char *binding_list_name(unsigned list)
{
	static const char *const name[BINDING_LISTS] = {
		[LEASES] = "lease",
		[OTHERS] = "held",
		[REGISTERED] = "registered",
		[EXPIRED] = "expired",
		[OFFERED] = "offered",
	};

	return name[list];
}

int binding_table_init(struct binding_table *table, size_t most)
{
	*table = (struct binding_table){.most = most ? most : BINDINGS_MAX, .slots = 16};
	while (table->slots < table->most - table->most / 4)
		table->slots *= 2;
	if (getrandom(&table->seed, sizeof(table->seed), 0) != sizeof(table->seed))
		table->seed = (uintptr_t)table;
	table->by_machine = calloc(table->slots, sizeof(*table->by_machine));
	table->by_address = calloc(table->slots, sizeof(*table->by_address));
	if (!table->by_machine || !table->by_address) {
		binding_table_fini(table);
		return -ENOMEM;
	}
	return 0;
}

void binding_table_fini(struct binding_table *table)
{
	struct binding *binding;

	while ((binding = binding_table_next(table, NULL)))
		binding_table_remove(table, binding);
	client_ways_fini(&table->ways);
	free(table->by_machine);
	free(table->by_address);
	address_pools_fini(&table->pools);
	*table = (struct binding_table){0};
}

size_t binding_table_count(const struct binding_table *table)
{
	size_t count = 0;

	for (int i = 0; i < BINDING_LISTS; i++)
		count += table->list[i].count;
	return count;
}

size_t binding_table_leases(const struct binding_table *table)
{
	return table->list[LEASES].count;
}

bool binding_table_can_lease(const struct binding_table *table)
{
	return binding_table_leases(table) < table->most - table->most / 10;
}

static int list_number(const struct binding *binding)
{
	if (binding->is_lease)
		return LEASES;
	return binding->state == BINDING_OFFERED      ? OFFERED
	       : binding->state == BINDING_EXPIRED    ? EXPIRED
	       : binding->state == BINDING_REGISTERED ? REGISTERED
						      : OTHERS;
}

static struct binding_list *list_of(struct binding_table *table, const struct binding *binding)
{
	return &table->list[list_number(binding)];
}

static void list_add(struct binding_list *list, struct binding *binding)
{
	binding->newer = NULL;
	binding->older = list->newest;
	if (list->newest)
		list->newest->newer = binding;
	else
		list->oldest = binding;
	list->newest = binding;
	list->count++;
}

static void list_take(struct binding_list *list, struct binding *binding)
{
	if (list->unchecked == binding)
		list->unchecked = binding->newer;
	*(binding->newer ? &binding->newer->older : &list->newest) = binding->older;
	*(binding->older ? &binding->older->newer : &list->oldest) = binding->newer;
	list->count--;
}

/* The pools see what the table has of an address, in whatever way it was given. */
static void mark(struct binding_table *table, const struct binding *binding)
{
	bool is_held = binding->state != BINDING_OFFERED && binding->state != BINDING_EXPIRED;

	if (table->pools.pools > 0)
		address_pools_mark(&table->pools, &binding->address, binding->has_address,
			binding->has_address && is_held);
}

int binding_table_set_pools(struct binding_table *table, const struct boot_config *config)
{
	struct binding *binding = NULL;
	struct address_pools pools;
	int rc = address_pools_init(&pools, config);

	if (rc < 0)
		return rc;
	address_pools_fini(&table->pools);
	table->pools = pools;
	while ((binding = binding_table_next(table, binding)))
		if (binding->has_address)
			mark(table, binding);
	return 0;
}

void binding_table_set_lease(struct binding_table *table, struct binding *binding, bool is_lease)
{
	if (!is_lease)
		binding->stored_ms = 0;
	if (binding->is_lease == is_lease)
		return;
	list_take(list_of(table, binding), binding);
	binding->is_lease = is_lease;
	list_add(list_of(table, binding), binding);
}

void binding_table_drop_address(struct binding_table *table, struct binding *binding)
{
	if (!binding->has_address)
		return;
	binding_table_set_lease(table, binding, false);
	binding_forget_address(table, binding);
	mark(table, binding);
}

void binding_table_rest(struct binding_table *table, struct binding *binding)
{
	binding_forget_machine(table, binding);
	binding->rests = true;
}

void binding_table_remove(struct binding_table *table, struct binding *binding)
{
	if (!binding->rests)
		binding_forget_machine(table, binding);
	binding_table_drop_address(table, binding);
	list_take(list_of(table, binding), binding);
	client_way_forget(binding->way);
	binding_free_ids(binding);
	free(binding);
}

/* Leases stay; there are never so many that there is nothing else to let go of. */
static void make_room(struct binding_table *table)
{
	static const int order[] = {OFFERED, EXPIRED, REGISTERED, OTHERS};

	if (binding_table_count(table) < table->most)
		return;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (table->list[order[i]].count == 0)
			continue;
		binding_table_remove(table, table->list[order[i]].oldest);
		table->evicted++;
		return;
	}
}

struct binding *binding_table_add_resting(
	struct binding_table *table, const struct prefix *subnet, const struct machine *machine)
{
	struct binding *binding;

	make_room(table);
	binding = calloc(1, sizeof(*binding));
	if (!binding || binding_set_machine(binding, machine) < 0) {
		free(binding);
		return NULL;
	}
	binding->subnet = *subnet;
	binding->state = BINDING_OFFERED;
	binding->rests = true;
	list_add(list_of(table, binding), binding);
	return binding;
}

struct binding *binding_table_get(struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct in6_addr *scope)
{
	struct binding *binding = binding_table_find(table, subnet, machine, scope);

	if (!binding)
		binding = binding_table_add_resting(table, subnet, machine);
	if (binding && binding->rests)
		binding_know_machine(table, binding);
	return binding;
}

/* Of those that the machine has registered, if it may have no more, the first to expire goes. */
static void make_room_of_machine(
	struct binding_table *table, const struct prefix *subnet, const struct machine *machine)
{
	struct binding *binding = *binding_machine_slot(table, subnet, machine), *first = NULL;
	unsigned count = 0;

	for (; binding; binding = binding->next_by_machine) {
		if (binding->state != BINDING_REGISTERED ||
			!binding_is_of_subnet(binding, subnet, machine))
			continue;
		count++;
		if (!first || binding->expires_ms < first->expires_ms)
			first = binding;
	}
	if (count >= REGISTERED_MAX) {
		binding_table_remove(table, first);
		table->evicted++;
	}
}

struct binding *binding_table_register(struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct in6_addr *address)
{
	struct binding *binding = binding_table_find_address(table, address);

	if (binding && binding->state == BINDING_REGISTERED &&
		binding_is_of_subnet(binding, subnet, machine))
		return binding;
	make_room_of_machine(table, subnet, machine);
	if (table->list[REGISTERED].count >= table->most / 4) {
		binding_table_remove(table, table->list[REGISTERED].oldest);
		table->evicted++;
	}
	binding = binding_table_add_resting(table, subnet, machine);
	if (!binding)
		return NULL;
	binding_know_machine(table, binding);
	binding_table_set_address(table, binding, address, false);
	return binding;
}

void binding_table_set_address(struct binding_table *table, struct binding *binding,
	const struct in6_addr *address, bool is_fixed)
{
	struct binding *holder = binding_table_find_address(table, address);

	binding->is_fixed = is_fixed;
	if (holder == binding)
		return;
	if (holder && holder->state == BINDING_REGISTERED)
		binding_table_remove(table, holder);
	else if (holder)
		binding_table_drop_address(table, holder);
	binding_table_drop_address(table, binding);
	binding_know_address(table, binding, address);
	mark(table, binding);
}

void binding_table_set_state(struct binding_table *table, struct binding *binding,
	enum binding_state state, uint64_t now_ms, uint64_t for_s)
{
	list_take(list_of(table, binding), binding);
	if (binding->state != state || binding->since_ms == 0)
		binding->since_ms = now_ms;
	binding->state = state;
	binding->expires_ms = now_ms + for_s * 1000;
	list_add(list_of(table, binding), binding);
	if (binding->has_address)
		mark(table, binding);
}

/* What is kept of a lease whose time is over: who had it. */
static void expire_lease(struct binding_table *table, struct binding *binding, uint64_t now_ms)
{
	binding_table_set_lease(table, binding, false);
	binding_table_set_state(table, binding, BINDING_EXPIRED, now_ms, 0);
}

/* What changes while it is on its way goes to the end of a list, or is taken out before it. */
static void expire_list(
	struct binding_table *table, struct binding_list *list, uint64_t now_ms, size_t most)
{
	if (!list->unchecked)
		list->unchecked = list->oldest;
	for (; list->unchecked && most > 0; most--) {
		struct binding *binding = list->unchecked;

		list->unchecked = binding->newer;
		if (binding->expires_ms > now_ms)
			continue;
		if (binding->is_lease && !binding->rests)
			expire_lease(table, binding, now_ms);
		else
			binding_table_remove(table, binding);
	}
}

void binding_table_expire_some(struct binding_table *table, uint64_t now_ms, size_t most)
{
	static const int list[] = {OFFERED, OTHERS, LEASES, REGISTERED};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		expire_list(table, &table->list[list[i]], now_ms, most);
}

void binding_table_expire(struct binding_table *table, uint64_t now_ms)
{
	for (int i = 0; i < BINDING_LISTS; i++)
		table->list[i].unchecked = NULL;
	binding_table_expire_some(table, now_ms, SIZE_MAX);
}

struct binding *binding_table_next(const struct binding_table *table, const struct binding *after)
{
	int list = after ? list_number(after) + 1 : 0;

	if (after && after->older)
		return after->older;
	while (list < BINDING_LISTS && !table->list[list].newest)
		list++;
	return list < BINDING_LISTS ? table->list[list].newest : NULL;
}

int binding_table_keep_ways(struct binding_table *table)
{
	struct binding *binding = NULL;
	int rc;

	if (table->ways.by_duid)
		return 0;
	rc = client_ways_init(&table->ways, table->slots, table->seed);
	while (rc == 0 && (binding = binding_table_next(table, binding)))
		client_way_note(&table->ways, binding, NULL, NULL, binding->since_ms);
	return rc;
}

const char *binding_state_name(enum binding_state state)
{
	static const char *const name[] = {
		[BINDING_OFFERED] = "offered",
		[BINDING_BOUND] = "bound",
		[BINDING_RELEASED] = "released",
		[BINDING_DECLINED] = "declined",
		[BINDING_EXPIRED] = "expired",
		[BINDING_REGISTERED] = "registered",
	};

	return name[state];
}
