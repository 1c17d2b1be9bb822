/* SPDX-License-Identifier: ISC */
/*
 * A fixed number of entries, in a hash table with a secret key, because clients choose what is
 * hashed. Unused entries are on a stack, so that the ones used last, which the processor still
 * has in its caches, are used next. The others are in a list by age. Without an unused entry the
 * oldest one is replaced: records whose datagrams were never delivered (the socket was full) go
 * away in time, and a flood costs no memory.
 *
 * A key is in the table once. `count` is the number of frames with that key whose datagrams were
 * not taken yet: a client may repeat its message before the first one is handled. Once frames with
 * different MACs have met, the key stays ambiguous until all of their datagrams are taken.
 */
#include "frame/mac_records.h"

#include <stdlib.h>
#include <string.h>

#include "util/siphash.h"

enum { NONE = UINT16_MAX };

_Static_assert((int)MAC_RECORDS_MAX < (int)NONE, "an index fits 16 bits");

struct entry {
	struct mac_record record;
	uint16_t bucket;
	uint16_t next;         /* in the bucket, or on the stack of unused ones; NONE: the last */
	uint16_t older, newer; /* NONE: the oldest, the newest */
	uint16_t count;
	bool ambiguous;
};

struct mac_records {
	struct siphash_key key;
	uint16_t unused;  /* top of the stack; NONE: it is empty */
	uint16_t touched; /* entries that were ever used; memory beyond them is not touched */
	uint16_t oldest, newest;
	uint16_t bucket[MAC_RECORDS_MAX]; /* index of its first entry; NONE: empty */
	struct entry entry[MAC_RECORDS_MAX];
};

struct mac_records *mac_records_new(void)
{
	struct mac_records *records = calloc(1, sizeof(*records));

	if (!records)
		return NULL;
	siphash_key_random(&records->key);
	memset(records->bucket, 0xff, sizeof(records->bucket));
	records->unused = records->oldest = records->newest = NONE;
	return records;
}

void mac_records_free(struct mac_records *records)
{
	free(records);
}

static uint16_t bucket_of(const struct mac_records *records, uint32_t ifindex,
	const uint8_t head[4], const struct in6_addr *source)
{
	uint64_t words[3];

	memcpy((uint8_t *)&words[0], &ifindex, sizeof(ifindex));
	memcpy((uint8_t *)&words[0] + sizeof(ifindex), head, 4);
	memcpy(&words[1], source, sizeof(*source));
	return (uint16_t)(siphash(&records->key, words, sizeof(words)) % MAC_RECORDS_MAX);
}

static bool has_key(const struct mac_record *record, uint32_t ifindex, const uint8_t head[4],
	const struct in6_addr *source)
{
	return record->ifindex == ifindex && memcmp(record->head, head, 4) == 0 &&
	       IN6_ARE_ADDR_EQUAL(&record->source, source);
}

static uint16_t find(const struct mac_records *records, uint16_t bucket, uint32_t ifindex,
	const uint8_t head[4], const struct in6_addr *source)
{
	uint16_t i = records->bucket[bucket];

	while (i != NONE && !has_key(&records->entry[i].record, ifindex, head, source))
		i = records->entry[i].next;
	return i;
}

static void remove_entry(struct mac_records *records, uint16_t i)
{
	struct entry *entry = &records->entry[i];
	uint16_t *link;

	for (link = &records->bucket[entry->bucket]; *link != i;)
		link = &records->entry[*link].next;
	*link = entry->next;
	*(entry->older != NONE ? &records->entry[entry->older].newer : &records->oldest) =
		entry->newer;
	*(entry->newer != NONE ? &records->entry[entry->newer].older : &records->newest) =
		entry->older;
	entry->next = records->unused;
	records->unused = i;
}

static void insert_entry(struct mac_records *records, const struct entry *added)
{
	uint16_t i;

	if (records->unused == NONE && records->touched < MAC_RECORDS_MAX) {
		i = records->touched++;
	} else {
		if (records->unused == NONE)
			remove_entry(records, records->oldest);
		i = records->unused;
		records->unused = records->entry[i].next;
	}
	records->entry[i] = *added;
	records->entry[i].next = records->bucket[added->bucket];
	records->bucket[added->bucket] = i;
	records->entry[i].older = records->newest;
	records->entry[i].newer = NONE;
	*(records->newest != NONE ? &records->entry[records->newest].newer : &records->oldest) = i;
	records->newest = i;
}

void mac_records_add(struct mac_records *records, const struct mac_record *r)
{
	uint16_t bucket = bucket_of(records, r->ifindex, r->head, &r->source);
	uint16_t before = find(records, bucket, r->ifindex, r->head, &r->source);
	struct entry added = {.record = *r, .bucket = bucket, .count = 1};

	if (before != NONE) {
		const struct entry *e = &records->entry[before];

		added.ambiguous = e->ambiguous || memcmp(e->record.mac, r->mac, MAC_LEN) != 0;
		added.count = e->count < UINT16_MAX ? (uint16_t)(e->count + 1) : e->count;
		remove_entry(records, before);
	}
	insert_entry(records, &added);
}

enum mac_found mac_records_take(struct mac_records *records, int ifindex,
	const struct in6_addr *source, const uint8_t *message, uint8_t mac[MAC_LEN])
{
	uint16_t bucket = bucket_of(records, (uint32_t)ifindex, message, source);
	uint16_t i = find(records, bucket, (uint32_t)ifindex, message, source);
	struct entry *entry;
	enum mac_found found;

	if (i == NONE)
		return MAC_UNKNOWN;
	entry = &records->entry[i];
	found = entry->ambiguous ? MAC_AMBIGUOUS : MAC_FOUND;
	if (found == MAC_FOUND)
		memcpy(mac, entry->record.mac, MAC_LEN);
	if (--entry->count == 0)
		remove_entry(records, i);
	return found;
}
