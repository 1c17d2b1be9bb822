/* SPDX-License-Identifier: ISC */
/*
 * The life of bindings: made, given an address, changed in state, expired, evicted. Each binding is
 * in exactly one of five lists, ordered by the last change of state, so that the oldest one of a
 * kind is found at once when the table is full. binding_find.c finds bindings.
 *
 * Invariant: every function that changes an address or a state also marks the address in the
 * pools, which therefore always know what is free.
 */
#include "bootd/bindings/binding_table.h"

#include <errno.h>
#include <stdlib.h>

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

int binding_table_init(struct binding_table *table, size_t max)
{
	*table = (struct binding_table){.max = max ? max : BINDINGS_MAX};
	if (binding_index_init(table) < 0) {
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
	transaction_table_fini(&table->transactions);
	binding_index_fini(table);
	address_pools_fini(&table->pools);
	*table = (struct binding_table){0};
}

/* --- lists -------------------------------------------------------------------------- */

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

size_t binding_table_registered(const struct binding_table *table)
{
	return table->list[REGISTERED].count;
}

bool binding_table_can_lease(const struct binding_table *table)
{
	return binding_table_leases(table) < table->max - table->max / 10;
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

/* Mark in the pools how the address is used now. */
static void mark(struct binding_table *table, const struct binding *binding)
{
	static const enum address_use use[] = {
		[BINDING_OFFERED] = ADDRESS_KNOWN,
		[BINDING_BOUND] = ADDRESS_HELD,
		[BINDING_RELEASED] = ADDRESS_HELD,
		[BINDING_DECLINED] = ADDRESS_HELD,
		[BINDING_EXPIRED] = ADDRESS_KNOWN,
		[BINDING_REGISTERED] = ADDRESS_REGISTERED,
	};

	if (table->pools.pools > 0)
		address_pools_mark(&table->pools, &binding->address,
			binding->has_address ? use[binding->state] : ADDRESS_UNUSED);
}

void binding_table_use_pools(struct binding_table *table, const struct address_pools *pools)
{
	struct binding *binding = NULL;

	address_pools_fini(&table->pools);
	table->pools = *pools;
	while ((binding = binding_table_next(table, binding)))
		if (binding->has_address)
			mark(table, binding);
}

int binding_table_set_pools(struct binding_table *table, const struct boot_config *config)
{
	struct address_pools pools;
	int rc = address_pools_init(&pools, config);

	if (rc == 0)
		binding_table_use_pools(table, &pools);
	return rc;
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
	binding_index_remove_address(table, binding);
	mark(table, binding);
}

void binding_table_remove(struct binding_table *table, struct binding *binding)
{
	binding_index_remove_machine(table, binding);
	binding_table_drop_address(table, binding);
	list_take(list_of(table, binding), binding);
	transaction_forget(&table->transactions, binding);
	binding_free_ids(binding);
	free(binding);
}

/* Leases are never evicted; they cannot fill the table, see binding_table_can_lease(). */
static void evict_if_full(struct binding_table *table)
{
	static const int order[] = {OFFERED, EXPIRED, REGISTERED, OTHERS};

	if (binding_table_count(table) < table->max)
		return;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (table->list[order[i]].count == 0)
			continue;
		binding_table_remove(table, table->list[order[i]].oldest);
		table->evicted++;
		return;
	}
}

static struct binding *add(
	struct binding_table *table, const struct prefix *subnet, const struct machine *machine)
{
	struct binding *binding;

	evict_if_full(table);
	binding = calloc(1, sizeof(*binding));
	if (!binding || binding_set_machine(binding, machine) < 0) {
		free(binding);
		return NULL;
	}
	binding->subnet = *subnet;
	binding->state = BINDING_OFFERED;
	binding_index_add_machine(table, binding);
	list_add(list_of(table, binding), binding);
	return binding;
}

struct binding *binding_table_add_detached(
	struct binding_table *table, const struct prefix *subnet, const struct machine *machine)
{
	struct binding *binding = add(table, subnet, machine);

	if (binding)
		binding->is_detached = true;
	return binding;
}

struct binding *binding_table_get(struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct in6_addr *scope)
{
	struct binding *binding = binding_table_find(table, subnet, machine, scope);

	return binding ? binding : add(table, subnet, machine);
}

unsigned binding_table_declined(const struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine)
{
	struct binding *binding = NULL;
	unsigned count = 0;

	while ((binding = binding_index_next(table, subnet, machine, binding)))
		count += binding->is_detached;
	return count;
}

/* If the machine may register no more, its registration that expires first is removed. */
static void limit_registered(
	struct binding_table *table, const struct prefix *subnet, const struct machine *machine)
{
	struct binding *binding = NULL, *first = NULL;
	unsigned count = 0;

	while ((binding = binding_index_next(table, subnet, machine, binding))) {
		if (binding->state != BINDING_REGISTERED)
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
		prefix_equal(&binding->subnet, subnet) && binding_is_of(binding, machine))
		return binding;
	limit_registered(table, subnet, machine);
	if (table->list[REGISTERED].count >= table->max / 4) {
		binding_table_remove(table, table->list[REGISTERED].oldest);
		table->evicted++;
	}
	binding = add(table, subnet, machine);
	if (!binding)
		return NULL;
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
	binding_index_add_address(table, binding, address);
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

/* An expired lease keeps its address for its machine until another machine needs it. */
static void expire_lease(struct binding_table *table, struct binding *binding, uint64_t now_ms)
{
	binding_table_set_lease(table, binding, false);
	binding_table_set_state(table, binding, BINDING_EXPIRED, now_ms, 0);
}

/*
 * Bindings that change meanwhile move to the end of a list, and list_take() moves `unchecked` on,
 * so it never points to a removed binding.
 */
static void expire_list(
	struct binding_table *table, struct binding_list *list, uint64_t now_ms, size_t max)
{
	if (!list->unchecked)
		list->unchecked = list->oldest;
	for (; list->unchecked && max > 0; max--) {
		struct binding *binding = list->unchecked;

		list->unchecked = binding->newer;
		if (binding->expires_ms > now_ms)
			continue;
		if (binding->is_lease && !binding->is_detached)
			expire_lease(table, binding, now_ms);
		else
			binding_table_remove(table, binding);
	}
}

void binding_table_expire_some(struct binding_table *table, uint64_t now_ms, size_t max)
{
	static const int list[] = {OFFERED, OTHERS, LEASES, REGISTERED};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		expire_list(table, &table->list[list[i]], now_ms, max);
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

int binding_table_keep_transactions(struct binding_table *table)
{
	struct binding *binding = NULL;
	int rc;

	if (table->transactions.is_kept)
		return 0;
	rc = transaction_table_init(&table->transactions, table->max);
	while (rc == 0 && (binding = binding_table_next(table, binding)))
		transaction_record(&table->transactions, binding, NULL, NULL, binding->since_ms);
	return rc;
}
