/* SPDX-License-Identifier: ISC */
/*
 * Leases in a SQLite file, which an operator can open:
 *
 *	sqlite3 /var/lib/netboot6/leases.db 'SELECT address, machine, state, expires FROM lease'
 *
 * `lease` is a view of the table `lease_change`: the last change of each address. On load, leases
 * are handed over in the order of their changes; if a machine has two in a subnet, the later one
 * counts. Every column is checked.
 *
 * With an event loop, commits run in a thread (sqlite_writer.c); without one, which suits tests and
 * tools, commit() returns the result, and the owner may be NULL.
 *
 * The file uses a write-ahead log that is synced at each commit: one fsync() per transaction. Times
 * are UTC. The file has an application id and a schema version. While it is open, FILE.lock is
 * locked, so that no two servers give leases from the same file.
 */
#include "bootd/leases/sqlite_store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/leases/lease_store.h"
#include "bootd/leases/sql.h"

enum {
	TEXT_COLUMNS = 5,
	/* How long a commit may take without shortening the lifetimes of its leases. */
	MARGIN_S = 5,
};

struct sqlite_store {
	struct lease_store head;
	struct sqlite_file file;
	struct sqlite_log log;
	struct sqlite_writer *writer; /* NULL: opened without an event loop, commits at once */

	/* Copies for the event loop, because the thread uses the log during a commit. */
	char why[LEASE_STORE_WHY];
	struct lease_store_health health;
};

static struct sqlite_store *store_of(const struct lease_store *store)
{
	return (struct sqlite_store *)(uintptr_t)store;
}

/* --- writing ---------------------------------------------------------------------- */

static void copy_state(struct sqlite_store *store)
{
	snprintf(store->why, sizeof(store->why), "%s", store->file.why);
	store->health = store->log.health;
}

static void committed(void *arg, int rc)
{
	struct sqlite_store *store = arg;

	copy_state(store);
	store->head.owner->committed(store->head.owner->arg, rc, NULL);
}

static int put_state(struct sqlite_store *store, const struct lease *lease, const char *state)
{
	return store->writer ? sqlite_writer_put(store->writer, lease, state)
			     : sqlite_log_put(&store->log, lease, state);
}

static int sqlite_put(struct lease_store *head, const struct lease *lease)
{
	return put_state(store_of(head), lease, lease_state_name(lease->state));
}

static int sqlite_remove(
	struct lease_store *head, const struct in6_addr *address, const struct machine *machine)
{
	struct lease none = {.address = *address, .machine = *machine};

	return put_state(store_of(head), &none, sqlite_log_removed);
}

static int sqlite_commit(struct lease_store *head)
{
	struct sqlite_store *store = store_of(head);
	int rc;

	if (!store->writer) {
		rc = sqlite_log_commit(&store->log);
		copy_state(store);
		return rc;
	}
	rc = sqlite_writer_commit(store->writer);
	if (rc == -ENOMEM || rc == -EAGAIN)
		snprintf(store->why, sizeof(store->why), "%s",
			rc == -ENOMEM ? "out of memory" : "cannot start a thread");
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
	wrong = lease_text_read(lease, text[0], text[1], text[2], text[3], text[4]);
	if (!wrong && sqlite3_column_type(row, 7) != SQLITE_INTEGER)
		wrong = "since";
	if (!wrong && sqlite3_column_type(row, 8) != SQLITE_INTEGER)
		wrong = "expires";
	if (wrong)
		return sqlite_file_fail(&store->file, -EBADMSG, "the lease of %.45s has a wrong %s",
			text[0], wrong);
	return 0;
}

/* Is this row the last one of its address, and not expired? An expired one leaves the index. */
static bool counts(struct sqlite_store *store, sqlite3_stmt *row, int64_t now_unix_s)
{
	const char *text = (const char *)sqlite3_column_text(row, 1);
	struct in6_addr address;

	if (!text || inet_pton(AF_INET6, text, &address) != 1)
		return true; /* read_row() reports it */
	if (lease_index_get(&store->log.index, &address) != (uint64_t)sqlite3_column_int64(row, 0))
		return false;
	if (sqlite3_column_type(row, 8) != SQLITE_INTEGER ||
		sqlite3_column_int64(row, 8) > now_unix_s)
		return true;
	lease_index_drop(&store->log.index, &address);
	return false;
}

static int read_rows(struct sqlite_store *store, int64_t now_unix_s, lease_take_fn *take, void *arg)
{
	struct lease lease = {0};
	sqlite3_stmt *row = NULL;
	int step = SQLITE_DONE;
	int rc = sqlite_file_prepare(&store->file, sql_sqlite_load, &row, 1);

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
	int rc = sqlite_log_read_on(&store->log);

	if (rc == 0)
		rc = read_rows(store, now_unix_s, take, arg);
	copy_state(store);
	return rc;
}

/* --- opening ---------------------------------------------------------------------- */

static const char *sqlite_last_error(const struct lease_store *head)
{
	return store_of(head)->why;
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

	sqlite_writer_free(store->writer);
	sqlite_log_close(&store->log);
	sqlite_file_close(&store->file);
	free(store);
}

static bool sqlite_accepts(const char *location)
{
	(void)location;
	return true;
}

static int sqlite_open(const char *location, struct loop *loop,
	const struct lease_store_owner *owner, struct lease_store **out, char why[LEASE_STORE_WHY])
{
	struct sqlite_store *store = calloc(1, sizeof(*store));
	int rc;

	*out = NULL;
	snprintf(why, LEASE_STORE_WHY, "out of memory");
	if (!store)
		return -ENOMEM;
	store->head = (struct lease_store){
		.driver = &sqlite_driver, .name = store->file.path, .owner = owner};
	rc = sqlite_file_open(&store->file, location);
	if (rc == 0)
		rc = sqlite_log_open(&store->log, &store->file);
	snprintf(why, LEASE_STORE_WHY, "%s", store->file.why);
	if (rc == 0 && loop) {
		store->writer = sqlite_writer_new(loop, &store->log, committed, store);
		store->head.margin_s = MARGIN_S;
		store->head.collects = true;
		if (!store->writer)
			rc = -ENOMEM;
	}
	if (rc < 0)
		sqlite_close(&store->head);
	else
		*out = &store->head;
	return rc;
}

const struct lease_driver sqlite_driver = {
	.name = "sqlite",
	.accepts = sqlite_accepts,
	.is_file = true,
	.open = sqlite_open,
	.load = sqlite_load,
	.put = sqlite_put,
	.remove = sqlite_remove,
	.commit = sqlite_commit,
	.last_error = sqlite_last_error,
	.describe = sqlite_describe,
	.close = sqlite_close,
};
