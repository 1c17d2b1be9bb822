/* SPDX-License-Identifier: ISC */
/*
 * Leases as a log of changes in a database file. Every change is a row at its end: whatever
 * leases a batch is about, its commit writes two or three pages, next to each other, and costs
 * the same with a million leases. The last row of an address counts; which that is, the index
 * knows. Rows that count no more are tidied away as the log grows.
 *
 * All that returns int: 0 or -errno, with the reason in the file's `why`.
 */
#ifndef NB6_BOOTD_LEASES_SQLITE_LOG_H
#define NB6_BOOTD_LEASES_SQLITE_LOG_H

#include <stdbool.h>

#include "bootd/leases/lease_index.h"
#include "bootd/leases/sqlite_file.h"

/* The state of an address whose lease is none any more. */
extern const char sqlite_log_removed[];

enum { SQLITE_LOG_STATEMENTS = 7 };

struct sqlite_log {
	struct lease_index index;
	struct lease_store_health health; /* of its commits, how many and how long */

	/* Private to sqlite_log.c. */
	struct sqlite_file *file;
	sqlite3_stmt *statement[SQLITE_LOG_STATEMENTS];
	int64_t first, last;          /* changes in the log; 0: none */
	int64_t next, trimmed;        /* of the open transaction; 0: nothing trimmed */
	struct lease_place *change;   /* of the open transaction; .change 0: no lease any more */
	size_t changes, room, before; /* how many; `before`: in the last one */
	bool open;                    /* a transaction is */
	int failed;                   /* what made it fail, 0 or -errno */
};

/* Of an open file, which is borrowed and must outlive it; to be closed in any case. */
int sqlite_log_open(struct sqlite_log *log, struct sqlite_file *file);
void sqlite_log_close(struct sqlite_log *log); /* a zeroed one is fine */

/* The index learns what there is in the file since it was read last: at first, all. */
int sqlite_log_read_on(struct sqlite_log *log);

/*
 * A row more, of the open transaction or of a new one: the lease in that state, or
 * sqlite_log_removed. A transaction that has failed stays so until its commit.
 */
int sqlite_log_put(struct sqlite_log *log, const struct lease *lease, const char *state);

/* All of it is on the disk and in the index, or nothing; where there is none: fine. */
int sqlite_log_commit(struct sqlite_log *log);

#endif
