/* SPDX-License-Identifier: ISC */
/*
 * Private to the SQLite store: its parts, from the bottom up.
 *
 *	sqlite_wal.c      is the write-ahead log damaged?
 *	sqlite_file.c     opens the file, locks it, checks every page
 *	lease_index.c     the number of the last change of each address
 *	sqlite_log.c      leases as a log of changes
 *	sqlite_writer.c   a thread that commits
 *	sqlite_store.c    the contract of lease_store.h
 */
#ifndef NB6_BOOTD_LEASES_SQLITE_STORE_H
#define NB6_BOOTD_LEASES_SQLITE_STORE_H

#include <netinet/in.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/leases/lease_store.h"
#include "util/siphash.h"

/* --- sqlite_wal.c ---------------------------------------------------------------------- */

/*
 * SQLite's write-ahead log as a file (sqlite.org/fileformat.html section 4): a header, then frames
 * of one page each. A frame that ends a transaction says so. Checksums run through all frames.
 *
 * SQLite reads the log up to the first frame with a wrong checksum and ignores the rest without a
 * message, because a transaction that was being written when the machine crashed looks like that. A
 * damaged disk looks the same, but then transactions that were synced, and leases that were
 * promised, lie behind the damage. sqlite_wal_check() tells the two apart.
 */
struct sqlite_wal_check {
	unsigned frames;       /* valid ones */
	unsigned lost_frames;  /* of the current log, behind the first invalid one */
	unsigned lost_commits; /* transactions that end among those */
	int has_bad_header;    /* there are frames, and no valid header */
};

/*
 * Reads the log of a database that is not open. Returns 0, also if there is no log, or -errno.
 *
 * Each transaction is synced before the next one starts, so a crash can leave at most one that is
 * incomplete: lost_commits > 1 and has_bad_header mean damage.
 */
int sqlite_wal_check(const char *wal_path, struct sqlite_wal_check *check);

/*
 * Fills the log with zeros up to `size`, behind what is in it. A sync that appends to a file costs
 * two flushes of the disk, one for the data and one for the size; overwriting costs one. Errors are
 * ignored, because the log works without.
 */
void sqlite_wal_preallocate(const char *wal_path, size_t size);

/* --- sqlite_file.c --------------------------------------------------------------------- */

/* The database file. Errors are explained in `why`. */
enum { SQLITE_FILE_PATH = 1024, SQLITE_FILE_SCHEMA = 2 };

struct sqlite_file {
	sqlite3 *db;
	int lock_fd;
	char path[SQLITE_FILE_PATH];
	char why[LEASE_STORE_WHY];
};

/*
 * Creates the file if it does not exist; its directory must exist. Returns 0, or -EBUSY if another
 * server has the file, -EROFS, -EPROTONOSUPPORT if a newer netboot6 wrote it, -EBADMSG if it is
 * damaged or is not a file of leases, -EIO and others. Close it in any case.
 */
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

/* --- lease_index.c --------------------------------------------------------------------- */

enum { LEASE_INDEX_SHARDS = 1024 };

/*
 * The number of the last change of each address in the log. The log is read and tidied by it. A
 * lease takes 32 to 64 octets. The index is divided into many small tables, so that growing one of
 * them takes little time.
 */
struct lease_place {
	struct in6_addr address;
	uint64_t change; /* 0: the place is empty */
};

struct lease_index {
	struct siphash_key key;
	size_t count;
	struct lease_shard {
		struct lease_place *place;
		uint32_t places, used; /* a power of two, or 0 */
	} shard[LEASE_INDEX_SHARDS];
};

void lease_index_init(struct lease_index *index);
void lease_index_fini(struct lease_index *index);

/* Its last change, or 0. */
uint64_t lease_index_get(const struct lease_index *index, const struct in6_addr *address);

/* Room for this address among so many that are set next. Returns 0 or -ENOMEM. */
int lease_index_reserve(struct lease_index *index, const struct in6_addr *address, size_t among);

/* `change` is not 0; the room was reserved. */
void lease_index_set(struct lease_index *index, const struct in6_addr *address, uint64_t change);
void lease_index_drop(struct lease_index *index, const struct in6_addr *address);

/* --- sqlite_log.c ---------------------------------------------------------------------- */

/*
 * Leases as a log of changes in a database file. Every change is a row at the end, so a commit
 * writes two or three adjacent pages and costs the same with a million leases. The last row of an
 * address is valid; the index knows its number. Older rows are deleted as the log grows.
 *
 * Functions that return int return 0 or -errno, with the reason in the file's `why`.
 */

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

/* --- sqlite_writer.c ------------------------------------------------------------------- */

/*
 * A thread that commits batches of leases to the log, so that a slow disk never stops the event
 * loop. One batch is committed at a time while the next one is collected:
 *
 *	event loop:  put ... put, commit  ->  put ... put  ->  committed()  ->  commit ...
 *	thread:                 BEGIN, INSERT ..., COMMIT (fdatasync)
 *
 * Only the thread uses the log from the first commit on, except between two commits. It starts with
 * the first commit, after bootd has given up its privileges and entered the sandbox, so both apply
 * to it.
 */
struct sqlite_writer;

/* From the event loop: the result of a commit, 0 or -errno. */
typedef void sqlite_writer_fn(void *arg, int rc);

/* The log is borrowed and must outlive the writer. NULL: no memory or no descriptors. */
struct sqlite_writer *sqlite_writer_new(
	struct loop *loop, struct sqlite_log *log, sqlite_writer_fn *committed, void *arg);

/* Waits for the commit in flight, then commits what was put since. NULL is fine. */
void sqlite_writer_free(struct sqlite_writer *writer);

/* Adds to the next commit: the lease in this state, or sqlite_log_removed. 0 or -ENOMEM. */
int sqlite_writer_put(struct sqlite_writer *writer, const struct lease *lease, const char *state);

/*
 * Starts the commit of what was put. Returns 0 if nothing was; -EINPROGRESS, and committed() is
 * called when it ends; -EBUSY if a commit is in flight; -ENOMEM if a put failed; -EAGAIN if the
 * thread cannot be started; or the error of the commit during which it was put.
 */
int sqlite_writer_commit(struct sqlite_writer *writer);

#endif
