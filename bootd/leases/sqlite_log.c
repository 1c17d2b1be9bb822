/* SPDX-License-Identifier: ISC */
/*
 * One transaction at a time, opened by the first change. Its changes of the index are collected and
 * applied after the commit, so a failed commit leaves the index as it was.
 *
 * If the log has more than twice as many rows as leases, each transaction first deletes some of
 * the oldest rows. Those that are still valid are copied to the end before. Invariant: rows are
 * deleted in order, oldest first, so that no older row of an address becomes valid again.
 */
#include "bootd/leases/sqlite_store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bootd/leases/lease_store.h"
#include "bootd/leases/sql.h"
#include "daemon/loop.h"

/* The statements in sql/sqlite_log.sql. */
enum { BEGIN, ROWS, PUT, OLDEST, COPY, TRIM, COMMIT };
_Static_assert(COMMIT + 1 == SQLITE_LOG_STATEMENTS, "number of statements");

enum {
	ROOM = 64,
	TIDY_ROWS = 256,            /* in one transaction, at most */
	TIDY_SPARE = 8192,          /* rows beyond twice the leases that may stay */
	KEPT_EXPIRED_S = 24 * 3600, /* expired rows stay this long: the clock may have been wrong */
};

const char sqlite_log_removed[] = "removed";

int sqlite_log_open(struct sqlite_log *log, struct sqlite_file *file)
{
	*log = (struct sqlite_log){.file = file};
	lease_index_init(&log->index);
	return sqlite_file_prepare(file, sql_sqlite_log, log->statement, SQLITE_LOG_STATEMENTS);
}

void sqlite_log_close(struct sqlite_log *log)
{
	for (int i = 0; i < SQLITE_LOG_STATEMENTS; i++)
		sqlite3_finalize(log->statement[i]);
	lease_index_fini(&log->index);
	free(log->change);
}

/* --- the index ------------------------------------------------------------------- */

/* Collects a change of the index. */
static int note_change(struct sqlite_log *log, const struct in6_addr *address, int64_t change)
{
	if (log->changes == log->room) {
		size_t room = log->room + ROOM;
		struct lease_place *more = realloc(log->change, room * sizeof(*more));

		if (!more)
			return sqlite_file_fail(log->file, -ENOMEM, "no memory");
		log->change = more;
		log->room = room;
	}
	if (change && lease_index_reserve(&log->index, address, log->changes + 1) < 0)
		return sqlite_file_fail(log->file, -ENOMEM, "no memory");
	log->change[log->changes++] =
		(struct lease_place){.address = *address, .change = (uint64_t)change};
	return 0;
}

static void index_change(struct lease_index *index, const struct lease_place *change)
{
	if (change->change)
		lease_index_set(index, &change->address, change->change);
	else
		lease_index_drop(index, &change->address);
}

int sqlite_log_read_on(struct sqlite_log *log)
{
	struct lease_place place;
	int rc = 0, step = SQLITE_DONE;

	sqlite3_bind_int64(log->statement[ROWS], 1, log->last + 1);
	while (rc == 0 && (step = sqlite3_step(log->statement[ROWS])) == SQLITE_ROW) {
		const char *address = (const char *)sqlite3_column_text(log->statement[ROWS], 1);
		const char *state = (const char *)sqlite3_column_text(log->statement[ROWS], 2);

		log->last = sqlite3_column_int64(log->statement[ROWS], 0);
		if (log->first == 0)
			log->first = log->last;
		if (!address || !state || inet_pton(AF_INET6, address, &place.address) != 1)
			continue; /* read_row() of sqlite_store.c reports it */
		place.change = strcmp(state, sqlite_log_removed) == 0 ? 0 : (uint64_t)log->last;
		rc = lease_index_reserve(&log->index, &place.address, 1);
		if (rc == 0)
			index_change(&log->index, &place);
	}
	if (rc < 0)
		sqlite_file_fail(log->file, rc, "no memory");
	else if (step != SQLITE_DONE)
		rc = sqlite_file_failed(log->file);
	sqlite3_reset(log->statement[ROWS]);
	return rc;
}

/* --- deleting old rows --------------------------------------------------------------------- */

/* If one of the oldest rows is still valid, copy it to the end. */
static int keep_row(struct sqlite_log *log, const struct lease_place *row, bool is_over)
{
	int rc = 0;

	if (lease_index_get(&log->index, &row->address) != row->change)
		return 0;
	if (is_over)
		return note_change(log, &row->address, 0);
	sqlite3_bind_int64(log->statement[COPY], 1, log->next);
	sqlite3_bind_int64(log->statement[COPY], 2, (int64_t)row->change);
	rc = sqlite_file_run(log->file, log->statement[COPY]);
	return rc < 0 ? rc : note_change(log, &row->address, log->next++);
}

static int delete_oldest(struct sqlite_log *log, int max)
{
	struct lease_place row[TIDY_ROWS];
	bool is_over[TIDY_ROWS];
	int64_t over = (int64_t)time(NULL) - KEPT_EXPIRED_S;
	int rows = 0, rc = 0;

	sqlite3_bind_int64(log->statement[OLDEST], 1, log->first);
	sqlite3_bind_int(log->statement[OLDEST], 2, max);
	while (rows < max && sqlite3_step(log->statement[OLDEST]) == SQLITE_ROW) {
		const char *address = (const char *)sqlite3_column_text(log->statement[OLDEST], 1);

		row[rows].change = (uint64_t)sqlite3_column_int64(log->statement[OLDEST], 0);
		is_over[rows] = sqlite3_column_int64(log->statement[OLDEST], 2) < over;
		if (address && inet_pton(AF_INET6, address, &row[rows].address) == 1)
			rows++;
	}
	sqlite3_reset(log->statement[OLDEST]);
	for (int i = 0; i < rows && rc == 0; i++)
		rc = keep_row(log, &row[i], is_over[i]);
	if (rc < 0 || rows == 0)
		return rc;
	sqlite3_bind_int64(log->statement[TRIM], 1, (int64_t)row[rows - 1].change);
	log->trimmed = (int64_t)row[rows - 1].change;
	return sqlite_file_run(log->file, log->statement[TRIM]);
}

/* Deletes twice as many rows as the last transaction added, so the log shrinks while it is used. */
static int tidy(struct sqlite_log *log)
{
	size_t max = 2 * log->before + 1;
	uint64_t rows = (uint64_t)(log->last - log->first + 1);

	if (rows <= 2 * log->index.count + TIDY_SPARE)
		return 0;
	return delete_oldest(log, max < TIDY_ROWS ? (int)max : TIDY_ROWS);
}

/* --- a transaction ---------------------------------------------------------------- */

/* Does nothing in a transaction that has failed. */
static int begin(struct sqlite_log *log)
{
	int rc;

	if (log->open || log->failed < 0)
		return log->failed;
	rc = sqlite_file_run(log->file, log->statement[BEGIN]);
	log->open = rc == 0;
	if (rc == 0)
		rc = sqlite_log_read_on(log); /* rows that an operator has added */
	log->next = log->last + 1;
	log->trimmed = 0;
	if (rc == 0)
		rc = tidy(log);
	log->failed = rc;
	return rc;
}

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
	sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
}

static int put_row(struct sqlite_log *log, const struct lease *lease, const char *state)
{
	char address[INET6_ADDRSTRLEN], subnet[PREFIX_TEXT], machine[MACHINE_TEXT];
	char duid[DHCP6_DUID_TEXT];
	sqlite3_stmt *put = log->statement[PUT];
	int rc;

	sqlite3_bind_int64(put, 1, log->next);
	bind_text(put, 2, dhcp6_address_format(&lease->address, address));
	bind_text(put, 3, prefix_format(&lease->subnet, subnet));
	bind_text(put, 4, machine_format(&lease->machine, machine));
	bind_text(put, 5, dhcp6_duid_format(&lease->duid, duid));
	sqlite3_bind_int64(put, 6, lease->iaid);
	bind_text(put, 7, state);
	sqlite3_bind_int64(put, 8, lease->since_unix_s);
	sqlite3_bind_int64(put, 9, lease->expires_unix_s);
	rc = sqlite_file_run(log->file, put);
	if (rc == 0)
		rc = note_change(log, &lease->address, state == sqlite_log_removed ? 0 : log->next);
	log->next++;
	return rc;
}

int sqlite_log_put(struct sqlite_log *log, const struct lease *lease, const char *state)
{
	if (begin(log) == 0)
		log->failed = put_row(log, lease, state);
	return log->failed;
}

/* After some errors, such as a full disk, SQLite has rolled back already. */
static void roll_back(struct sqlite_log *log)
{
	if (!sqlite3_get_autocommit(log->file->db))
		sqlite3_exec(log->file->db, "ROLLBACK", NULL, NULL, NULL);
}

static int run_commit(struct sqlite_log *log)
{
	uint64_t began_us = loop_now_us();
	int rc = sqlite_file_run(log->file, log->statement[COMMIT]);

	log->health.commit_us = loop_now_us() - began_us;
	log->health.commits_us += log->health.commit_us;
	log->health.commits++;
	return rc;
}

int sqlite_log_commit(struct sqlite_log *log)
{
	int rc = log->failed;

	if (rc == 0 && log->open)
		rc = run_commit(log);
	if (rc < 0)
		roll_back(log);
	for (size_t i = 0; rc == 0 && i < log->changes; i++)
		index_change(&log->index, &log->change[i]);
	if (rc == 0 && log->open) {
		log->last = log->next - 1;
		log->first = log->trimmed ? log->trimmed + 1 : log->first;
		log->before = log->changes;
	}
	log->changes = 0;
	log->open = false;
	log->failed = 0;
	return rc;
}
