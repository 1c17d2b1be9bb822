/* SPDX-License-Identifier: ISC */
/*
 * Rate limits that keep a flood from the others: so many messages a second
 * from a link, and so many from a client, with two seconds' worth at once.
 *
 * A bucket holds tokens, a message takes one, time puts them back. Clients
 * have no bucket each, which a flood of forged sources could multiply, but
 * share a table of fixed size by a keyed hash of link and source address: two
 * that meet in one place share its limit for as long as the daemon runs.
 */
#ifndef NB6_DAEMON_RATE_LIMIT_H
#define NB6_DAEMON_RATE_LIMIT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/siphash.h"

/* All zero is a bucket that was never used: full. */
struct rate_bucket {
	int64_t last_ms;
	uint32_t millitokens;
};

/* Take a token where there is one; rate: tokens per second, 0 is no limit. */
bool rate_bucket_take(struct rate_bucket *bucket, uint32_t rate, int64_t now_ms);

/* The same with room for another number of tokens than for two seconds. */
bool rate_bucket_take_burst(
	struct rate_bucket *bucket, uint32_t rate, uint64_t burst, int64_t now_ms);

struct rate_table;

struct rate_table *rate_table_new(void); /* NULL: no memory */
void rate_table_free(struct rate_table *table);

/* Take a token of this client's, on the link with this number or hash. A hash of what strangers
 * can choose begins with rate_table_hash(), so that none of them can find another link's. */
struct siphash rate_table_hash(const struct rate_table *table);
bool rate_table_take(struct rate_table *table, uint64_t link, const struct in6_addr *source,
	uint32_t rate, int64_t now_ms);

#endif
