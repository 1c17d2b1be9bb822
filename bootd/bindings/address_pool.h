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

#include "bootd/rules/boot_config.h"

/* --- free maps ----------------------------------------------------------------------- */

/*
 * Which of n numbered places are taken, with a search for the next free one that takes the same
 * time however full the map is. It is a bitmap in levels: 64 places are a word of level 0, a full
 * word is a set bit of level 1, and so on; 16 million places need four levels.
 */
enum { FREE_MAP_LEVELS = 4, FREE_MAP_MAX = 1 << 24, FREE_MAP_NONE = -1 };

struct free_map {
	uint32_t places, taken;
	unsigned levels;
	uint64_t *word[FREE_MAP_LEVELS]; /* level 0: a bit per place, set if it is taken */
	uint32_t words[FREE_MAP_LEVELS];
};

/* 1 to FREE_MAP_MAX places, all free. Returns 0 or -ENOMEM. */
int free_map_init(struct free_map *map, uint32_t places);
void free_map_fini(struct free_map *map); /* a zeroed one is fine */

bool free_map_is_taken(const struct free_map *map, uint32_t place);
void free_map_set(struct free_map *map, uint32_t place, bool taken);

/* The first free place at or after `from`, then from 0 on; FREE_MAP_NONE if none is free. */
int32_t free_map_find(const struct free_map *map, uint32_t from);

/* --- pools --------------------------------------------------------------------------- */

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
