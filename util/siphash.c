/* SPDX-License-Identifier: ISC */
#include "util/siphash.h"

#include <endian.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

void siphash_key_random(struct siphash_key *key)
{
	struct timespec now;

	if (getrandom(key, sizeof(*key), GRND_NONBLOCK) == sizeof(*key))
		return;
	/* The kernel has no random numbers yet, early at boot: what a stranger cannot see. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	key->k[0] = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)(uintptr_t)key;
	key->k[1] = (uint64_t)now.tv_sec << 32 ^ (uint64_t)(uintptr_t)&now;
}

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void round_of(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static inline void add_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	round_of(v);
	v[0] ^= word;
}

struct siphash siphash_begin(const struct siphash_key *key)
{
	return (struct siphash){{
		key->k[0] ^ UINT64_C(0x736f6d6570736575),
		key->k[1] ^ UINT64_C(0x646f72616e646f6d),
		key->k[0] ^ UINT64_C(0x6c7967656e657261),
		key->k[1] ^ UINT64_C(0x7465646279746573),
	}};
}

void siphash_add_u64(struct siphash *s, uint64_t word)
{
	add_word(s->v, word);
}

/* Eight octets a word; the last one has what is left and, in its top octet, the length. */
void siphash_add(struct siphash *s, const void *octets, size_t len)
{
	const uint8_t *octet = octets;
	uint64_t last = (uint64_t)len << 56, word;

	for (size_t left = len; left >= sizeof(word); left -= sizeof(word)) {
		memcpy(&word, octet, sizeof(word));
		add_word(s->v, le64toh(word));
		octet += sizeof(word);
	}
	word = 0;
	memcpy(&word, octet, len % sizeof(word));
	add_word(s->v, last | le64toh(word));
}

uint64_t siphash_end(struct siphash *s)
{
	s->v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		round_of(s->v);
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

uint64_t siphash(const struct siphash_key *key, const void *octets, size_t len)
{
	struct siphash s = siphash_begin(key);

	siphash_add(&s, octets, len);
	return siphash_end(&s);
}
