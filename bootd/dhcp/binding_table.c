/* SPDX-License-Identifier: ISC */
/*
 * Bindings in two chained hash tables and two lists (offered, and all others),
 * each list in order of the last change of state.
 */
#include "bootd/dhcp/binding_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

int binding_table_init(struct binding_table *table, size_t most)
{
	*table = (struct binding_table){.most = most ? most : BINDINGS_MAX, .slots = 16};
	while (table->slots < table->most)
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
	free(table->by_machine);
	free(table->by_address);
	*table = (struct binding_table){0};
}

size_t binding_table_count(const struct binding_table *table)
{
	return table->offered.count + table->others.count;
}

static struct binding **machine_slot(const struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine)
{
	uint64_t seed = machine_hash_octets(&subnet->address, sizeof(subnet->address), table->seed);

	return &table->by_machine[machine_hash_octets(machine->octets, machine->len, seed) &
				  (table->slots - 1)];
}

static struct binding **address_slot(
	const struct binding_table *table, const struct in6_addr *address)
{
	return &table->by_address[machine_hash_octets(address, sizeof(*address), table->seed) &
				  (table->slots - 1)];
}

struct binding *binding_table_find(const struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine)
{
	struct binding *binding = *machine_slot(table, subnet, machine);

	while (binding && !(prefix_equal(&binding->subnet, subnet) &&
				  machine_equal(&binding->machine, machine)))
		binding = binding->next_by_machine;
	return binding;
}

struct binding *binding_table_find_address(
	const struct binding_table *table, const struct in6_addr *address)
{
	struct binding *binding = *address_slot(table, address);

	while (binding && !IN6_ARE_ADDR_EQUAL(&binding->address, address))
		binding = binding->next_by_address;
	return binding;
}

static struct binding_list *list_of(struct binding_table *table, enum binding_state state)
{
	return state == BINDING_OFFERED ? &table->offered : &table->others;
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
	*(binding->newer ? &binding->newer->older : &list->newest) = binding->older;
	*(binding->older ? &binding->older->newer : &list->oldest) = binding->newer;
	list->count--;
}

void binding_table_drop_address(struct binding_table *table, struct binding *binding)
{
	struct binding **place;

	if (!binding->has_address)
		return;
	place = address_slot(table, &binding->address);
	while (*place != binding)
		place = &(*place)->next_by_address;
	*place = binding->next_by_address;
	binding->has_address = false;
}

void binding_table_remove(struct binding_table *table, struct binding *binding)
{
	struct binding **place = machine_slot(table, &binding->subnet, &binding->machine);

	while (*place != binding)
		place = &(*place)->next_by_machine;
	*place = binding->next_by_machine;
	binding_table_drop_address(table, binding);
	list_take(list_of(table, binding->state), binding);
	free(binding);
}

static void make_room(struct binding_table *table)
{
	if (binding_table_count(table) < table->most)
		return;
	binding_table_remove(
		table, table->offered.oldest ? table->offered.oldest : table->others.oldest);
	table->evicted++;
}

struct binding *binding_table_get(
	struct binding_table *table, const struct prefix *subnet, const struct machine *machine)
{
	struct binding *binding = binding_table_find(table, subnet, machine);
	struct binding **slot;

	if (binding)
		return binding;
	make_room(table);
	binding = calloc(1, sizeof(*binding));
	if (!binding)
		return NULL;
	binding->subnet = *subnet;
	binding->machine = *machine;
	binding->state = BINDING_OFFERED;
	slot = machine_slot(table, subnet, machine);
	binding->next_by_machine = *slot;
	*slot = binding;
	list_add(&table->offered, binding);
	return binding;
}

void binding_table_set_address(struct binding_table *table, struct binding *binding,
	const struct in6_addr *address, bool is_fixed)
{
	struct binding *holder = binding_table_find_address(table, address);
	struct binding **slot;

	binding->is_fixed = is_fixed;
	if (holder == binding)
		return;
	if (holder)
		binding_table_drop_address(table, holder);
	binding_table_drop_address(table, binding);
	slot = address_slot(table, address);
	binding->address = *address;
	binding->has_address = true;
	binding->next_by_address = *slot;
	*slot = binding;
}

void binding_table_set_state(struct binding_table *table, struct binding *binding,
	enum binding_state state, uint64_t now_ms, uint64_t for_s)
{
	list_take(list_of(table, binding->state), binding);
	if (binding->state != state || binding->since_ms == 0)
		binding->since_ms = now_ms;
	binding->state = state;
	binding->expires_ms = now_ms + for_s * 1000;
	list_add(list_of(table, state), binding);
}

static void expire_list(struct binding_table *table, struct binding_list *list, uint64_t now_ms)
{
	struct binding *binding = list->oldest;

	while (binding) {
		struct binding *newer = binding->newer;

		if (binding->expires_ms <= now_ms)
			binding_table_remove(table, binding);
		binding = newer;
	}
}

void binding_table_expire(struct binding_table *table, uint64_t now_ms)
{
	expire_list(table, &table->offered, now_ms);
	expire_list(table, &table->others, now_ms);
}

struct binding *binding_table_next(const struct binding_table *table, const struct binding *after)
{
	if (!after)
		return table->others.newest ? table->others.newest : table->offered.newest;
	if (after->older)
		return after->older;
	return after->state == BINDING_OFFERED ? NULL : table->offered.newest;
}

const char *binding_state_name(enum binding_state state)
{
	static const char *const name[] = {
		[BINDING_OFFERED] = "offered",
		[BINDING_BOUND] = "bound",
		[BINDING_RELEASED] = "released",
		[BINDING_DECLINED] = "declined",
	};

	return name[state];
}
