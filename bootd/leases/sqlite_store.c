/* SPDX-License-Identifier: ISC */
/* One connection, four prepared statements, one transaction at a time. */
#include "bootd/leases/sqlite_store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "bootd/leases/lease_text.h"

enum {
	APPLICATION_ID = 0x6e623601, /* "nb6", 1: leases */
	BUSY_MS = 200,               /* an operator's own transaction may hold us up for so long */
	TEXT_COLUMNS = 7,
	PATH_SIZE = 1024,
};

struct sqlite_store {
	struct lease_store head;
	sqlite3 *db;
	sqlite3_stmt *begin, *put, *remove, *commit;
	int lock_fd;
	bool open;  /* a transaction is */
	int failed; /* what made it fail, 0 or -errno */
	struct lease_store_health health;
	char path[PATH_SIZE];
	char why[SQLITE_STORE_WHY];
};

static const char schema[] =
	"CREATE TABLE lease ("
	" address TEXT NOT NULL PRIMARY KEY,"
	" subnet TEXT NOT NULL,"
	" machine TEXT NOT NULL," /* its MAC, or its DUID where that is not known */
	" duid TEXT NOT NULL,"
	" iaid INTEGER NOT NULL,"
	" state TEXT NOT NULL,"
	" since TEXT NOT NULL,"
	" expires TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE UNIQUE INDEX lease_of_machine ON lease (subnet, machine)"
	" WHERE state <> 'declined';";

static struct sqlite_store *store_of(const struct lease_store *store)
{
	return (struct sqlite_store *)(uintptr_t)store;
}

/* --- errors -------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int fail(
	struct sqlite_store *store, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(store->why, sizeof(store->why), fmt, ap);
	va_end(ap);
	return rc;
}

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

static int fail_sqlite(struct sqlite_store *store)
{
	return fail(store, errno_of(sqlite3_errcode(store->db)), "%s", sqlite3_errmsg(store->db));
}

/* --- small steps ----------------------------------------------------------------- */

static int execute(struct sqlite_store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail_sqlite(store);
}

/* A statement that gives no rows. */
static int run(struct sqlite_store *store, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		rc = 0;
	else
		rc = fail_sqlite(store);
	sqlite3_reset(statement);
	return rc;
}

static int prepare(struct sqlite_store *store, const char *sql, sqlite3_stmt **statement)
{
	return sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) ==
			       SQLITE_OK
		       ? 0
		       : fail_sqlite(store);
}

/* A statement with one number in one row, a pragma such as user_version. */
static int ask_number(struct sqlite_store *store, const char *sql, int *number)
{
	sqlite3_stmt *statement = NULL;
	int rc = prepare(store, sql, &statement);

	if (rc == 0 && sqlite3_step(statement) == SQLITE_ROW)
		*number = sqlite3_column_int(statement, 0);
	else if (rc == 0)
		rc = fail_sqlite(store);
	sqlite3_finalize(statement);
	return rc;
}

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
	sqlite3_bind_text(statement, column, text, -1, SQLITE_TRANSIENT);
}

/* --- writing ---------------------------------------------------------------------- */

/* A transaction that failed stays so until its end: nothing of it is to be done. */
static int begin(struct sqlite_store *store)
{
	int rc;

	if (store->open || store->failed < 0)
		return store->failed;
	rc = run(store, store->begin);
	store->open = rc == 0;
	store->failed = rc;
	return rc;
}

static int sqlite_put(struct lease_store *head, const struct lease *lease)
{
	struct sqlite_store *store = store_of(head);
	sqlite3_stmt *put = store->put;
	struct lease_text text;

	if (begin(store) < 0)
		return store->failed;
	lease_text_of(lease, &text);
	bind_text(put, 1, text.address);
	bind_text(put, 2, text.subnet);
	bind_text(put, 3, text.machine);
	bind_text(put, 4, text.duid);
	bind_text(put, 5, text.state);
	bind_text(put, 6, text.since);
	bind_text(put, 7, text.expires);
	sqlite3_bind_int64(put, 8, lease->iaid);
	store->failed = run(store, put);
	return store->failed;
}

static int sqlite_remove(struct lease_store *head, const struct in6_addr *address)
{
	struct sqlite_store *store = store_of(head);
	char text[INET6_ADDRSTRLEN];

	if (begin(store) < 0)
		return store->failed;
	bind_text(store->remove, 1, inet_ntop(AF_INET6, address, text, sizeof(text)));
	store->failed = run(store, store->remove);
	return store->failed;
}

/* A full disk ends the transaction by itself. */
static void roll_back(struct sqlite_store *store)
{
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
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
	int rc = run(store, store->commit);

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
	store->open = false;
	store->failed = 0;
	return rc;
}

/* --- reading ---------------------------------------------------------------------- */

static int read_row(struct sqlite_store *store, sqlite3_stmt *row, struct lease *lease)
{
	const char *text[TEXT_COLUMNS], *wrong;

	for (int i = 0; i < TEXT_COLUMNS; i++) {
		text[i] = (const char *)sqlite3_column_text(row, i);
		if (!text[i])
			return fail(store, -ENOMEM, "no memory");
	}
	*lease = (struct lease){.iaid = (uint32_t)sqlite3_column_int64(row, 7)};
	wrong = lease_text_read(
		lease, text[0], text[1], text[2], text[3], text[4], text[5], text[6]);
	if (wrong)
		return fail(store, -EBADMSG, "the lease of %.45s has a wrong %s", text[0], wrong);
	return 0;
}

static int read_rows(struct sqlite_store *store, int64_t now_unix_s, lease_take_fn *take, void *arg)
{
	char now[LEASE_TIME_TEXT];
	struct lease lease;
	sqlite3_stmt *row = NULL;
	int step = SQLITE_DONE;
	int rc = prepare(store,
		"SELECT address, subnet, machine, duid, state, since, expires, iaid"
		" FROM lease WHERE expires > ? ORDER BY since",
		&row);

	if (rc == 0)
		bind_text(row, 1, lease_time_format(now_unix_s, now));
	while (rc == 0 && (step = sqlite3_step(row)) == SQLITE_ROW) {
		rc = read_row(store, row, &lease);
		if (rc == 0)
			rc = take(arg, &lease);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = fail_sqlite(store);
	sqlite3_finalize(row);
	return rc;
}

/* To save room only: where it cannot be done (a full disk), they are still not read. */
static void delete_expired(struct sqlite_store *store, int64_t now_unix_s)
{
	char now[LEASE_TIME_TEXT];
	sqlite3_stmt *delete = NULL;

	if (prepare(store, "DELETE FROM lease WHERE expires <= ?", &delete) == 0) {
		bind_text(delete, 1, lease_time_format(now_unix_s, now));
		run(store, delete);
	}
	sqlite3_finalize(delete);
}

static int sqlite_load(struct lease_store *head, int64_t now_unix_s, lease_take_fn *take, void *arg)
{
	struct sqlite_store *store = store_of(head);

	delete_expired(store, now_unix_s);
	return read_rows(store, now_unix_s, take, arg);
}

/* --- opening ---------------------------------------------------------------------- */

static int lock_file(struct sqlite_store *store, const char *path)
{
	char lock[PATH_SIZE];

	if (snprintf(lock, sizeof(lock), "%s.lock", path) >= (int)sizeof(lock))
		return fail(store, -ENAMETOOLONG, "the name is too long");
	store->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock_fd < 0)
		return fail(store, -errno, "%s.lock: %s", path, strerror(errno));
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return fail(store, -EBUSY, "another netboot6-bootd gives leases from this file");
	return 0;
}

static int create_schema(struct sqlite_store *store)
{
	char sql[sizeof(schema) + 128];

	snprintf(sql, sizeof(sql),
		"BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		schema, APPLICATION_ID, SQLITE_STORE_SCHEMA);
	return execute(store, sql);
}

static int check_schema(struct sqlite_store *store)
{
	int tables = 0, id = 0, version = 0;
	int rc = ask_number(store, "SELECT count(*) FROM sqlite_master", &tables);

	if (rc == 0)
		rc = ask_number(store, "PRAGMA application_id", &id);
	if (rc == 0)
		rc = ask_number(store, "PRAGMA user_version", &version);
	if (rc < 0)
		return rc;
	if (tables == 0 && id == 0 && version == 0)
		return create_schema(store);
	if (id != APPLICATION_ID)
		return fail(store, -EBADMSG, "it is a database, but not one of leases");
	if (version != SQLITE_STORE_SCHEMA)
		return fail(store, -EPROTONOSUPPORT,
			"its schema has version %d, this netboot6-bootd knows %d only", version,
			SQLITE_STORE_SCHEMA);
	return 0;
}

/* Every page, and the index against the table, before anything is believed. */
static int check_pages(struct sqlite_store *store)
{
	sqlite3_stmt *check = NULL;
	const char *said = NULL;
	int rc = prepare(store, "PRAGMA integrity_check(1)", &check);

	if (rc == 0 && sqlite3_step(check) != SQLITE_ROW)
		rc = fail_sqlite(store);
	if (rc == 0)
		said = (const char *)sqlite3_column_text(check, 0);
	if (rc == 0 && (!said || strcmp(said, "ok") != 0))
		rc = fail(store, -EBADMSG, "it is damaged: %s", said ? said : "no answer");
	sqlite3_finalize(check);
	return rc;
}

static int open_database(struct sqlite_store *store, const char *path)
{
	int rc = sqlite3_open_v2(path, &store->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK)
		return store->db ? fail_sqlite(store) : fail(store, -ENOMEM, "no memory");
	if (sqlite3_db_readonly(store->db, "main"))
		return fail(store, -EROFS, "it can be read, but not written");
	sqlite3_busy_timeout(store->db, BUSY_MS);
	/* In this order: the log is there, and what crashed is recovered, before it is checked. */
	rc = execute(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			    "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON");
	if (rc == 0)
		rc = check_pages(store);
	return rc == 0 ? check_schema(store) : rc;
}

static int prepare_all(struct sqlite_store *store)
{
	int rc = prepare(store, "BEGIN IMMEDIATE", &store->begin);

	if (rc == 0)
		rc = prepare(store,
			"INSERT OR REPLACE INTO lease"
			" (address, subnet, machine, duid, state, since, expires, iaid)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			&store->put);
	if (rc == 0)
		rc = prepare(store, "DELETE FROM lease WHERE address = ?", &store->remove);
	return rc == 0 ? prepare(store, "COMMIT", &store->commit) : rc;
}

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

	sqlite3_finalize(store->begin);
	sqlite3_finalize(store->put);
	sqlite3_finalize(store->remove);
	sqlite3_finalize(store->commit);
	sqlite3_close(store->db);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
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
	snprintf(store->path, sizeof(store->path), "%s", path);
	store->head.kind = &kind;
	store->head.name = store->path;
	store->lock_fd = -1;
	rc = lock_file(store, path);
	if (rc == 0)
		rc = open_database(store, path);
	if (rc == 0)
		rc = prepare_all(store);
	snprintf(why, SQLITE_STORE_WHY, "%s", store->why);
	if (rc < 0)
		sqlite_close(&store->head);
	else
		*out = &store->head;
	return rc;
}
