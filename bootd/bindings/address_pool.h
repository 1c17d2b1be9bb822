/* SPDX-License-Identifier: ISC */
/*
 * The pools of the configuration, and which of their addresses are free. The binding table keeps
 * them current with address_pools_mark(). Each address is one of:
 *
 *	excluded    a host section names it, or RFC 5453 reserves its identifier
 *	held        a lease has it, or it was declined: no other machine gets it
 *	registered  a machine has registered it (RFC 9686): others get it only when no other
 *	            address is free, because anybody on the link can register anything
 *	known       it is offered, or its lease expired and the machine may return: others get
 *	            it only when no unused address is free
 *
 * The search for a free address begins at a number computed from the machine, so a machine
 * usually gets the same address again even if its binding was removed.
 */
#ifndef NB6_BOOTD_BINDINGS_ADDRESS_POOL_H
#define NB6_BOOTD_BINDINGS_ADDRESS_POOL_H

#include "bootd/bindings/free_map.h"
#include "bootd/rules/boot_config.h"

enum address_use { ADDRESS_UNUSED, ADDRESS_KNOWN, ADDRESS_REGISTERED, ADDRESS_HELD };

struct address_pool {
	struct in6_addr low;
	uint32_t size, excluded; /* addresses; how many of them are excluded */
	uint64_t *is_excluded;   /* a bit per address */
	/* Each contains the ones before. */
	struct free_map held, registered, known;
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

/* The pool of the plan; NULL: the plan has none. */
struct address_pool *address_pools_of_plan(
	const struct address_pools *pools, const struct address_plan *plan);

/* Addresses that machines can have, and that they have or had declined; the rest is free. */
uint32_t address_pool_size(const struct address_pool *pool);
uint32_t address_pool_used(const struct address_pool *pool);

/* Exclude the address: a host section names it. */
void address_pools_reserve(struct address_pools *pools, const struct in6_addr *address);

/* Does nothing if the address is in no pool. */
void address_pools_mark(
	struct address_pools *pools, const struct in6_addr *address, enum address_use use);

/* A free address, searched from number `hint` on: unused, else known, else registered. */
bool address_pool_choose(const struct address_pool *pool, uint32_t hint, struct in6_addr *address);

#endif
