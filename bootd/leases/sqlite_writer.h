/* SPDX-License-Identifier: ISC */
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
#ifndef NB6_BOOTD_LEASES_SQLITE_WRITER_H
#define NB6_BOOTD_LEASES_SQLITE_WRITER_H

#include "bootd/leases/lease_store.h"
#include "bootd/leases/sqlite_log.h"

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
