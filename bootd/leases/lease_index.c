/* SPDX-License-Identifier: ISC */
/*
 * Open addressing with linear probing: 24 octets per place, where nodes of util/hash_table.h would
 * need 64 and an allocation. Removal moves later entries back, so that there are no tombstones.
 */
#include "bootd/leases/sqlite_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES_MIN = 4 };

void lease_index_init(struct lease_index *index)
{
	*index = (struct lease_index){0};
	siphash_key_random(&index->key);
}

void lease_index_fini(struct lease_index *index)
{
	for (size_t i = 0; i < LEASE_INDEX_SHARDS; i++)
		free(index->shard[i].place);
	*index = (struct lease_index){0};
}

static uint64_t hash_of(const struct lease_index *index, const struct in6_addr *address)
{
	return siphash(&index->key, address, sizeof(*address));
}

static size_t shard_number(uint64_t hash)
{
	return hash >> 32 & (LEASE_INDEX_SHARDS - 1);
}

/* The place of the address in its shard; if it is not there, the empty place for it. */
static struct lease_place *find(
	const struct lease_shard *shard, uint64_t hash, const struct in6_addr *address)
{
	uint32_t i = (uint32_t)hash & (shard->places - 1);

	while (shard->place[i].change && !IN6_ARE_ADDR_EQUAL(&shard->place[i].address, address))
		i = (i + 1) & (shard->places - 1);
	return &shard->place[i];
}

uint64_t lease_index_get(const struct lease_index *index, const struct in6_addr *address)
{
	uint64_t hash = hash_of(index, address);
	const struct lease_shard *shard = &index->shard[shard_number(hash)];

	return shard->places ? find(shard, hash, address)->change : 0;
}

static int grow(const struct lease_index *index, struct lease_shard *shard)
{
	struct lease_shard larger = {
		.places = shard->places ? shard->places * 2 : PLACES_MIN, .used = shard->used};

	larger.place = calloc(larger.places, sizeof(*larger.place));
	if (!larger.place)
		return -ENOMEM;
	for (uint32_t i = 0; i < shard->places; i++) {
		const struct lease_place *place = &shard->place[i];

		if (place->change)
			*find(&larger, hash_of(index, &place->address), &place->address) = *place;
	}
	free(shard->place);
	*shard = larger;
	return 0;
}

int lease_index_reserve(struct lease_index *index, const struct in6_addr *address, size_t among)
{
	struct lease_shard *shard = &index->shard[shard_number(hash_of(index, address))];

	while ((shard->used + among) * 4 > (size_t)shard->places * 3)
		if (grow(index, shard) < 0)
			return -ENOMEM;
	return 0;
}

void lease_index_set(struct lease_index *index, const struct in6_addr *address, uint64_t change)
{
	uint64_t hash = hash_of(index, address);
	struct lease_shard *shard = &index->shard[shard_number(hash)];
	struct lease_place *place = find(shard, hash, address);

	if (!place->change) {
		place->address = *address;
		shard->used++;
		index->count++;
	}
	place->change = change;
}

/* Later entries that this address had displaced from their home place move back. */
void lease_index_drop(struct lease_index *index, const struct in6_addr *address)
{
	uint64_t hash = hash_of(index, address);
	struct lease_shard *shard = &index->shard[shard_number(hash)];
	struct lease_place *gap = shard->places ? find(shard, hash, address) : NULL;
	uint32_t mask = shard->places - 1;

	if (!gap || !gap->change)
		return;
	for (uint32_t i = ((uint32_t)(gap - shard->place) + 1) & mask; shard->place[i].change;
		i = (i + 1) & mask) {
		uint32_t at = (uint32_t)(gap - shard->place);
		uint32_t home = (uint32_t)hash_of(index, &shard->place[i].address) & mask;

		if (((i - home) & mask) < ((i - at) & mask))
			continue;
		*gap = shard->place[i];
		gap = &shard->place[i];
	}
	*gap = (struct lease_place){0};
	shard->used--;
	index->count--;
}
