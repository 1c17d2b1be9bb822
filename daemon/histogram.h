/* SPDX-License-Identifier: ISC */
/*
 * Counts of observed values by size, in buckets whose upper bounds are fixed: cheap to
 * add to, and to be summed over many servers.
 */
#ifndef NB6_DAEMON_HISTOGRAM_H
#define NB6_DAEMON_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BOUNDS_MAX = 16 };

struct histogram {
	const double *bound; /* ascending; those of a kind share them */
	unsigned bounds;
	uint64_t count[HISTOGRAM_BOUNDS_MAX + 1]; /* not cumulative; the last: beyond all bounds */
	double sum;
};

/* `n` values of this size. */
static inline void histogram_add(struct histogram *h, double value, uint64_t n)
{
	unsigned i = 0;

	while (i < h->bounds && value > h->bound[i])
		i++;
	h->count[i] += n;
	h->sum += value * (double)n;
}

#endif
