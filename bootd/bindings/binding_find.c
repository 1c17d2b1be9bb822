/* SPDX-License-Identifier: ISC */
/*
 * Finds bindings by (subnet, machine) and by address, in two hash tables. They are made for as many
 * bindings as there may be and never grow, so a binding stays in its slot while it keeps its
 * address. The life of a binding is in binding_table.c, which decides when it is in which table.
 */
#include "bootd/bindings/binding_table.h"

int binding_index_init(struct binding_table *table)
{
	int rc = hash_table_init(&table->machines, table->max);

	return rc < 0 ? rc : hash_table_init(&table->addresses, table->max);
}

void binding_index_fini(struct binding_table *table)
{
	hash_table_fini(&table->machines);
	hash_table_fini(&table->addresses);
}

static uint64_t hash_of(const struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine)
{
	struct siphash hash = siphash_begin(&table->machines.key);

	siphash_add(&hash, &subnet->address, sizeof(subnet->address));
	siphash_add(&hash, machine->octets, machine->len);
	return siphash_end(&hash);
}

void binding_index_add_machine(struct binding_table *table, struct binding *binding)
{
	struct machine machine = binding_machine(binding);

	hash_table_insert(
		&table->machines, &binding->by_machine, hash_of(table, &binding->subnet, &machine));
}

void binding_index_remove_machine(struct binding_table *table, struct binding *binding)
{
	hash_table_remove(&table->machines, &binding->by_machine);
}

void binding_index_add_address(
	struct binding_table *table, struct binding *binding, const struct in6_addr *address)
{
	binding->address = *address;
	binding->has_address = true;
	hash_table_insert(&table->addresses, &binding->by_address,
		hash_table_hash(&table->addresses, address, sizeof(*address)));
}

void binding_index_remove_address(struct binding_table *table, struct binding *binding)
{
	hash_table_remove(&table->addresses, &binding->by_address);
	binding->has_address = false;
}

struct binding *binding_index_next(const struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct binding *after)
{
	uint64_t hash = after ? after->by_machine.hash : hash_of(table, subnet, machine);
	struct hash_node *node = after ? hash_node_with(after->by_machine.next, hash)
				       : hash_table_first(&table->machines, hash);

	for (; node; node = hash_node_with(node->next, hash)) {
		struct binding *binding = hash_entry(node, struct binding, by_machine);

		if (prefix_equal(&binding->subnet, subnet) && binding_is_of(binding, machine))
			return binding;
	}
	return NULL;
}

struct binding *binding_table_find_address(
	const struct binding_table *table, const struct in6_addr *address)
{
	uint64_t hash = hash_table_hash(&table->addresses, address, sizeof(*address));
	struct hash_node *node;

	hash_table_each(node, &table->addresses, hash)
	{
		struct binding *binding = hash_entry(node, struct binding, by_address);

		if (IN6_ARE_ADDR_EQUAL(&binding->address, address))
			return binding;
	}
	return NULL;
}

struct binding *binding_table_in_slot(
	const struct binding_table *table, size_t slot, const struct binding *after)
{
	struct hash_node *node =
		after ? after->by_address.next : hash_table_in_slot(&table->addresses, slot);

	return node ? hash_entry(node, struct binding, by_address) : NULL;
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
	struct binding *binding = NULL, *empty = NULL;

	while ((binding = binding_index_next(table, subnet, machine, binding))) {
		if (binding->state == BINDING_REGISTERED || binding->is_detached)
			continue;
		if (!scope || (binding->has_address && is_in_scope(table, binding, scope)))
			return binding;
		if (!binding->has_address)
			empty = binding;
	}
	return empty;
}

const struct binding *binding_table_next_of(const struct binding_table *table,
	const struct prefix *subnet, const struct machine *machine, const struct binding *after)
{
	return binding_index_next(table, subnet, machine, after);
}

size_t binding_table_slots(const struct binding_table *table)
{
	return table->addresses.slots;
}
