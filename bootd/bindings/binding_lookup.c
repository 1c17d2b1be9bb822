/* SPDX-License-Identifier: ISC */
/*
 * Two chained hash tables. Every binding that is not detached is in the one by machine, every
 * binding that has an address is in the one by address.
 */
#include "bootd/bindings/binding_lookup.h"

struct binding **binding_machine_slot(const struct binding_table *table,
	const struct prefix *subnet, const struct machine *machine)
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

bool binding_is_of_subnet(
	const struct binding *binding, const struct prefix *subnet, const struct machine *machine)
{
	return prefix_equal(&binding->subnet, subnet) && binding_is_of(binding, machine);
}

void binding_attach_machine(struct binding_table *table, struct binding *binding)
{
	struct machine machine = binding_machine(binding);
	struct binding **slot = binding_machine_slot(table, &binding->subnet, &machine);

	binding->is_detached = false;
	binding->next_by_machine = *slot;
	*slot = binding;
}

void binding_detach_machine(struct binding_table *table, struct binding *binding)
{
	struct machine machine = binding_machine(binding);
	struct binding **place = binding_machine_slot(table, &binding->subnet, &machine);

	while (*place != binding)
		place = &(*place)->next_by_machine;
	*place = binding->next_by_machine;
}

void binding_attach_address(
	struct binding_table *table, struct binding *binding, const struct in6_addr *address)
{
	struct binding **slot = address_slot(table, address);

	binding->address = *address;
	binding->has_address = true;
	binding->next_by_address = *slot;
	*slot = binding;
}

void binding_detach_address(struct binding_table *table, struct binding *binding)
{
	struct binding **place = address_slot(table, &binding->address);

	while (*place != binding)
		place = &(*place)->next_by_address;
	*place = binding->next_by_address;
	binding->has_address = false;
}

/* A host's own address belongs to no pool, even if it is inside one. */
static bool is_in_scope(const struct binding_table *table, const struct binding *binding,
	const struct in6_addr *scope)
{
	const struct address_pool *pool =
		binding->is_fixed ? NULL : address_pools_find(&table->pools, &binding->address);

	return pool == address_pools_find(&table->pools, scope);
}

struct binding *binding_table_find(const struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct in6_addr *scope)
{
	struct binding *binding = *binding_machine_slot(table, subnet, machine), *empty = NULL;

	for (; binding; binding = binding->next_by_machine) {
		if (binding->state == BINDING_REGISTERED ||
			!binding_is_of_subnet(binding, subnet, machine))
			continue;
		if (!scope || (binding->has_address && is_in_scope(table, binding, scope)))
			return binding;
		if (!binding->has_address)
			empty = binding;
	}
	return empty;
}

struct binding *binding_table_find_address(
	const struct binding_table *table, const struct in6_addr *address)
{
	struct binding *binding = *address_slot(table, address);

	while (binding && !IN6_ARE_ADDR_EQUAL(&binding->address, address))
		binding = binding->next_by_address;
	return binding;
}

const struct binding *binding_table_next_of(const struct binding_table *table,
	const struct prefix *subnet, const struct machine *machine, const struct binding *after)
{
	const struct binding *binding =
		after ? after->next_by_machine : *binding_machine_slot(table, subnet, machine);

	while (binding && !binding_is_of_subnet(binding, subnet, machine))
		binding = binding->next_by_machine;
	return binding;
}

size_t binding_table_slots(const struct binding_table *table)
{
	return table->slots;
}

struct binding *binding_table_in_slot(
	const struct binding_table *table, size_t slot, const struct binding *after)
{
	return after ? after->next_by_address : table->by_address[slot];
}
