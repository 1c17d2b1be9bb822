/* SPDX-License-Identifier: ISC */
/*
 * Mixing of hashes: every bit of what goes in changes about half of the bits
 * that come out (the finaliser of MurmurHash3), the same ones on every router. Where strangers
 * choose the keys of a table, use util/siphash.h.
 */
#ifndef NB6_DAEMON_MIX_H
#define NB6_DAEMON_MIX_H

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t mix_u64(uint64_t hash, uint64_t word)
{
	hash ^= word;
	hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 33;
}

static inline uint64_t mix_in6(uint64_t hash, const struct in6_addr *address)
{
	uint64_t word[2];

	memcpy(word, address, sizeof(word));
	return mix_u64(mix_u64(hash, word[0]), word[1]);
}

#endif
