/* SPDX-License-Identifier: ISC */
/*
 * Inputs made from those of a corpus: octets changed, cut out, doubled, lengths
 * that lie, and pieces of one input in another. An input is a function of the
 * seed and its number alone, so that each can be made again.
 */
#ifndef NB6_TESTS_FUZZ_MUTATE_H
#define NB6_TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

enum { MUTATE_MOST = 16 << 10 }; /* octets of a mutated input */

struct mutate_seed {
	const uint8_t *data;
	size_t len;
};

/* Writes input `number` of `seed` to out, of MUTATE_MOST octets; returns its length. n > 0. */
size_t mutate_input(
	uint64_t seed, uint64_t number, const struct mutate_seed *corpus, size_t n, uint8_t *out);

#endif
