/* SPDX-License-Identifier: ISC */
/*
 * "Did you mean ...?": the known name that is nearest to a mistyped one.
 */
#ifndef NB6_UTIL_NEAREST_H
#define NB6_UTIL_NEAREST_H

#include <stddef.h>

/* Begin with {.wanted = "the mistyped name"}; the names offered stay the caller's. */
struct nearest {
	const char *wanted;
	const char *name; /* the nearest so far; NULL: none is near enough */
	unsigned distance;
};

/*
 * Consider one known name. It becomes the nearest if fewer letters than before have to be
 * added, left out, replaced or exchanged with their neighbour, and at most a third of the shorter
 * name.
 */
void nearest_offer(struct nearest *nearest, const char *name);

#endif
