/* SPDX-License-Identifier: ISC */
/*
 * A ring in order of arrival, in which the newest record replaces the oldest one, and a hash table
 * over it, keyed with a random seed because clients choose the keys. Records whose datagrams were
 * never delivered (the socket was full) are replaced in time; a flood costs no memory.
 *
 * A key is in the table once. `count` is the number of frames with that key whose datagrams were
 * not taken yet: a client may repeat its message before the first one is handled. Once frames with
 * different MACs have met, the key stays ambiguous until all of their datagrams are taken.
 */
#include "frame/mac_records.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/mix.h"

enum { NONE = UINT16_MAX };

_Static_assert((int)MAC_RECORDS_MAX < (int)NONE, "an index fits 16 bits");

struct entry {
	struct mac_record record;
	uint16_t bucket; /* NONE: not in the table */
	uint16_t next;   /* in the bucket; NONE: the last */
	uint16_t count;
	bool ambiguous;
};

struct mac_records {
	uint64_t seed;
	uint16_t newest;
	uint16_t bucket[MAC_RECORDS_MAX]; /* index of its first entry; NONE: empty */
	struct entry entry[MAC_RECORDS_MAX];
};

struct mac_records *mac_records_new(void)
{
	struct mac_records *records = calloc(1, sizeof(*records));

	if (!records)
		return NULL;
	if (getrandom(&records->seed, sizeof(records->seed), GRND_NONBLOCK) < 0)
		records->seed = (uintptr_t)records;
	memset(records->bucket, 0xff, sizeof(records->bucket));
	for (size_t i = 0; i < MAC_RECORDS_MAX; i++)
		records->entry[i].bucket = NONE;
	return records;
}

void mac_records_free(struct mac_records *records)
{
	free(records);
}

static uint16_t bucket_of(const struct mac_records *records, uint32_t ifindex,
	const uint8_t head[4], const struct in6_addr *source)
{
	uint64_t hash;
	uint32_t word;

	memcpy(&word, head, sizeof(word));
	hash = mix_in6(mix_u64(records->seed, (uint64_t)ifindex << 32 | word), source);
	return (uint16_t)(hash % MAC_RECORDS_MAX);
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

	if (entry->bucket == NONE)
		return;
	for (link = &records->bucket[entry->bucket]; *link != i;)
		link = &records->entry[*link].next;
	*link = entry->next;
	entry->bucket = NONE;
}

static void insert_entry(struct mac_records *records, uint16_t i, uint16_t bucket)
{
	records->entry[i].bucket = bucket;
	records->entry[i].next = records->bucket[bucket];
	records->bucket[bucket] = i;
}

void mac_records_add(struct mac_records *records, const struct mac_record *r)
{
	uint16_t bucket = bucket_of(records, r->ifindex, r->head, &r->source);
	uint16_t before = find(records, bucket, r->ifindex, r->head, &r->source);
	uint16_t at = (uint16_t)((records->newest + 1) % MAC_RECORDS_MAX);
	struct entry added = {.record = *r, .count = 1};

	if (before != NONE) {
		const struct entry *e = &records->entry[before];

		added.ambiguous = e->ambiguous || memcmp(e->record.mac, r->mac, MAC_LEN) != 0;
		added.count = e->count < UINT16_MAX ? (uint16_t)(e->count + 1) : e->count;
		remove_entry(records, before);
	}
	remove_entry(records, at);
	records->newest = at;
	records->entry[at] = added;
	insert_entry(records, at, bucket);
}

enum mac_found mac_records_take(struct mac_records *records, int ifindex,
	const struct in6_addr *source, const uint8_t *message, uint8_t mac[MAC_LEN])
{
	uint16_t bucket = bucket_of(records, (uint32_t)ifindex, message, source);
	uint16_t i = find(records, bucket, (uint32_t)ifindex, message, source);
	struct entry *entry;

	if (i == NONE)
		return MAC_UNKNOWN;
	entry = &records->entry[i];
	if (--entry->count == 0)
		remove_entry(records, i);
	if (entry->ambiguous)
		return MAC_AMBIGUOUS;
	memcpy(mac, entry->record.mac, MAC_LEN);
	return MAC_FOUND;
}
