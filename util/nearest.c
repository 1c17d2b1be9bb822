/* SPDX-License-Identifier: ISC */
/*
 * Damerau-Levenshtein distance (optimal string alignment), on names as short as options are.
 */
#include "util/nearest.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 40 };

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Row i of the matrix has the distances between the first i letters of a and each prefix of b. */
static unsigned distance_of(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[3][NAME_MAX_LENGTH + 1];

	for (unsigned j = 0; j <= b_len; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned *this = row[i % 3], *before = row[(i + 2) % 3];

		this[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			this[j] = before[j - 1] + (a[i - 1] != b[j - 1]);
			this[j] = smaller(this[j], smaller(before[j], this[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				this[j] = smaller(this[j], row[(i + 1) % 3][j - 2] + 1);
		}
	}
	return row[a_len % 3][b_len];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
	size_t wanted_len = strlen(nearest->wanted), name_len = strlen(name);
	unsigned distance;

	if (wanted_len > NAME_MAX_LENGTH || name_len > NAME_MAX_LENGTH || wanted_len == 0)
		return;
	distance = distance_of(nearest->wanted, wanted_len, name, name_len);
	if (distance > (smaller((unsigned)name_len, (unsigned)wanted_len) + 2) / 3 ||
		(nearest->name && distance >= nearest->distance))
		return;
	nearest->name = name;
	nearest->distance = distance;
}
