/* SPDX-License-Identifier: ISC */
/*
 * Delegations as lines of text, for the state file. A file is a log: the last line about a prefix
 * counts, and a line without its line feed, cut off by a crash, does not.
 *
 *	active 2001:db8:f001::/48 lan1 fe80::1 00030001525400123456 1 1764574000 1764577600
 *	ended 2001:db8:f002::/48 lan1 fe80::2 00030001525400123457 1 0 1764660400
 *	forgotten 2001:db8:f003::/48
 *
 * The fields are prefix, link, next hop, DUID, IAID, and the Unix times until which the prefix is
 * preferred and valid, "forever" without end.
 */
#ifndef NB6_RELAYD_PREFIXES_DELEGATION_RECORD_H
#define NB6_RELAYD_PREFIXES_DELEGATION_RECORD_H

#include "relayd/prefixes/delegation_table.h"

enum { DELEGATION_RECORD_MAX = 512 }; /* octets of a line, with line feed and NUL */

struct delegation_record {
	bool is_forgotten; /* only `prefix` is set then */
	enum delegation_state state;
	struct prefix prefix;
	char link[IFNAMSIZ];
	struct in6_addr next_hop;
	struct dhcp6_duid duid;
	uint32_t iaid;
	int64_t preferred_until_s, until_s; /* Unix time, or DELEGATION_FOREVER */
};

/* Returns the length of the line, which ends with a line feed. */
size_t delegation_record_format(
	const struct delegation_record *record, char line[DELEGATION_RECORD_MAX]);

/* `line` without its line feed. Returns 0, or -EINVAL: not a record. */
int delegation_record_parse(const char *line, struct delegation_record *record);

/* The records of a file, the last one about each prefix. */
struct delegation_records {
	struct hash_table by_prefix;
	unsigned malformed; /* lines that are no record */
	size_t octets;      /* up to the last line feed */
};

/* Returns 0 or -ENOMEM. `text` is changed: its lines become strings. */
int delegation_records_read(struct delegation_records *records, char *text, size_t len);
void delegation_records_free(struct delegation_records *records);

/* All, in no order; NULL begins, NULL ends. Those of forgotten prefixes are left out. */
struct delegation_record *delegation_records_next(
	const struct delegation_records *records, struct delegation_record *after);

#endif
