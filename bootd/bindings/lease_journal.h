/* SPDX-License-Identifier: ISC */
/*
 * Between the bindings in memory and the lease store on disk: collects the changes that a batch of
 * messages makes, commits them together, and records in each lease how long the store has it
 * (binding->stored_ms). No Reply promises more than that.
 *
 *	for each message:	lease_journal_put() each changed lease
 *	once:			lease_journal_commit()
 *	if it is asynchronous:	lease_journal_committed(), when the store reports the result
 *	for each message again:	the Reply, by binding->stored_ms
 *
 * If a commit fails, or the store refuses a lease, each binding returns to what the store has: an
 * extended lease keeps its stored expiry, a new one becomes an offer, and a machine that was to
 *move to another address has its old one again.
 *
 * Until an asynchronous commit has ended the journal is busy. Its changes are in flight; other
 * bindings may be changed meanwhile if the store collects (lease_store.h), for the next commit. A
 * store that several servers share also reports what the other servers change:
 * lease_journal_apply(), lease_journal_forget().
 */
#ifndef NB6_BOOTD_BINDINGS_LEASE_JOURNAL_H
#define NB6_BOOTD_BINDINGS_LEASE_JOURNAL_H

#include "bootd/bindings/binding_table.h"
#include "bootd/leases/lease_store.h"

/* A change that is not committed yet. */
struct lease_change {
	struct in6_addr address;
	struct machine machine;
	bool is_removal;
	enum binding_state state;
	uint64_t since_ms, expires_ms;
	uint64_t stored_ms; /* what the store had before the change */
};

struct lease_changes {
	struct lease_change *change;
	size_t count, size;
};

struct lease_journal {
	struct lease_store *store;         /* NULL: there is none, no lease can be given; owned */
	int64_t wall_ms;                   /* Unix time minus monotonic time */
	struct lease_changes open, flying; /* since the last commit; of the commit in flight */
	int failed;                        /* of a put since the last commit: 0 or -errno */
	bool is_busy;                      /* an asynchronous commit has not ended */
	bool has_refused;                  /* the store refused a change of the last commit */
	uint8_t round;       /* number of the last reading of all leases: see binding->round */
	size_t rewrite_slot; /* the next for lease_journal_rewrite(), from 1; 0: none */
	uint64_t commits, failed_commits, stored, refused; /* since the start */
};

void lease_journal_fini(struct lease_journal *journal);

/* The time by both clocks. Call it before each batch: the wall clock may be set. */
void lease_journal_set_time(struct lease_journal *journal, uint64_t now_ms, int64_t unix_ms);

/* Load all leases of the store into the table. Returns 0 or -errno: then do not serve. */
int lease_journal_load(struct lease_journal *journal, struct binding_table *table, uint64_t now_ms);

/* Are there changes to commit? */
bool lease_journal_has_changes(const struct lease_journal *journal);

/*
 * Must a change of this binding wait until the commit in flight has ended? NULL: of a new one. Ask
 * before each change.
 */
bool lease_journal_is_locked(const struct lease_journal *journal, const struct binding *binding);

/* Store this lease with the next commit. */
void lease_journal_put(struct lease_journal *journal, struct binding *binding, uint64_t now_ms);

/* Remove this lease with the next commit: its machine gets another address. */
void lease_journal_drop(struct lease_journal *journal, const struct binding *binding);

/*
 * Returns 0; -EINPROGRESS: the journal is busy until lease_journal_committed(); or -errno,
 * explained by lease_journal_error().
 */
int lease_journal_commit(
	struct lease_journal *journal, struct binding_table *table, uint64_t now_ms);
void lease_journal_committed(struct lease_journal *journal, struct binding_table *table, int rc,
	const bool *refused, uint64_t now_ms);

/*
 * Remove a lease from the store and the table, for an operator. Returns 0; -EINPROGRESS: it is
 * removed when the commit ends; or -errno, then nothing has changed.
 */
int lease_journal_remove(
	struct lease_journal *journal, struct binding_table *table, struct binding *binding);

/*
 * A shared store reports a lease that another server has stored or removed (lease_store.h).
 * Returns -ENOSPC or -ENOMEM if the table has no space for the lease; the store still refuses its
 * address to other machines.
 */
int lease_journal_apply(struct lease_journal *journal, struct binding_table *table,
	const struct lease *lease, uint64_t now_ms);
void lease_journal_forget(struct lease_journal *journal, struct binding_table *table,
	const struct in6_addr *address, uint64_t now_ms);
void lease_journal_begin_reading(struct lease_journal *journal);
void lease_journal_end_reading(
	struct lease_journal *journal, struct binding_table *table, uint64_t now_ms);

/* The seconds until the expiry that the store has. */
uint32_t lease_journal_stored_s(const struct binding *binding, uint64_t now_ms);

/*
 * The wall clock was stepped, so the stored expiries are wrong: store all leases again. The second
 * puts at most `max` leases if the journal is not busy; the caller commits them and calls it again
 * while it returns true.
 */
void lease_journal_begin_rewrite(struct lease_journal *journal);
bool lease_journal_rewrite(
	struct lease_journal *journal, struct binding_table *table, uint64_t now_ms, size_t max);

/* Why the last commit or removal failed. */
const char *lease_journal_error(const struct lease_journal *journal);

/* --- shared by lease_journal.c and lease_load.c ---------------------------------------- */

/* The Unix time of `at_ms`, a time of the monotonic clock. */
int64_t lease_journal_unix_s(const struct lease_journal *journal, uint64_t at_ms);

#endif
