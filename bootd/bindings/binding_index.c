/* SPDX-License-Identifier: ISC */
/* Two hash tables for as many bindings as there may be: they never grow, so slots are stable. */
#include "bootd/bindings/binding_index.h"

int binding_index_init(struct binding_index *index, size_t max)
{
	int rc = hash_table_init(&index->machines, max);

	return rc < 0 ? rc : hash_table_init(&index->addresses, max);
}

void binding_index_fini(struct binding_index *index)
{
	hash_table_fini(&index->machines);
	hash_table_fini(&index->addresses);
}

static uint64_t hash_of(const struct binding_index *index, const struct prefix *subnet,
	const struct machine *machine)
{
	struct siphash hash = siphash_begin(&index->machines.key);

	siphash_add(&hash, &subnet->address, sizeof(subnet->address));
	siphash_add(&hash, machine->octets, machine->len);
	return siphash_end(&hash);
}

void binding_index_add_machine(struct binding_index *index, struct binding *binding)
{
	struct machine machine = binding_machine(binding);

	hash_table_insert(
		&index->machines, &binding->by_machine, hash_of(index, &binding->subnet, &machine));
}

void binding_index_remove_machine(struct binding_index *index, struct binding *binding)
{
	hash_table_remove(&index->machines, &binding->by_machine);
}

void binding_index_add_address(
	struct binding_index *index, struct binding *binding, const struct in6_addr *address)
{
	binding->address = *address;
	binding->has_address = true;
	hash_table_insert(&index->addresses, &binding->by_address,
		hash_table_hash(&index->addresses, address, sizeof(*address)));
}

void binding_index_remove_address(struct binding_index *index, struct binding *binding)
{
	hash_table_remove(&index->addresses, &binding->by_address);
	binding->has_address = false;
}

struct binding *binding_index_next(const struct binding_index *index, const struct prefix *subnet,
	const struct machine *machine, const struct binding *after)
{
	uint64_t hash = after ? after->by_machine.hash : hash_of(index, subnet, machine);
	struct hash_node *node = after ? hash_node_with(after->by_machine.next, hash)
				       : hash_table_first(&index->machines, hash);

	for (; node; node = hash_node_with(node->next, hash)) {
		struct binding *binding = hash_entry(node, struct binding, by_machine);

		if (prefix_equal(&binding->subnet, subnet) && binding_is_of(binding, machine))
			return binding;
	}
	return NULL;
}

struct binding *binding_index_find(
	const struct binding_index *index, const struct in6_addr *address)
{
	uint64_t hash = hash_table_hash(&index->addresses, address, sizeof(*address));
	struct hash_node *node;

	hash_table_each(node, &index->addresses, hash)
	{
		struct binding *binding = hash_entry(node, struct binding, by_address);

		if (IN6_ARE_ADDR_EQUAL(&binding->address, address))
			return binding;
	}
	return NULL;
}

struct binding *binding_index_in_slot(
	const struct binding_index *index, size_t slot, const struct binding *after)
{
	struct hash_node *node =
		after ? after->by_address.next : hash_table_in_slot(&index->addresses, slot);

	return node ? hash_entry(node, struct binding, by_address) : NULL;
}
