/* SPDX-License-Identifier: ISC */
/*
 * A pool is a range of addresses, numbered from 0 for the lowest. A free map per mark finds the
 * next free number at once, however full the pool is. Pools are sorted by their lowest address, so
 * that binary search finds the pool of an address.
 *
 * Invariant of a pool: a number that is held is also registered and known, and one that is
 * registered is also known. So the free numbers of `known` are the unused addresses, those of
 * `registered` also include the known ones, and those of `held` all that a machine can get.
 */
#include "bootd/bindings/address_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/bindings/stable_address.h"

/* --- free maps ----------------------------------------------------------------------- */

/* Bits past the last place of a level are always set, so that no search finds them. */
enum { BITS = 64 };

static const uint64_t full = UINT64_MAX;

static int add_level(struct free_map *map, uint32_t bits)
{
	uint32_t words = (bits + BITS - 1) / BITS;
	uint64_t *word = calloc(words, sizeof(*word));

	if (!word)
		return -ENOMEM;
	if (bits % BITS)
		word[words - 1] = full << bits % BITS;
	map->word[map->levels] = word;
	map->words[map->levels++] = words;
	return 0;
}

int free_map_init(struct free_map *map, uint32_t places)
{
	uint32_t bits = places;

	*map = (struct free_map){.places = places};
	do {
		if (add_level(map, bits) < 0) {
			free_map_fini(map);
			return -ENOMEM;
		}
		bits = map->words[map->levels - 1];
	} while (bits > 1);
	return 0;
}

void free_map_fini(struct free_map *map)
{
	for (unsigned i = 0; i < map->levels; i++)
		free(map->word[i]);
	*map = (struct free_map){0};
}

bool free_map_is_taken(const struct free_map *map, uint32_t place)
{
	return map->word[0][place / BITS] >> place % BITS & 1;
}

void free_map_set(struct free_map *map, uint32_t place, bool taken)
{
	if (free_map_is_taken(map, place) == taken)
		return;
	map->taken += taken ? 1 : -1u;
	for (unsigned i = 0; i < map->levels; i++) {
		uint64_t *word = &map->word[i][place / BITS], bit = 1ull << place % BITS;
		bool was_full = *word == full;

		*word = taken ? *word | bit : *word & ~bit;
		if (was_full == (*word == full))
			return;
		place /= BITS;
	}
}

/* Go up while no bit to the right is free, then down along the lowest free bits. */
static int32_t find_from(const struct free_map *map, uint32_t from)
{
	for (unsigned i = 0; i < map->levels; i++) {
		uint64_t is_free;

		if (from / BITS >= map->words[i])
			return FREE_MAP_NONE;
		is_free = ~map->word[i][from / BITS] & full << from % BITS;
		if (!is_free) {
			from = from / BITS + 1;
			continue;
		}
		from = from / BITS * BITS + (uint32_t)__builtin_ctzll(is_free);
		while (i-- > 0)
			from = from * BITS + (uint32_t)__builtin_ctzll(~map->word[i][from]);
		return (int32_t)from;
	}
	return FREE_MAP_NONE;
}

int32_t free_map_find(const struct free_map *map, uint32_t from)
{
	int32_t place = find_from(map, from);

	return place == FREE_MAP_NONE ? find_from(map, 0) : place;
}

/* --- one pool ------------------------------------------------------------------------ */

/* The number of the address; `size` if it is outside the pool. */
static uint32_t number_of(const struct address_pool *pool, const struct in6_addr *address)
{
	uint32_t distance = address_distance(&pool->low, address);

	return distance < pool->size ? distance : pool->size;
}

static bool is_excluded(const struct address_pool *pool, uint32_t number)
{
	return pool->is_excluded[number / 64] >> number % 64 & 1;
}

static void set_use(struct address_pool *pool, uint32_t number, enum address_use use)
{
	free_map_set(&pool->held, number, use >= ADDRESS_HELD);
	free_map_set(&pool->registered, number, use >= ADDRESS_REGISTERED);
	free_map_set(&pool->known, number, use >= ADDRESS_KNOWN);
}

static void exclude(struct address_pool *pool, uint32_t number)
{
	if (is_excluded(pool, number))
		return;
	pool->is_excluded[number / 64] |= 1ull << number % 64;
	pool->excluded++;
	set_use(pool, number, ADDRESS_HELD);
}

/* The addresses of the pool from `first` to `last`, which are in one /64 with it or not. */
static void exclude_range(
	struct address_pool *pool, const struct in6_addr *first, const struct in6_addr *last)
{
	struct in6_addr end = address_after(&pool->low, pool->size - 1);
	uint32_t from = 0, to = pool->size - 1;

	if (memcmp(last, &pool->low, sizeof(*last)) < 0 || memcmp(first, &end, sizeof(end)) > 0)
		return;
	if (memcmp(first, &pool->low, sizeof(*first)) > 0)
		from = address_distance(&pool->low, first);
	if (memcmp(last, &end, sizeof(end)) < 0)
		to = address_distance(&pool->low, last);
	for (uint32_t i = from; i <= to; i++)
		exclude(pool, i);
}

/* In the first and the last /64 of the pool: a pool is smaller than a /64, so there is no third. */
static void set_reserved(struct address_pool *pool, const struct prefix *prefix)
{
	struct in6_addr of[2] = {pool->low, address_after(&pool->low, pool->size - 1)};
	struct in6_addr first, last;

	exclude_range(pool, &prefix->address, &prefix->address);
	for (size_t i = 0; i < 2; i++)
		for (size_t range = 0;
			stable_address_reserved_range(prefix, &of[i], range, &first, &last);
			range++)
			exclude_range(pool, &first, &last);
}

static int pool_init(
	struct address_pool *pool, const struct subnet *subnet, const struct address_plan *plan)
{
	pool->low = plan->pool_low;
	pool->size = plan->pool_size;
	pool->is_excluded = calloc(pool->size / 64 + 1, sizeof(*pool->is_excluded));
	if (!pool->is_excluded || free_map_init(&pool->held, pool->size) < 0 ||
		free_map_init(&pool->registered, pool->size) < 0 ||
		free_map_init(&pool->known, pool->size) < 0)
		return -ENOMEM;
	set_reserved(pool, &subnet->prefix);
	return 0;
}

/* --- all pools ----------------------------------------------------------------------- */

static int compare_pools(const void *a, const void *b)
{
	const struct address_pool *left = a, *right = b;

	return memcmp(&left->low, &right->low, sizeof(left->low));
}

static size_t count_pools(const struct boot_config *config)
{
	const struct address_plan *plan;
	size_t n = 0;

	for (size_t i = 0; i < config->subnets; i++)
		for (size_t k = 0; (plan = subnet_plan(&config->subnet[i], k)); k++)
			n += plan->addresses == SUBNET_POOL;
	return n;
}

static int init_pools_of(struct address_pools *pools, const struct subnet *subnet)
{
	const struct address_plan *plan;
	int rc = 0;

	for (size_t k = 0; rc == 0 && (plan = subnet_plan(subnet, k)); k++)
		if (plan->addresses == SUBNET_POOL)
			rc = pool_init(&pools->pool[pools->pools++], subnet, plan);
	return rc;
}

int address_pools_init(struct address_pools *pools, const struct boot_config *config)
{
	*pools = (struct address_pools){
		.pool = calloc(count_pools(config) + 1, sizeof(*pools->pool))};
	if (!pools->pool)
		return -ENOMEM;
	for (size_t i = 0; i < config->subnets; i++) {
		if (init_pools_of(pools, &config->subnet[i]) < 0) {
			address_pools_fini(pools);
			return -ENOMEM;
		}
	}
	qsort(pools->pool, pools->pools, sizeof(*pools->pool), compare_pools);
	for (size_t i = 0; i < boot_config_hosts(config); i++) {
		const struct boot_host *host = boot_config_host(config, i);

		if (host->has_address)
			address_pools_reserve(pools, &host->address);
	}
	return 0;
}

void address_pools_fini(struct address_pools *pools)
{
	for (size_t i = 0; i < pools->pools; i++) {
		free(pools->pool[i].is_excluded);
		free_map_fini(&pools->pool[i].held);
		free_map_fini(&pools->pool[i].registered);
		free_map_fini(&pools->pool[i].known);
	}
	free(pools->pool);
	*pools = (struct address_pools){0};
}

struct address_pool *address_pools_find(
	const struct address_pools *pools, const struct in6_addr *address)
{
	size_t from = 0, to = pools->pools;

	/* The last pool whose lowest address is not above it. */
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (memcmp(&pools->pool[middle].low, address, sizeof(*address)) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == 0 || number_of(&pools->pool[from - 1], address) == pools->pool[from - 1].size)
		return NULL;
	return &pools->pool[from - 1];
}

struct address_pool *address_pools_of_plan(
	const struct address_pools *pools, const struct address_plan *plan)
{
	return plan->addresses == SUBNET_POOL ? address_pools_find(pools, &plan->pool_low) : NULL;
}

void address_pools_reserve(struct address_pools *pools, const struct in6_addr *address)
{
	struct address_pool *pool = address_pools_find(pools, address);

	if (pool)
		exclude(pool, number_of(pool, address));
}

void address_pools_mark(
	struct address_pools *pools, const struct in6_addr *address, enum address_use use)
{
	struct address_pool *pool = address_pools_find(pools, address);
	uint32_t number = pool ? number_of(pool, address) : 0;

	if (!pool || is_excluded(pool, number))
		return;
	set_use(pool, number, use);
}

bool address_pool_choose(const struct address_pool *pool, uint32_t hint, struct in6_addr *address)
{
	int32_t number = free_map_find(&pool->known, hint % pool->size);

	if (number == FREE_MAP_NONE)
		number = free_map_find(&pool->registered, hint % pool->size);
	if (number == FREE_MAP_NONE)
		number = free_map_find(&pool->held, hint % pool->size);
	if (number == FREE_MAP_NONE)
		return false;
	*address = address_after(&pool->low, (uint32_t)number);
	return true;
}

uint32_t address_pool_size(const struct address_pool *pool)
{
	return pool->size - pool->excluded;
}

/* Excluded addresses are marked as held, so that nobody gets them. */
uint32_t address_pool_used(const struct address_pool *pool)
{
	return pool->held.taken - pool->excluded;
}
