/* SPDX-License-Identifier: ISC */
/*
 * Private to the binding table: finds bindings by (subnet, machine) and by address. The table
 * decides which bindings are in the index: all by machine, those that have an address by address.
 */
#ifndef NB6_BOOTD_BINDINGS_BINDING_INDEX_H
#define NB6_BOOTD_BINDINGS_BINDING_INDEX_H

#include "bootd/bindings/binding.h"
#include "util/hash_table.h"

struct binding_index {
	struct hash_table machines, addresses;
};

/* For `max` bindings at most. Returns 0 or -ENOMEM. */
int binding_index_init(struct binding_index *index, size_t max);
void binding_index_fini(struct binding_index *index);

void binding_index_add_machine(struct binding_index *index, struct binding *binding);
void binding_index_remove_machine(struct binding_index *index, struct binding *binding);

/* Sets or removes its address, too. No other binding may have the address. */
void binding_index_add_address(
	struct binding_index *index, struct binding *binding, const struct in6_addr *address);
void binding_index_remove_address(struct binding_index *index, struct binding *binding);

/* Walks the bindings of a machine in a subnet: NULL begins, NULL ends. */
struct binding *binding_index_next(const struct binding_index *index, const struct prefix *subnet,
	const struct machine *machine, const struct binding *after);
struct binding *binding_index_find(
	const struct binding_index *index, const struct in6_addr *address);

/* Walks one slot of the addresses, see binding_table_in_slot(). */
struct binding *binding_index_in_slot(
	const struct binding_index *index, size_t slot, const struct binding *after);

#endif
