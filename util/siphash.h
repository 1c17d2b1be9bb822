/* SPDX-License-Identifier: ISC */
/*
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): a hash under a
 * secret key. Whoever does not know the key cannot choose inputs that collide, unlike with
 * hashes that are only seeded. It is for hash tables whose keys strangers choose: MAC
 * addresses, DUIDs, addresses. It is not for signatures.
 *
 * One key, one string of octets:
 *
 *	hash = siphash(&key, octets, len);
 *
 * Several parts, for example an address and a link. Each part ends for itself, so "ab", "c"
 * and "a", "bc" differ:
 *
 *	struct siphash s = siphash_begin(&key);
 *	siphash_add(&s, address, sizeof(*address));
 *	siphash_add_u64(&s, ifindex);
 *	hash = siphash_end(&s);
 */
#ifndef NB6_UTIL_SIPHASH_H
#define NB6_UTIL_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k[2];
};

struct siphash {
	uint64_t v[4];
};

/* A key from the kernel's random numbers. Never fails and never waits. */
void siphash_key_random(struct siphash_key *key);

/* The same value on every machine for the same key and octets. */
uint64_t siphash(const struct siphash_key *key, const void *octets, size_t len);

struct siphash siphash_begin(const struct siphash_key *key);
void siphash_add(struct siphash *s, const void *octets, size_t len);
void siphash_add_u64(struct siphash *s, uint64_t word);
uint64_t siphash_end(struct siphash *s);

#endif
