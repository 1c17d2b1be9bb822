/* SPDX-License-Identifier: ISC */
/*
 * Token buckets, in thousandths of a token so that low rates lose nothing
 * between two messages of the same millisecond.
 */
#include "daemon/rate_limit.h"

#include <stdlib.h>

enum { BUCKETS = 16384, BURST_S = 2, TOKEN = 1000 };

struct rate_table {
	struct siphash_key key;
	struct rate_bucket bucket[BUCKETS];
};

bool rate_bucket_take_burst(
	struct rate_bucket *bucket, uint32_t rate, uint64_t burst, int64_t now_ms)
{
	uint64_t max = burst * TOKEN, tokens;

	if (rate == 0)
		return true;
	tokens = bucket->last_ms ? bucket->millitokens + (uint64_t)(now_ms - bucket->last_ms) * rate
				 : max;
	if (tokens > max)
		tokens = max;
	if (tokens > UINT32_MAX)
		tokens = UINT32_MAX;
	bucket->last_ms = now_ms;
	bucket->millitokens = (uint32_t)tokens;
	if (tokens < TOKEN)
		return false;
	bucket->millitokens -= TOKEN;
	return true;
}

bool rate_bucket_take(struct rate_bucket *bucket, uint32_t rate, int64_t now_ms)
{
	return rate_bucket_take_burst(bucket, rate, (uint64_t)rate * BURST_S, now_ms);
}

struct rate_table *rate_table_new(void)
{
	struct rate_table *table = calloc(1, sizeof(*table));

	if (table)
		siphash_key_random(&table->key);
	return table;
}

void rate_table_free(struct rate_table *table)
{
	free(table);
}

struct siphash rate_table_hash(const struct rate_table *table)
{
	return siphash_begin(&table->key);
}

bool rate_table_take(struct rate_table *table, uint64_t link, const struct in6_addr *source,
	uint32_t rate, int64_t now_ms)
{
	struct siphash hash;

	if (rate == 0)
		return true;
	hash = siphash_begin(&table->key);
	siphash_add_u64(&hash, link);
	siphash_add(&hash, source, sizeof(*source));
	return rate_bucket_take(&table->bucket[siphash_end(&hash) % BUCKETS], rate, now_ms);
}
