/* SPDX-License-Identifier: ISC */
/*
 * A set-associative cache of fixed size. Links are spread over regions, so that a flood on one
 * link only displaces the entries of the few links that share its region. Within a region a
 * keyed hash chooses a set of WAYS entries, which are replaced in turn.
 */
#include "frame/reply_macs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/mix.h"

enum { REGIONS = 32, SETS = 256, WAYS = 4, XID_LEN = 3 };

struct entry {
	uint32_t ifindex; /* 0: unused */
	struct in6_addr client;
	uint8_t xid[XID_LEN];
	uint8_t mac[6];
};

struct set {
	struct entry entry[WAYS];
	uint8_t next; /* to be replaced */
};

struct reply_macs {
	uint64_t seed;
	struct set set[REGIONS][SETS];
};

struct reply_macs *reply_macs_new(void)
{
	struct reply_macs *macs = calloc(1, sizeof(*macs));

	if (macs && getrandom(&macs->seed, sizeof(macs->seed), GRND_NONBLOCK) < 0)
		macs->seed = (uintptr_t)macs;
	return macs;
}

void reply_macs_free(struct reply_macs *macs)
{
	free(macs);
}

static size_t set_of(const struct reply_macs *macs, uint32_t ifindex, const struct in6_addr *client,
	const uint8_t xid[XID_LEN])
{
	uint64_t word = ifindex;

	memcpy((uint8_t *)&word + sizeof(uint32_t), xid, XID_LEN);
	return mix_in6(mix_u64(macs->seed, word), client) % SETS;
}

static bool has_key(const struct entry *entry, uint32_t ifindex, const struct in6_addr *client,
	const uint8_t xid[XID_LEN])
{
	return entry->ifindex == ifindex && memcmp(entry->xid, xid, XID_LEN) == 0 &&
	       IN6_ARE_ADDR_EQUAL(&entry->client, client);
}

void reply_macs_put(struct reply_macs *macs, int ifindex, const struct in6_addr *client,
	const uint8_t *message, const uint8_t mac[6])
{
	const uint8_t *xid = message + 1;
	struct set *set = &macs->set[(unsigned)ifindex % REGIONS]
				    [set_of(macs, (uint32_t)ifindex, client, xid)];
	unsigned i = 0;

	while (i < WAYS && !has_key(&set->entry[i], (uint32_t)ifindex, client, xid))
		i++;
	if (i == WAYS) {
		i = set->next;
		set->next = (uint8_t)((set->next + 1) % WAYS);
	}
	set->entry[i] = (struct entry){.ifindex = (uint32_t)ifindex, .client = *client};
	memcpy(set->entry[i].xid, xid, XID_LEN);
	memcpy(set->entry[i].mac, mac, sizeof(set->entry[i].mac));
}

bool reply_macs_find(const struct reply_macs *macs, int ifindex, const struct in6_addr *client,
	const uint8_t *reply, uint8_t mac[6])
{
	const uint8_t *xid = reply + 1;
	const struct set *set = &macs->set[(unsigned)ifindex % REGIONS]
					  [set_of(macs, (uint32_t)ifindex, client, xid)];

	for (unsigned i = 0; i < WAYS; i++) {
		if (!has_key(&set->entry[i], (uint32_t)ifindex, client, xid))
			continue;
		memcpy(mac, set->entry[i].mac, sizeof(set->entry[i].mac));
		return true;
	}
	return false;
}
