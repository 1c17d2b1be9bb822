/* SPDX-License-Identifier: ISC */
/*
 * Writing and reading lines of the state file. Reading is strict: a line that is not as written by
 * delegation_record_format() is none, because a wrong route is worse than a missing one.
 */
#include "relayd/prefixes/delegation_record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 8, TIME_TEXT = 24 };

static const char *const state_words[] = {
	[DELEGATION_ACTIVE] = "active", [DELEGATION_ENDED] = "ended"};

static const char *format_time(int64_t at_s, char text[TIME_TEXT])
{
	if (at_s == DELEGATION_FOREVER)
		return "forever";
	snprintf(text, TIME_TEXT, "%" PRId64, at_s);
	return text;
}

size_t delegation_record_format(
	const struct delegation_record *record, char line[DELEGATION_RECORD_MAX])
{
	char prefix[PREFIX_TEXT], next_hop[INET6_ADDRSTRLEN], duid[DHCP6_DUID_TEXT];
	char preferred[TIME_TEXT], until[TIME_TEXT];

	prefix_format(&record->prefix, prefix);
	if (record->is_forgotten)
		return (size_t)snprintf(line, DELEGATION_RECORD_MAX, "forgotten %s\n", prefix);
	return (size_t)snprintf(line, DELEGATION_RECORD_MAX, "%s %s %s %s %s %" PRIu32 " %s %s\n",
		state_words[record->state], prefix, record->link,
		dhcp6_address_format(&record->next_hop, next_hop),
		dhcp6_duid_format(&record->duid, duid), record->iaid,
		format_time(record->preferred_until_s, preferred),
		format_time(record->until_s, until));
}

/* Decimal digits only. */
static bool parse_number(const char *text, int64_t max, int64_t *number)
{
	*number = 0;
	if (!*text || strlen(text) > 18)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		*number = *number * 10 + (*text - '0');
	}
	return *number <= max;
}

static bool parse_time(const char *text, int64_t *at_s)
{
	*at_s = DELEGATION_FOREVER;
	/* A time times 1000 must fit. */
	return strcmp(text, "forever") == 0 || parse_number(text, INT64_MAX / 1000000, at_s);
}

/* At single spaces. Returns the number of fields, at most FIELDS + 1. */
static unsigned split(char *line, char *field[FIELDS + 1])
{
	unsigned n = 0;

	while (line && n <= FIELDS)
		field[n++] = strsep(&line, " ");
	return n;
}

static bool parse_fields(char *const field[], struct delegation_record *record)
{
	int64_t iaid;

	record->state = strcmp(field[0], state_words[DELEGATION_ACTIVE]) == 0 ? DELEGATION_ACTIVE
									      : DELEGATION_ENDED;
	if (strcmp(field[0], state_words[record->state]) != 0 || !*field[2] ||
		strlen(field[2]) >= sizeof(record->link) ||
		inet_pton(AF_INET6, field[3], &record->next_hop) != 1 ||
		dhcp6_duid_parse(field[4], &record->duid) < 0 ||
		!parse_number(field[5], UINT32_MAX, &iaid) ||
		!parse_time(field[6], &record->preferred_until_s) ||
		!parse_time(field[7], &record->until_s))
		return false;
	memcpy(record->link, field[2], strlen(field[2]) + 1);
	record->iaid = (uint32_t)iaid;
	return true;
}

int delegation_record_parse(const char *line, struct delegation_record *record)
{
	char copy[DELEGATION_RECORD_MAX];
	char *field[FIELDS + 1];
	unsigned n;

	*record = (struct delegation_record){0};
	if (strlen(line) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, line, strlen(line) + 1);
	n = split(copy, field);
	if (n < 2 || prefix_parse(field[1], &record->prefix) < 0 ||
		!delegation_prefix_is_usable(&record->prefix))
		return -EINVAL;
	record->is_forgotten = n == 2 && strcmp(field[0], "forgotten") == 0;
	if (record->is_forgotten || (n == FIELDS && parse_fields(field, record)))
		return 0;
	return -EINVAL;
}

/* --- a file ---------------------------------------------------------------------------------- */

struct entry {
	struct delegation_record record;
	struct hash_node by_prefix;
};

static uint64_t hash_of(const struct delegation_records *records, const struct prefix *prefix)
{
	uint8_t octets[sizeof(prefix->address) + 1];

	memcpy(octets, &prefix->address, sizeof(prefix->address));
	octets[sizeof(prefix->address)] = prefix->len;
	return hash_table_hash(&records->by_prefix, octets, sizeof(octets));
}

static struct entry *find(
	const struct delegation_records *records, const struct prefix *prefix, uint64_t hash)
{
	struct hash_node *node;

	hash_table_each(node, &records->by_prefix, hash) {
		struct entry *entry = hash_entry(node, struct entry, by_prefix);

		if (prefix_equal(&entry->record.prefix, prefix))
			return entry;
	}
	return NULL;
}

static int apply(struct delegation_records *records, const struct delegation_record *record)
{
	uint64_t hash = hash_of(records, &record->prefix);
	struct entry *entry = find(records, &record->prefix, hash);

	if (record->is_forgotten) {
		if (entry)
			hash_table_remove(&records->by_prefix, &entry->by_prefix);
		free(entry);
		return 0;
	}
	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		hash_table_insert(&records->by_prefix, &entry->by_prefix, hash);
	}
	entry->record = *record;
	return 0;
}

int delegation_records_read(struct delegation_records *records, char *text, size_t len)
{
	char *end = text + len, *feed;
	int rc;

	*records = (struct delegation_records){0};
	rc = hash_table_init(&records->by_prefix, 64);
	for (char *line = text; rc == 0 && line < end; line = feed + 1) {
		struct delegation_record record;

		feed = memchr(line, '\n', (size_t)(end - line));
		if (!feed)
			break;
		*feed = '\0';
		records->octets = (size_t)(feed + 1 - text);
		if (strlen(line) != (size_t)(feed - line) ||
			delegation_record_parse(line, &record) < 0)
			records->malformed++;
		else
			rc = apply(records, &record);
	}
	if (rc < 0)
		delegation_records_free(records);
	return rc;
}

void delegation_records_free(struct delegation_records *records)
{
	struct hash_node *node;

	while ((node = hash_table_next(&records->by_prefix, NULL))) {
		hash_table_remove(&records->by_prefix, node);
		free(hash_entry(node, struct entry, by_prefix));
	}
	hash_table_fini(&records->by_prefix);
}

struct delegation_record *delegation_records_next(
	const struct delegation_records *records, struct delegation_record *after)
{
	const struct entry *entry =
		after ? hash_entry(after, struct entry, record) : NULL;
	struct hash_node *node =
		hash_table_next(&records->by_prefix, entry ? &entry->by_prefix : NULL);

	return node ? &hash_entry(node, struct entry, by_prefix)->record : NULL;
}
