/* SPDX-License-Identifier: ISC */
/*
 * Chooses the address that a machine gets on a subnet, in this order:
 *
 *	1. the address of its host section, if it is inside the subnet
 *	2. the address that it already has
 *	3. its stable address, with the lowest counter that is free; or in a subnet with a
 *	   pool, a free address of the pool
 *
 * Changes nothing, so `netboot6 boot explain` calls it too.
 */
#ifndef NB6_BOOTD_BINDINGS_ADDRESS_CHOICE_H
#define NB6_BOOTD_BINDINGS_ADDRESS_CHOICE_H

#include "bootd/bindings/binding_table.h"
#include "bootd/rules/boot_config.h"

struct address_choice {
	bool given;
	bool is_fixed;
	bool is_lease; /* of a pool: promise no more than the store has */
	struct in6_addr address;
	uint32_t counter; /* of stable_address() */
	/* T1 <= T2 <= preferred <= valid, none of them 0: some firmware hangs otherwise. */
	uint32_t t1_s, t2_s, preferred_s, valid_s;
	const struct in6_addr *scope; /* for binding_table_find() */
	/* Another machine's binding, for which the host's own address is not given; or NULL.
	   Borrowed. */
	const struct binding *holder;
	const char *why; /* "fixed for the host", "held", "stable", "from the pool"; or the reason
			    why no address is given */
};

/*
 * plan     one of the subnet's plans
 * host     may be NULL
 * named    the address that the client names, or NULL. If it is a stable address of the machine,
 *          the client got it from a server with the same key, maybe after Declines that this
 *          one does not know of: it is the machine's own.
 * booting  the client sent an architecture (option 61): its lifetime is short
 */
void address_choose(struct address_choice *choice, const struct boot_config *config,
	const struct binding_table *bindings, const struct subnet *subnet,
	const struct address_plan *plan, const struct boot_host *host,
	const struct machine *machine, const struct in6_addr *named, bool booting, uint64_t now_ms);

/* Shorten the lifetimes to `max_s` seconds; 0: give no address. */
void address_limit(struct address_choice *choice, uint32_t max_s);

#endif
