/* SPDX-License-Identifier: ISC */
/*
 * Private to the binding table: the two hash tables that find bindings by (subnet, machine) and by
 * address. binding_table.c decides which bindings are in them; the public searches are in
 * binding_table.h.
 */
#ifndef NB6_BOOTD_BINDINGS_BINDING_LOOKUP_H
#define NB6_BOOTD_BINDINGS_BINDING_LOOKUP_H

#include "bootd/bindings/binding_table.h"

/* The hash chain (next_by_machine) of this machine's bindings; others may be in it too. */
struct binding **binding_machine_slot(const struct binding_table *table,
	const struct prefix *subnet, const struct machine *machine);
/* Does it belong to this machine and subnet? */
bool binding_is_of_subnet(
	const struct binding *binding, const struct prefix *subnet, const struct machine *machine);

/* Adds a detached binding to its machine's chain; removes one that is in it. */
void binding_attach_machine(struct binding_table *table, struct binding *binding);
void binding_detach_machine(struct binding_table *table, struct binding *binding);

/* Sets an address that no binding has; removes the address that it has. */
void binding_attach_address(
	struct binding_table *table, struct binding *binding, const struct in6_addr *address);
void binding_detach_address(struct binding_table *table, struct binding *binding);

#endif
