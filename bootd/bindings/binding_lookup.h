/* SPDX-License-Identifier: ISC */
/*
 * Private to the table of bindings: how they are found, by subnet and machine and by address.
 * binding_table.c says which are to be found; the searches that everybody may make are
 * in binding_table.h.
 */
#ifndef NB6_BOOTD_BINDINGS_BINDING_LOOKUP_H
#define NB6_BOOTD_BINDINGS_BINDING_LOOKUP_H

#include "bootd/bindings/binding_table.h"

/* The chain, by next_by_machine, that all of the machine's are in, and others; never NULL. */
struct binding **binding_machine_slot(const struct binding_table *table,
	const struct prefix *subnet, const struct machine *machine);
/* Is it one of the machine's there? */
bool binding_is_of_subnet(
	const struct binding *binding, const struct prefix *subnet, const struct machine *machine);

/* From now on its machine finds it, which it did not; or no more, which it did. */
void binding_know_machine(struct binding_table *table, struct binding *binding);
void binding_forget_machine(struct binding_table *table, struct binding *binding);

/* It had no address, and nobody had this one; and it had one, and has none any more. */
void binding_know_address(
	struct binding_table *table, struct binding *binding, const struct in6_addr *address);
void binding_forget_address(struct binding_table *table, struct binding *binding);

#endif
