/* SPDX-License-Identifier: ISC */
/*
 * Random input for tests, from a seed that is printed: NB6_SEED=N in the
 * environment runs a failed test again with the same input.
 */
#ifndef NB6_TESTS_UNIT_RANDOM_H
#define NB6_TESTS_UNIT_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t random_state;

/* Call first in each test that wants random input. */
static inline void random_start(const char *test)
{
	const char *wanted = getenv("NB6_SEED");
	uint64_t seed = wanted ? strtoull(wanted, NULL, 0)
			       : (uint64_t)time(NULL) * 65536 + (uint64_t)getpid();

	printf("%s: NB6_SEED=%llu\n", test, (unsigned long long)seed);
	random_state = seed;
}

/* SplitMix64: any seed will do. */
static inline uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* 0 to below - 1. */
static inline size_t random_below(size_t below)
{
	return (size_t)(random_u64() % below);
}

static inline void random_fill(void *buf, size_t len)
{
	uint8_t *octets = buf;

	for (size_t i = 0; i < len; i++)
		octets[i] = (uint8_t)random_u64();
}

#endif
