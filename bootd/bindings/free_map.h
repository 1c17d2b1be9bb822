/* SPDX-License-Identifier: ISC */
/*
 * Which of n numbered places are taken, with a search for the next free one that takes the same
 * time however full the map is. A bitmap in levels: 64 places are a word of level 0, a full word
 * is a set bit of level 1, and so on; 16 million places need four levels.
 */
#ifndef NB6_BOOTD_BINDINGS_FREE_MAP_H
#define NB6_BOOTD_BINDINGS_FREE_MAP_H

#include <stdbool.h>
#include <stdint.h>

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

#endif
