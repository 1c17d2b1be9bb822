/* SPDX-License-Identifier: ISC */
/*
 * Leases as a log of changes in a database file. Every change is a row at the end, so a commit
 * writes two or three adjacent pages and costs the same with a million leases. The last row of an
 * address is valid; the index knows its number. Older rows are deleted as the log grows.
 *
 * Functions that return int return 0 or -errno, with the reason in the file's `why`.
 */
#ifndef NB6_BOOTD_LEASES_SQLITE_LOG_H
#define NB6_BOOTD_LEASES_SQLITE_LOG_H

#include <stdbool.h>

#include "bootd/leases/lease_index.h"
#include "bootd/leases/sqlite_file.h"

/* The state of an address whose lease was removed. */
extern const char sqlite_log_removed[];

enum { SQLITE_LOG_STATEMENTS = 7 };

struct sqlite_log {
	struct lease_index index;
	struct lease_store_health health; /* number and duration of commits */

	/* Private to sqlite_log.c. */
	struct sqlite_file *file;
	sqlite3_stmt *statement[SQLITE_LOG_STATEMENTS];
	int64_t first, last;          /* changes in the log; 0: none */
	int64_t next, trimmed;        /* of the open transaction; 0: nothing trimmed */
	struct lease_place *change;   /* of the open transaction; .change 0: removed */
	size_t changes, room, before; /* number of those; in the transaction before */
	bool open;                    /* a transaction is open */
	int failed;                   /* what made it fail, 0 or -errno */
};

/* `file` is open, borrowed, and must outlive the log. Close the log even if this fails. */
int sqlite_log_open(struct sqlite_log *log, struct sqlite_file *file);
void sqlite_log_close(struct sqlite_log *log); /* a zeroed one is fine */

/* Reads the rows since the last call into the index; the first call reads all. */
int sqlite_log_read_on(struct sqlite_log *log);

/*
 * Adds a row to the open transaction, which the first row opens: the lease in this state, or
 * sqlite_log_removed. After a failure the transaction fails until its commit.
 */
int sqlite_log_put(struct sqlite_log *log, const struct lease *lease, const char *state);

/* Commits the open transaction, if there is one, and applies it to the index. */
int sqlite_log_commit(struct sqlite_log *log);

#endif
