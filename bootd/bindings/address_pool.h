/* SPDX-License-Identifier: ISC */
/*
 * The pools of the configuration, and which of their addresses are free. The binding table keeps
 * them current with address_pools_mark(). Each address has up to three marks:
 *
 *	excluded  a host section names it, or RFC 5453 reserves its identifier
 *	held      a lease has it, or it was declined: no other machine gets it
 *	known     it is held or offered, or its lease expired and the machine may return:
 *	          other machines get it only when no unknown address is free
 *
 * The search for a free address begins at a number computed from the machine, so a machine
 * usually gets the same address again even if its binding was removed.
 */
#ifndef NB6_BOOTD_BINDINGS_ADDRESS_POOL_H
#define NB6_BOOTD_BINDINGS_ADDRESS_POOL_H

#include "bootd/bindings/free_map.h"
#include "bootd/rules/boot_config.h"

struct address_pool {
	struct in6_addr low;
	uint32_t size, excluded; /* addresses; how many of them are excluded */
	uint64_t *is_excluded;   /* a bit per address */
	struct free_map held, known;
};

struct address_pools {
	struct address_pool *pool; /* sorted by `low` */
	size_t pools;
};

/* The pools of all subnets, all addresses free. Returns 0 or -ENOMEM. */
int address_pools_init(struct address_pools *pools, const struct boot_config *config);
void address_pools_fini(struct address_pools *pools); /* a zeroed one is fine */

/* The pool that the address is in, or NULL. */
struct address_pool *address_pools_find(
	const struct address_pools *pools, const struct in6_addr *address);

/* Exclude the address: a host section names it. */
void address_pools_reserve(struct address_pools *pools, const struct in6_addr *address);

/* Set the marks of an address; does nothing if it is in no pool. */
void address_pools_mark(
	struct address_pools *pools, const struct in6_addr *address, bool known, bool held);

/* A free address, searched from number `hint` on; an unknown one if there is any. */
bool address_pool_choose(const struct address_pool *pool, uint32_t hint, struct in6_addr *address);

#endif
