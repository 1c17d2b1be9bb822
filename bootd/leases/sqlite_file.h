/* SPDX-License-Identifier: ISC */
/*
 * The database file of a lease store: opened, locked against another server, checked page by
 * page, and with the tables of this version. What fails is told in words in `why`.
 */
#ifndef NB6_BOOTD_LEASES_SQLITE_FILE_H
#define NB6_BOOTD_LEASES_SQLITE_FILE_H

#include <sqlite3.h>

#include "bootd/leases/sqlite_store.h"

enum { SQLITE_FILE_PATH = 1024 };

struct sqlite_file {
	sqlite3 *db;
	int lock_fd;
	char path[SQLITE_FILE_PATH];
	char why[SQLITE_STORE_WHY];
};

/* As sqlite_store_open(); to be closed in any case. */
int sqlite_file_open(struct sqlite_file *file, const char *path);
void sqlite_file_close(struct sqlite_file *file);

/* Put down what went wrong; returns `rc`. */
int sqlite_file_fail(struct sqlite_file *file, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What SQLite says that went wrong; returns -errno. */
int sqlite_file_failed(struct sqlite_file *file);

/* Both return 0 or -errno. */
int sqlite_file_prepare(struct sqlite_file *file, const char *sql, sqlite3_stmt **statement);
/* A statement of whose rows nobody wants to know; reset afterwards. */
int sqlite_file_run(struct sqlite_file *file, sqlite3_stmt *statement);

#endif
