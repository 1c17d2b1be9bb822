/* SPDX-License-Identifier: ISC */
/*
 * The pools of the configuration and which of their addresses are to be had: a view of the
 * binding table, which keeps it current (address_pools_mark).
 *
 *	never   the own addresses of hosts, the identifiers that RFC 5453 reserves
 *	held    by a lease, or resting after a Decline: nobody else gets it
 *	known   held, or offered, or had by a machine that may come back: the last
 *	        to be given to another
 *
 * Where the search for a free one begins is computed from the machine, so that it mostly gets
 * the same address again even where it has been forgotten.
 */
#ifndef NB6_BOOTD_BINDINGS_ADDRESS_POOL_H
#define NB6_BOOTD_BINDINGS_ADDRESS_POOL_H

#include "bootd/bindings/free_map.h"
#include "bootd/rules/boot_config.h"

struct address_pool {
	struct in6_addr low;
	uint32_t size, never; /* addresses, and how many of them no machine can have */
	uint64_t *is_never;   /* a bit per address */
	struct free_map held, known;
};

struct address_pools {
	struct address_pool *pool; /* sorted by `low` */
	size_t pools;
};

/* Of all subnets with a pool, with nothing held. Returns 0 or -ENOMEM. */
int address_pools_init(struct address_pools *pools, const struct boot_config *config);
void address_pools_fini(struct address_pools *pools); /* a zeroed one is fine */

/* The pool that the address is in, or NULL. */
struct address_pool *address_pools_find(
	const struct address_pools *pools, const struct in6_addr *address);

/* No machine gets the address out of a pool any more: a host has it for its own. */
void address_pools_reserve(struct address_pools *pools, const struct in6_addr *address);

/* What the binding table says of an address, in a pool or not. */
void address_pools_mark(
	struct address_pools *pools, const struct in6_addr *address, bool known, bool held);

/* May this machine have it: neither held nor never? */
bool address_pool_has_free(const struct address_pool *pool, const struct in6_addr *address);

/* A free address, from `hint` on; one that nobody had before one that is known. */
bool address_pool_choose(const struct address_pool *pool, uint32_t hint, struct in6_addr *address);

#endif
