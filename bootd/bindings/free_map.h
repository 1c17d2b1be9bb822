/* SPDX-License-Identifier: ISC */
/*
 * Which of n numbered places are taken, and the next free one at once: 64 places are a
 * word, 64 full words are a bit of the word above, and so on. A search goes up and down
 * those levels, four of them for 16 million places, however full it is.
 */
#ifndef NB6_BOOTD_BINDINGS_FREE_MAP_H
#define NB6_BOOTD_BINDINGS_FREE_MAP_H

#include <stdbool.h>
#include <stdint.h>

enum { FREE_MAP_LEVELS = 4, FREE_MAP_MOST = 1 << 24, FREE_MAP_NONE = -1 };

struct free_map {
	uint32_t places, taken;
	unsigned levels;
	uint64_t *word[FREE_MAP_LEVELS]; /* level 0: a bit per place, set where it is taken */
	uint32_t words[FREE_MAP_LEVELS];
};

/* 1 to FREE_MAP_MOST places, all free. Returns 0 or -ENOMEM. */
int free_map_init(struct free_map *map, uint32_t places);
void free_map_fini(struct free_map *map); /* a zeroed one is fine */

bool free_map_is_taken(const struct free_map *map, uint32_t place);
void free_map_set(struct free_map *map, uint32_t place, bool taken);

/* The first free place from `from` on, around the end; or FREE_MAP_NONE. */
int32_t free_map_find(const struct free_map *map, uint32_t from);

#endif
