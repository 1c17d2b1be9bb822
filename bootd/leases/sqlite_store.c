/* SPDX-License-Identifier: ISC */
/*
 * One connection, prepared statements, one transaction at a time. Every change is a row at
 * the end of a log: whatever leases a batch is about, its commit writes two or three pages,
 * next to each other, and costs the same with a million leases. The last row of an address
 * counts (lease_index.h knows which that is).
 *
 * When the log has more rows than twice the leases, each transaction first tidies a little at
 * its beginning: of the oldest rows those that still count are written anew, then all of them
 * go. Oldest first, so that nothing of before comes to count again.
 */
#include "bootd/leases/sqlite_store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bootd/leases/lease_index.h"
#include "bootd/leases/lease_text.h"
#include "bootd/leases/sqlite_file.h"

enum {
	TEXT_COLUMNS = 5,
	ROOM = 64,
	TIDY_ROWS = 256,            /* at a time, at most */
	TIDY_SPARE = 8192,          /* rows beyond twice the leases that are not worth it */
	KEPT_EXPIRED_S = 24 * 3600, /* in the log; the clock may have been wrong */
};

static const char removed[] = "removed"; /* the state of an address whose lease is none any more */

struct sqlite_store {
	struct lease_store head;
	struct sqlite_file file;
	sqlite3_stmt *begin, *rows, *put, *oldest, *again, *trim, *commit;
	struct lease_index index;
	int64_t first, last;          /* changes in the log; 0: none */
	int64_t next, trimmed;        /* of the open transaction; 0: nothing trimmed */
	struct lease_place *change;   /* of the open transaction; .change 0: no lease any more */
	size_t changes, room, before; /* how many; `before`: in the last one */
	bool open;                    /* a transaction is */
	int failed;                   /* what made it fail, 0 or -errno */
	struct lease_store_health health;
};

static struct sqlite_store *store_of(const struct lease_store *store)
{
	return (struct sqlite_store *)(uintptr_t)store;
}

/* --- the log --------------------------------------------------------------------- */

/* For the index, once it is committed. */
static int note_change(struct sqlite_store *store, const struct in6_addr *address, int64_t change)
{
	if (store->changes == store->room) {
		size_t room = store->room + ROOM;
		struct lease_place *more = realloc(store->change, room * sizeof(*more));

		if (!more)
			return sqlite_file_fail(&store->file, -ENOMEM, "no memory");
		store->change = more;
		store->room = room;
	}
	if (change && lease_index_reserve(&store->index, address, store->changes + 1) < 0)
		return sqlite_file_fail(&store->file, -ENOMEM, "no memory");
	store->change[store->changes++] =
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

/* What is in the file from this change on. */
static int index_rows(struct sqlite_store *store, int64_t from)
{
	struct lease_place place;
	int rc = 0, step = SQLITE_DONE;

	sqlite3_bind_int64(store->rows, 1, from);
	while (rc == 0 && (step = sqlite3_step(store->rows)) == SQLITE_ROW) {
		const char *address = (const char *)sqlite3_column_text(store->rows, 1);
		const char *state = (const char *)sqlite3_column_text(store->rows, 2);

		store->last = sqlite3_column_int64(store->rows, 0);
		if (store->first == 0)
			store->first = store->last;
		if (!address || !state || inet_pton(AF_INET6, address, &place.address) != 1)
			continue; /* read_row() says so */
		place.change = strcmp(state, removed) == 0 ? 0 : (uint64_t)store->last;
		rc = lease_index_reserve(&store->index, &place.address, 1);
		if (rc == 0)
			index_change(&store->index, &place);
	}
	if (rc < 0)
		sqlite_file_fail(&store->file, rc, "no memory");
	else if (step != SQLITE_DONE)
		rc = sqlite_file_failed(&store->file);
	sqlite3_reset(store->rows);
	return rc;
}

/* One of the oldest rows, where it still counts: the same once more, at the end. */
static int keep_row(struct sqlite_store *store, const struct lease_place *row, bool is_over)
{
	int rc = 0;

	if (lease_index_get(&store->index, &row->address) != row->change)
		return 0;
	if (is_over)
		return note_change(store, &row->address, 0);
	sqlite3_bind_int64(store->again, 1, store->next);
	sqlite3_bind_int64(store->again, 2, (int64_t)row->change);
	rc = sqlite_file_run(&store->file, store->again);
	return rc < 0 ? rc : note_change(store, &row->address, store->next++);
}

static int tidy_rows(struct sqlite_store *store, int most)
{
	struct lease_place row[TIDY_ROWS];
	bool is_over[TIDY_ROWS];
	int64_t over = (int64_t)time(NULL) - KEPT_EXPIRED_S;
	int rows = 0, rc = 0;

	sqlite3_bind_int64(store->oldest, 1, store->first);
	sqlite3_bind_int(store->oldest, 2, most);
	while (rows < most && sqlite3_step(store->oldest) == SQLITE_ROW) {
		const char *address = (const char *)sqlite3_column_text(store->oldest, 1);

		row[rows].change = (uint64_t)sqlite3_column_int64(store->oldest, 0);
		is_over[rows] = sqlite3_column_int64(store->oldest, 2) < over;
		if (address && inet_pton(AF_INET6, address, &row[rows].address) == 1)
			rows++;
	}
	sqlite3_reset(store->oldest);
	for (int i = 0; i < rows && rc == 0; i++)
		rc = keep_row(store, &row[i], is_over[i]);
	if (rc < 0 || rows == 0)
		return rc;
	sqlite3_bind_int64(store->trim, 1, (int64_t)row[rows - 1].change);
	store->trimmed = (int64_t)row[rows - 1].change;
	return sqlite_file_run(&store->file, store->trim);
}

/* Twice as many as were put: the log shrinks faster than it grows. */
static int tidy(struct sqlite_store *store)
{
	size_t most = 2 * store->before + 1;
	uint64_t rows = (uint64_t)(store->last - store->first + 1);

	if (rows <= 2 * store->index.count + TIDY_SPARE)
		return 0;
	return tidy_rows(store, most < TIDY_ROWS ? (int)most : TIDY_ROWS);
}

/* A transaction that failed stays so until its end: nothing of it is to be done. */
static int begin(struct sqlite_store *store)
{
	int rc;

	if (store->open || store->failed < 0)
		return store->failed;
	rc = sqlite_file_run(&store->file, store->begin);
	store->open = rc == 0;
	if (rc == 0)
		rc = index_rows(store, store->last + 1); /* an operator's, where there are any */
	store->next = store->last + 1;
	store->trimmed = 0;
	if (rc == 0)
		rc = tidy(store);
	store->failed = rc;
	return rc;
}

/* --- writing ---------------------------------------------------------------------- */

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
	sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
}

static int put_row(struct sqlite_store *store, const struct lease *lease, const char *state)
{
	char address[INET6_ADDRSTRLEN], subnet[PREFIX_TEXT], machine[MACHINE_TEXT];
	char duid[DHCP6_DUID_TEXT];
	sqlite3_stmt *put = store->put;
	int rc;

	sqlite3_bind_int64(put, 1, store->next);
	bind_text(put, 2, dhcp6_address_format(&lease->address, address));
	bind_text(put, 3, prefix_format(&lease->subnet, subnet));
	bind_text(put, 4, machine_format(&lease->machine, machine));
	bind_text(put, 5, dhcp6_duid_format(&lease->duid, duid));
	sqlite3_bind_int64(put, 6, lease->iaid);
	bind_text(put, 7, state);
	sqlite3_bind_int64(put, 8, lease->since_unix_s);
	sqlite3_bind_int64(put, 9, lease->expires_unix_s);
	rc = sqlite_file_run(&store->file, put);
	if (rc == 0)
		rc = note_change(store, &lease->address, state == removed ? 0 : store->next);
	store->next++;
	return rc;
}

static int sqlite_put(struct lease_store *head, const struct lease *lease)
{
	struct sqlite_store *store = store_of(head);

	if (begin(store) == 0)
		store->failed = put_row(store, lease, lease_state_name(lease->state));
	return store->failed;
}

static int sqlite_remove(
	struct lease_store *head, const struct in6_addr *address, const struct machine *machine)
{
	struct sqlite_store *store = store_of(head);
	struct lease none = {.address = *address, .machine = *machine};

	if (begin(store) == 0)
		store->failed = put_row(store, &none, removed);
	return store->failed;
}

/* A full disk ends the transaction by itself. */
static void roll_back(struct sqlite_store *store)
{
	if (!sqlite3_get_autocommit(store->file.db))
		sqlite3_exec(store->file.db, "ROLLBACK", NULL, NULL, NULL);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int run_commit(struct sqlite_store *store)
{
	uint64_t began_us = now_us();
	int rc = sqlite_file_run(&store->file, store->commit);

	store->health.commit_us = now_us() - began_us;
	store->health.commits_us += store->health.commit_us;
	store->health.commits++;
	return rc;
}

static int sqlite_commit(struct lease_store *head)
{
	struct sqlite_store *store = store_of(head);
	int rc = store->failed;

	if (rc == 0 && store->open)
		rc = run_commit(store);
	if (rc < 0)
		roll_back(store);
	for (size_t i = 0; rc == 0 && i < store->changes; i++)
		index_change(&store->index, &store->change[i]);
	if (rc == 0 && store->open) {
		store->last = store->next - 1;
		store->first = store->trimmed ? store->trimmed + 1 : store->first;
		store->before = store->changes;
	}
	store->changes = 0;
	store->open = false;
	store->failed = 0;
	return rc;
}

/* --- reading ---------------------------------------------------------------------- */

static int read_row(struct sqlite_store *store, sqlite3_stmt *row, struct lease *lease)
{
	const char *text[TEXT_COLUMNS], *wrong;

	for (int i = 0; i < TEXT_COLUMNS; i++) {
		text[i] = (const char *)sqlite3_column_text(row, i + 1);
		if (!text[i])
			return sqlite_file_fail(&store->file, -ENOMEM, "no memory");
	}
	lease->iaid = (uint32_t)sqlite3_column_int64(row, 6);
	lease->since_unix_s = sqlite3_column_int64(row, 7);
	lease->expires_unix_s = sqlite3_column_int64(row, 8);
	wrong = lease_words_read(lease, text[0], text[1], text[2], text[3], text[4]);
	if (!wrong && sqlite3_column_type(row, 7) != SQLITE_INTEGER)
		wrong = "since";
	if (!wrong && sqlite3_column_type(row, 8) != SQLITE_INTEGER)
		wrong = "expires";
	if (wrong)
		return sqlite_file_fail(&store->file, -EBADMSG, "the lease of %.45s has a wrong %s",
			text[0], wrong);
	return 0;
}

/* Does this row count? Those of old are passed over, and with the expired ones it is over. */
static bool counts(struct sqlite_store *store, sqlite3_stmt *row, int64_t now_unix_s)
{
	const char *text = (const char *)sqlite3_column_text(row, 1);
	struct in6_addr address;

	if (!text || inet_pton(AF_INET6, text, &address) != 1)
		return true; /* to be complained of */
	if (lease_index_get(&store->index, &address) != (uint64_t)sqlite3_column_int64(row, 0))
		return false;
	if (sqlite3_column_type(row, 8) != SQLITE_INTEGER ||
		sqlite3_column_int64(row, 8) > now_unix_s)
		return true;
	lease_index_drop(&store->index, &address);
	return false;
}

static int read_rows(struct sqlite_store *store, int64_t now_unix_s, lease_take_fn *take, void *arg)
{
	struct lease lease = {0};
	sqlite3_stmt *row = NULL;
	int step = SQLITE_DONE;
	int rc = sqlite_file_prepare(&store->file,
		"SELECT change, address, subnet, machine, duid, state, iaid, since, expires"
		" FROM lease_change ORDER BY change",
		&row);

	while (rc == 0 && (step = sqlite3_step(row)) == SQLITE_ROW) {
		if (!counts(store, row, now_unix_s))
			continue;
		rc = read_row(store, row, &lease);
		if (rc == 0)
			rc = take(arg, &lease);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = sqlite_file_failed(&store->file);
	sqlite3_finalize(row);
	return rc;
}

static int sqlite_load(struct lease_store *head, int64_t now_unix_s, lease_take_fn *take, void *arg)
{
	struct sqlite_store *store = store_of(head);
	int rc = index_rows(store, store->last + 1);

	return rc < 0 ? rc : read_rows(store, now_unix_s, take, arg);
}

/* --- opening ---------------------------------------------------------------------- */

static int prepare_all(struct sqlite_store *store)
{
	const struct {
		const char *sql;
		sqlite3_stmt **statement;
	} wanted[] = {
		{"BEGIN IMMEDIATE", &store->begin},
		{"SELECT change, address, state FROM lease_change WHERE change >= ?"
		 " ORDER BY change",
			&store->rows},
		{"INSERT INTO lease_change"
		 " (change, address, subnet, machine, duid, iaid, state, since, expires)"
		 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			&store->put},
		{"SELECT change, address, expires FROM lease_change WHERE change >= ?"
		 " ORDER BY change LIMIT ?",
			&store->oldest},
		{"INSERT INTO lease_change"
		 " SELECT ?, address, subnet, machine, duid, iaid, state, since, expires"
		 " FROM lease_change WHERE change = ?",
			&store->again},
		{"DELETE FROM lease_change WHERE change <= ?", &store->trim},
		{"COMMIT", &store->commit},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(wanted) / sizeof(wanted[0]); i++)
		rc = sqlite_file_prepare(&store->file, wanted[i].sql, wanted[i].statement);
	return rc;
}

static const char *sqlite_last_error(const struct lease_store *head)
{
	return store_of(head)->file.why;
}

static void sqlite_describe(const struct lease_store *head, struct lease_store_health *health)
{
	*health = store_of(head)->health;
	health->kind = "sqlite";
	health->state = "ready";
}

static void sqlite_close(struct lease_store *head)
{
	struct sqlite_store *store = store_of(head);
	sqlite3_stmt *statement[] = {store->begin, store->rows, store->put, store->oldest,
		store->again, store->trim, store->commit};

	for (size_t i = 0; i < sizeof(statement) / sizeof(statement[0]); i++)
		sqlite3_finalize(statement[i]);
	sqlite_file_close(&store->file);
	lease_index_fini(&store->index);
	free(store->change);
	free(store);
}

int sqlite_store_open(const char *path, struct lease_store **out, char why[SQLITE_STORE_WHY])
{
	static const struct lease_store_kind kind = {
		.load = sqlite_load,
		.put = sqlite_put,
		.remove = sqlite_remove,
		.commit = sqlite_commit,
		.last_error = sqlite_last_error,
		.describe = sqlite_describe,
		.close = sqlite_close,
	};
	struct sqlite_store *store = calloc(1, sizeof(*store));
	int rc;

	*out = NULL;
	snprintf(why, SQLITE_STORE_WHY, "no memory");
	if (!store)
		return -ENOMEM;
	store->head.kind = &kind;
	store->head.name = store->file.path;
	lease_index_init(&store->index);
	rc = sqlite_file_open(&store->file, path);
	if (rc == 0)
		rc = prepare_all(store);
	snprintf(why, SQLITE_STORE_WHY, "%s", store->file.why);
	if (rc < 0)
		sqlite_close(&store->head);
	else
		*out = &store->head;
	return rc;
}
