/* SPDX-License-Identifier: ISC */
/* Bits beyond the last place of a level are set forever, so that no search finds them. */
#include "bootd/bindings/free_map.h"

#include <errno.h>
#include <stdlib.h>

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
