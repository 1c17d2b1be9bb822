/* SPDX-License-Identifier: ISC */
/*
 * Rows are read by the columns of postgresql_schema.h. A lease that makes no sense, which an
 * operator may have written, is left out with a line of log: it is no reason to lose the others.
 */
#include "bootd/leases/postgresql_rows.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/leases/lease_text.h"
#include "bootd/leases/postgresql_session.h"
#include "bootd/leases/postgresql_work.h"
#include "daemon/log.h"
#include "daemon/loop.h"

static const char *field(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column);
}

/* Seconds from now, by the database's clock, on ours: from when it was asked, to be sure. */
static bool read_lease(
	const struct postgresql_store *store, const PGresult *result, int row, struct lease *lease)
{
	int64_t asked_unix_s =
		loop_unix_ms() / 1000 - (int64_t)(postgresql_work_us(store) / 1000000);
	const char *wrong;

	*lease = (struct lease){0};
	wrong = lease_words_read(lease, field(result, row, COLUMN_ADDRESS),
		field(result, row, COLUMN_SUBNET), field(result, row, COLUMN_MACHINE),
		field(result, row, COLUMN_DUID), field(result, row, COLUMN_STATE));
	if (wrong) {
		static struct log_limit limit;

		log_limited(&limit, LOG_LEVEL_WARNING,
			"leases %s: the lease of %.45s has a wrong %s and is left out", store->name,
			field(result, row, COLUMN_ADDRESS), wrong);
		return false;
	}
	lease->iaid = (uint32_t)strtoul(field(result, row, COLUMN_IAID), NULL, 10);
	lease->since_unix_s = asked_unix_s - strtoll(field(result, row, COLUMN_AGE), NULL, 10);
	lease->expires_unix_s = asked_unix_s + strtoll(field(result, row, COLUMN_LEFT), NULL, 10);
	return true;
}

static void learn(struct postgresql_store *store, const PGresult *result, int row)
{
	struct lease lease;

	if (read_lease(store, result, row, &lease))
		store->head.owner->learn(store->head.owner->arg, &lease);
}

static void take_refused(struct postgresql_store *store, const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++) {
		unsigned long number = strtoul(field(result, row, LEASE_COLUMNS), NULL, 10);

		if (number >= 1 && number <= store->batch.rows)
			store->refused[number - 1] = true;
		if (!PQgetisnull(result, row, COLUMN_ADDRESS))
			learn(store, result, row);
	}
}

static void take_page(struct postgresql_store *store, const PGresult *result)
{
	store->page_rows = PQntuples(result);
	store->read += (size_t)store->page_rows;
	for (int row = 0; row < store->page_rows; row++)
		learn(store, result, row);
	if (store->page_rows > 0)
		inet_pton(AF_INET6, field(result, store->page_rows - 1, COLUMN_ADDRESS),
			&store->after);
}

/* Those that are there are learnt; the others are nobody's. */
static void take_news(struct postgresql_store *store, const PGresult *result)
{
	const struct lease_store_owner *owner = store->head.owner;

	for (int row = 0; row < PQntuples(result); row++) {
		struct in6_addr address;

		learn(store, result, row);
		if (inet_pton(AF_INET6, field(result, row, COLUMN_ADDRESS), &address) != 1)
			continue;
		for (size_t i = 0; i < store->asked; i++)
			if (IN6_ARE_ADDR_EQUAL(&store->news[i], &address))
				store->news[i] = in6addr_any;
	}
	for (size_t i = 0; i < store->asked; i++)
		if (!IN6_IS_ADDR_UNSPECIFIED(&store->news[i]))
			owner->forget(owner->arg, &store->news[i]);
}

static const char *check_version(struct postgresql_store *store, const PGresult *result)
{
	int version = PQntuples(result) == 1 ? atoi(field(result, 0, 0)) : 0;

	if (version == POSTGRESQL_SCHEMA)
		return NULL;
	snprintf(store->why, sizeof(store->why),
		"its schema has version %d, this netboot6-bootd knows %d only", version,
		POSTGRESQL_SCHEMA);
	return store->why;
}

/* One that is committed, but not on all standbys that it was to wait for, gives a warning. */
static const char *take_commit(
	struct postgresql_store *store, unsigned step, const PGresult *result)
{
	if (step == 1)
		take_refused(store, result);
	if (step < 2)
		return NULL;
	if (strcmp(PQcmdStatus((PGresult *)(uintptr_t)result), "COMMIT") != 0)
		return "the transaction was not committed";
	return postgresql_session_warning(store->session);
}

const char *postgresql_rows_take(struct postgresql_store *store, unsigned step, const PGresult *got)
{
	if (store->work == COMMIT)
		return take_commit(store, step, got);
	if (store->work == SETUP && PQresultStatus(got) == PGRES_TUPLES_OK && step > 0)
		return check_version(store, got);
	if (store->work == PAGE)
		take_page(store, got);
	if (store->work == NEWS)
		take_news(store, got);
	return NULL;
}
