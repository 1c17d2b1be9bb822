/* SPDX-License-Identifier: ISC */
/*
 * The work with the database: setting up, reading all leases in pages, reading the leases that
 * others have changed, and commits. One piece of work at a time, each a group of statements
 * whose results arrive together. A commit goes first, but never twice in a row if other work is
 * waiting. The loss of the connection ends the work: a commit has failed, and all leases are read
 * again.
 *
 * A row that cannot be read, which an operator may have written, is skipped with a line of log.
 */
#include "bootd/leases/postgresql_work.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/leases/sql.h"
#include "daemon/log.h"
#include "daemon/loop.h"

enum {
	SCHEMA = 1,
	PAGE_ROWS = 1000,
	COMMIT_LIMIT_MS = 5000,
	READ_LIMIT_MS = 30 * 1000,
	CHANGED_MAX = 100000, /* beyond that all leases are read again */
	CHANGED_ROWS = 500,   /* read at a time */
};

static uint64_t work_us(const struct postgresql_store *store)
{
	return loop_now_us() - store->sent_us;
}

static void set_state(struct postgresql_store *store, enum postgresql_state state)
{
	if (store->state != state)
		store->health.since_ms = loop_now_ms();
	store->state = state;
	store->head.is_away = state != READY && !(state == READING && store->is_known);
}

/* --- statements -------------------------------------------------------------------- */

static void send_statement(
	struct postgresql_store *store, const char *sql, int n, const char *const *value)
{
	postgresql_session_send(store->session, sql, n, value);
}

static void sync(struct postgresql_store *store, enum postgresql_work work, unsigned limit_ms)
{
	store->work = store->last_work = work;
	store->sent_us = loop_now_us();
	postgresql_session_sync(store->session, limit_ms);
}

static void send_setup(struct postgresql_store *store)
{
	send_statement(store, sql_postgresql_session, 0, NULL);
	send_statement(store, sql_postgresql_schema, 0, NULL);
	send_statement(store, "LISTEN netboot6_lease", 0, NULL);
	send_statement(store, "SELECT schema FROM netboot6.version", 0, NULL);
	sync(store, SETUP, READ_LIMIT_MS);
}

static void send_commit(struct postgresql_store *store)
{
	const char *value[LEASE_COLUMNS];

	postgresql_batch_values(&store->batch, value); /* it has memory: postgresql_commit() */
	send_statement(store, "BEGIN", 0, NULL);
	send_statement(store, sql_postgresql_put, LEASE_COLUMNS, value);
	send_statement(store, "COMMIT", 0, NULL);
	sync(store, COMMIT, COMMIT_LIMIT_MS);
}

static void send_page(struct postgresql_store *store)
{
	char after[INET6_ADDRSTRLEN];
	char rows[16];
	const char *value[] = {inet_ntop(AF_INET6, &store->after, after, sizeof(after)), rows};

	snprintf(rows, sizeof(rows), "%d", PAGE_ROWS);
	send_statement(store, sql_postgresql_page, 2, value);
	sync(store, PAGE, READ_LIMIT_MS);
}

static void send_changed(struct postgresql_store *store)
{
	struct postgresql_array array = {0};
	char text[INET6_ADDRSTRLEN];
	const char *value;

	store->asked = store->changed_count < CHANGED_ROWS ? store->changed_count : CHANGED_ROWS;
	for (size_t i = 0; i < store->asked; i++)
		postgresql_array_add(
			&array, inet_ntop(AF_INET6, &store->changed[i], text, sizeof(text)));
	value = postgresql_array_text(&array);
	if (!value) {
		store->asked = 0;
		value = "{}";
	}
	send_statement(store, sql_postgresql_changed, 1, &value);
	sync(store, CHANGED, READ_LIMIT_MS);
	free(array.text);
}

static void begin_reading(struct postgresql_store *store)
{
	set_state(store, READING);
	store->after = in6addr_any;
	store->read = store->changed_count = 0;
	store->is_overrun = false;
	store->head.owner->reading_begins(store->head.owner->arg);
}

void postgresql_work_go_on(struct postgresql_store *store)
{
	bool may_read;

	if (store->work != NOTHING || !postgresql_session_is_idle(store->session))
		return;
	if (store->state == READY && store->is_overrun)
		begin_reading(store);
	may_read = store->state == READING || (store->state == READY && store->changed_count > 0);
	if (store->is_waiting && (store->last_work != COMMIT || !may_read))
		send_commit(store);
	else if (store->state == READING)
		send_page(store);
	else if (may_read)
		send_changed(store);
}

/* --- results ----------------------------------------------------------------------- */

/*
 * The times of a row are distances from the time of the query by the database's clock. They are
 * added to the time of the query by the clock of this host.
 */
static void report(struct postgresql_store *store, const PGresult *result, int row)
{
	static struct log_limit limit;
	int64_t asked_unix_s = loop_unix_ms() / 1000 - (int64_t)(work_us(store) / 1000000);
	struct lease lease;
	const char *wrong = postgresql_row_read(result, row, asked_unix_s, &lease);

	if (!wrong)
		store->head.owner->lease_changed(store->head.owner->arg, &lease);
	else
		log_limited(&limit, LOG_LEVEL_WARNING,
			"leases %s: skipping the row of %.45s: its %s is wrong", store->name,
			postgresql_field(result, row, COLUMN_ADDRESS), wrong);
}

static void read_refused(struct postgresql_store *store, const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++) {
		unsigned long number =
			strtoul(postgresql_field(result, row, LEASE_COLUMNS), NULL, 10);

		if (number >= 1 && number <= store->batch.rows)
			store->refused[number - 1] = true;
		if (!PQgetisnull(result, row, COLUMN_ADDRESS))
			report(store, result, row);
	}
}

static void read_page(struct postgresql_store *store, const PGresult *result)
{
	store->page_rows = PQntuples(result);
	store->read += (size_t)store->page_rows;
	for (int row = 0; row < store->page_rows; row++)
		report(store, result, row);
	if (store->page_rows > 0)
		inet_pton(AF_INET6, postgresql_field(result, store->page_rows - 1, COLUMN_ADDRESS),
			&store->after);
}

/* A requested address without a row is no lease any more. */
static void read_changed(struct postgresql_store *store, const PGresult *result)
{
	const struct lease_store_owner *owner = store->head.owner;

	for (int row = 0; row < PQntuples(result); row++) {
		struct in6_addr address;

		report(store, result, row);
		if (inet_pton(AF_INET6, postgresql_field(result, row, COLUMN_ADDRESS), &address) !=
			1)
			continue;
		for (size_t i = 0; i < store->asked; i++)
			if (IN6_ARE_ADDR_EQUAL(&store->changed[i], &address))
				store->changed[i] = in6addr_any;
	}
	for (size_t i = 0; i < store->asked; i++)
		if (!IN6_IS_ADDR_UNSPECIFIED(&store->changed[i]))
			owner->lease_removed(owner->arg, &store->changed[i]);
}

static const char *check_version(struct postgresql_store *store, const PGresult *result)
{
	int version = PQntuples(result) == 1 ? atoi(postgresql_field(result, 0, 0)) : 0;

	if (version == SCHEMA)
		return NULL;
	snprintf(store->why, sizeof(store->why),
		"its schema has version %d; this netboot6-bootd knows version %d only", version,
		SCHEMA);
	return store->why;
}

/*
 * A transaction that is committed, but not on every standby that it should wait for, gives a
 * warning.
 */
static const char *read_commit(
	struct postgresql_store *store, unsigned step, const PGresult *result)
{
	if (step == 1)
		read_refused(store, result);
	if (step < 2)
		return NULL;
	if (strcmp(PQcmdStatus((PGresult *)(uintptr_t)result), "COMMIT") != 0)
		return "the transaction was not committed";
	return postgresql_session_warning(store->session);
}

/* The result of a statement of the work, by its number. */
static const char *take_result(void *arg, unsigned step, const PGresult *result)
{
	struct postgresql_store *store = arg;

	if (store->work == COMMIT)
		return read_commit(store, step, result);
	if (store->work == SETUP && PQresultStatus(result) == PGRES_TUPLES_OK && step > 0)
		return check_version(store, result);
	if (store->work == PAGE)
		read_page(store, result);
	if (store->work == CHANGED)
		read_changed(store, result);
	return NULL;
}

static void end_page(struct postgresql_store *store)
{
	if (store->page_rows == PAGE_ROWS)
		return;
	store->head.owner->reading_ends(store->head.owner->arg);
	log_notice("leases %s: %s, %zu are in force", store->name,
		store->is_logged ? "the database is back" : "connected", store->read);
	postgresql_session_settled(store->session);
	store->is_known = true;
	store->is_logged = false;
	set_state(store, READY);
}

static void end_changed(struct postgresql_store *store)
{
	store->changed_count -= store->asked;
	memmove(store->changed, store->changed + store->asked,
		store->changed_count * sizeof(*store->changed));
	store->asked = 0;
}

static void end_commit(struct postgresql_store *store, int rc)
{
	const struct lease_store_owner *owner = store->head.owner;

	store->health.commits += rc == 0;
	if (rc == 0)
		store->health.commit_us = work_us(store);
	store->health.commits_us += rc == 0 ? store->health.commit_us : 0;
	store->is_waiting = false;
	postgresql_batch_clear(&store->batch);
	owner->committed(owner->arg, rc, rc == 0 ? store->refused : NULL);
}

static void done(void *arg)
{
	struct postgresql_store *store = arg;
	enum postgresql_work work = store->work;

	store->work = NOTHING;
	if (work == SETUP)
		begin_reading(store);
	else if (work == PAGE)
		end_page(store);
	else if (work == CHANGED)
		end_changed(store);
	else if (work == COMMIT)
		end_commit(store, 0);
	postgresql_work_go_on(store);
}

static void connected(void *arg)
{
	struct postgresql_store *store = arg;

	set_state(store, SETTING_UP);
	send_setup(store);
}

static void lost(void *arg, const char *why)
{
	struct postgresql_store *store = arg;

	snprintf(store->why, sizeof(store->why), "%s", why);
	set_state(store, AWAY);
	store->work = NOTHING;
	store->changed_count = store->asked = 0;
	if (!store->is_logged)
		log_error(
			"leases %s: the database is not reachable: %s: no new leases until it is; "
			"stored leases are renewed until their stored expiry",
			store->name, store->why);
	store->is_logged = true;
	if (store->is_waiting)
		end_commit(store, -ECONNRESET);
}

static bool reserve_changed(struct postgresql_store *store)
{
	struct in6_addr *grown;

	if (store->changed_count < store->changed_size)
		return true;
	if (store->changed_size >= CHANGED_MAX)
		return false;
	grown = realloc(store->changed, (store->changed_size * 2 + CHANGED_ROWS) * sizeof(*grown));
	if (!grown)
		return false;
	store->changed = grown;
	store->changed_size = store->changed_size * 2 + CHANGED_ROWS;
	return true;
}

/* Another server has changed the lease of this address. */
static void notified(void *arg, const char *payload)
{
	struct postgresql_store *store = arg;
	struct in6_addr address;

	if (store->state != READY && store->state != READING)
		return;
	if (inet_pton(AF_INET6, payload, &address) != 1)
		return;
	if (reserve_changed(store))
		store->changed[store->changed_count++] = address;
	else
		store->is_overrun = true;
	postgresql_work_go_on(store);
}

const struct postgresql_callbacks postgresql_work_callbacks = {
	connected, take_result, done, notified, lost};
