/* SPDX-License-Identifier: ISC */
/*
 * The state file: delegations survive a restart of relayd (RFC 8987 section 4.3, S-1). Changes are
 * appended by a thread, which calls fdatasync(2) after each batch, so that a slow disk never holds
 * up a message. When most lines of the file are outdated, the thread replaces it by a shorter one.
 */
#ifndef NB6_RELAYD_PREFIXES_DELEGATION_STORE_H
#define NB6_RELAYD_PREFIXES_DELEGATION_STORE_H

#include "daemon/loop.h"
#include "relayd/prefixes/delegation_record.h"

struct delegation_store;

/*
 * Read the file. A file that is missing has no records. Returns 0 or -errno; free *records with
 * delegation_records_free() after 0.
 */
int delegation_store_read(const char *path, struct delegation_records *records);

/*
 * `failed` is called from the loop after records could not be written (error: errno, and then they
 * are lost: put all of them again later) and after the next ones were (error 0). The file is opened
 * by the first record that is put. NULL: no memory or descriptors.
 */
typedef void delegation_store_fn(void *arg, int error);
struct delegation_store *delegation_store_new(
	struct loop *loop, const char *path, delegation_store_fn *result, void *arg);
/* Writes what is queued, and waits for that. NULL is fine. */
void delegation_store_free(struct delegation_store *store);

/* Queue a record. Returns 0, or -ENOMEM: the queue is full or there is no memory. */
int delegation_store_put(struct delegation_store *store, const struct delegation_record *record);

#endif
