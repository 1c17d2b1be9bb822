/* SPDX-License-Identifier: ISC */
/*
 * The database file of a lease store: opens it, locks it against another server, checks every page,
 * and creates or upgrades the tables. Errors are explained in `why`.
 */
#ifndef NB6_BOOTD_LEASES_SQLITE_FILE_H
#define NB6_BOOTD_LEASES_SQLITE_FILE_H

#include <sqlite3.h>

#include "bootd/leases/lease_store.h"

enum { SQLITE_FILE_PATH = 1024, SQLITE_FILE_SCHEMA = 2 };

struct sqlite_file {
	sqlite3 *db;
	int lock_fd;
	char path[SQLITE_FILE_PATH];
	char why[LEASE_STORE_WHY];
};

/* Errors as in sqlite_store.h; close it in any case. */
int sqlite_file_open(struct sqlite_file *file, const char *path);
void sqlite_file_close(struct sqlite_file *file);

/* Records the reason of a failure; returns `rc`. */
int sqlite_file_fail(struct sqlite_file *file, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Records the error of the last call to SQLite; returns -errno. */
int sqlite_file_failed(struct sqlite_file *file);

/*
 * Prepares `count` statements that follow each other in `sql`. All return 0 or -errno; the caller
 * finalizes the statements.
 */
int sqlite_file_prepare(
	struct sqlite_file *file, const char *sql, sqlite3_stmt *statement[], size_t count);
/* Runs a statement, ignores its rows, and resets it. */
int sqlite_file_run(struct sqlite_file *file, sqlite3_stmt *statement);

#endif
