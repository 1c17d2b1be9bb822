/* SPDX-License-Identifier: ISC */
/*
 * A set-associative cache of fixed size. Links are spread over regions, so that a flood on one
 * link only displaces the entries of the few links that share its region. Within a region a
 * keyed hash of client and transaction chooses a set of WAYS entries, of which a new one replaces
 * the oldest. An entry holds the hash in place of the key, so that a set is one cache line: two
 * keys with the same 64 bits of SipHash do not meet, and nobody can choose them to.
 */
#include "frame/reply_macs.h"

#include <stdlib.h>
#include <string.h>

#include "util/siphash.h"

enum { REGIONS = 32, SETS = 256, WAYS = 4, XID_LEN = 3, CACHE_LINE = 64 };

struct entry {
	uint64_t key; /* hash of link, client and transaction id; 0: unused */
	uint8_t mac[6];
};

struct set {
	struct entry entry[WAYS]; /* the newest first */
};

_Static_assert(sizeof(struct set) == CACHE_LINE, "a set is one cache line");

struct reply_macs {
	struct set set[REGIONS][SETS];
	struct siphash_key key;
};

struct reply_macs *reply_macs_new(void)
{
	size_t size = (sizeof(struct reply_macs) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	struct reply_macs *macs = aligned_alloc(CACHE_LINE, size);

	if (!macs)
		return NULL;
	memset(macs, 0, sizeof(*macs));
	siphash_key_random(&macs->key);
	return macs;
}

void reply_macs_free(struct reply_macs *macs)
{
	free(macs);
}

uint64_t reply_macs_key(const struct reply_macs *macs, int ifindex, const struct in6_addr *client,
	const uint8_t *message)
{
	uint64_t words[3] = {(uint32_t)ifindex};
	uint64_t key;

	memcpy((uint8_t *)&words[0] + sizeof(uint32_t), message + 1, XID_LEN);
	memcpy(&words[1], client, sizeof(*client));
	key = siphash(&macs->key, words, sizeof(words));
	return key ? key : 1;
}

void reply_macs_prefetch(const struct reply_macs *macs, int ifindex, uint64_t key)
{
	__builtin_prefetch(&macs->set[(unsigned)ifindex % REGIONS][key % SETS], 1);
}

void reply_macs_put(struct reply_macs *macs, int ifindex, uint64_t key, const uint8_t mac[6])
{
	struct entry *entry = macs->set[(unsigned)ifindex % REGIONS][key % SETS].entry;
	size_t i = 0;

	while (i < WAYS - 1 && entry[i].key != key)
		i++;
	memmove(&entry[1], &entry[0], i * sizeof(*entry));
	entry[0].key = key;
	memcpy(entry[0].mac, mac, sizeof(entry[0].mac));
}

bool reply_macs_find(const struct reply_macs *macs, int ifindex, const struct in6_addr *client,
	const uint8_t *reply, uint8_t mac[6])
{
	uint64_t key = reply_macs_key(macs, ifindex, client, reply);
	const struct set *set = &macs->set[(unsigned)ifindex % REGIONS][key % SETS];

	for (unsigned i = 0; i < WAYS; i++) {
		if (set->entry[i].key != key)
			continue;
		memcpy(mac, set->entry[i].mac, sizeof(set->entry[i].mac));
		return true;
	}
	return false;
}
