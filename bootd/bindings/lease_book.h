/* SPDX-License-Identifier: ISC */
/*
 * What the lease store has of the bindings: put down what a batch of messages changes, commit
 * once, and know of each lease how far it is stored. Nothing beyond that is ever promised.
 *
 *	for each message:	lease_book_put() what it binds
 *	once:			lease_book_commit()
 *	when it has ended:	lease_book_land(), where that was not at once
 *	for each again:		answered out of binding->stored_ms
 *
 * A commit that fails, or a lease that the store refuses, puts each binding back to what the
 * store has of it: a lease that was to be extended goes on as long as stored, one that was
 * new is but an offer.
 *
 * A store that several servers share takes its time: until a commit has ended the book is busy
 * and nothing can be put. What the others do is taken over as the store tells it.
 */
#ifndef NB6_BOOTD_BINDINGS_LEASE_BOOK_H
#define NB6_BOOTD_BINDINGS_LEASE_BOOK_H

#include "bootd/bindings/binding_table.h"
#include "bootd/leases/lease_store.h"

/* What was put or removed since the last commit. */
struct lease_change {
	struct in6_addr address;
	struct machine machine;
	bool is_removal;
	enum binding_state state;
	uint64_t expires_ms;
};

struct lease_book {
	struct lease_store *store; /* NULL: none, nothing can be promised; owned once set */
	int64_t wall_ms;           /* Unix time less `now`, both in ms; lease_book_set_time() */
	struct lease_change *change;
	size_t changes, room;
	int failed;       /* a put, since the last commit: 0 or -errno */
	bool is_busy;     /* a commit has not ended yet */
	bool has_refused; /* the last commit, some of it */
	uint8_t round;    /* of reading all leases: binding->round of those that were seen */
	uint64_t commits, failed_commits, stored, refused; /* since the start */
};

void lease_book_fini(struct lease_book *book);

/* What time it is, by both clocks: before each batch, for the wall clock may be set. */
void lease_book_set_time(struct lease_book *book, uint64_t now_ms, int64_t unix_ms);

/* All leases of the store into the table. Returns 0 or -errno: then nothing is to be served. */
int lease_book_load(struct lease_book *book, struct binding_table *table, uint64_t now_ms);

/* Is there something to commit? */
bool lease_book_is_open(const struct lease_book *book);

/* The binding has changed: it, its address and its state are to be stored. */
void lease_book_put(struct lease_book *book, struct binding *binding, uint64_t now_ms);

/* The machine is to have another address: the lease of this one goes in the same commit. */
void lease_book_drop(struct lease_book *book, const struct binding *binding);

/*
 * Returns 0 or -errno; `why` of that is the store's. -EINPROGRESS: lease_book_land() says how
 * it ended, until when the book is busy.
 */
int lease_book_commit(struct lease_book *book, struct binding_table *table, uint64_t now_ms);
void lease_book_land(struct lease_book *book, struct binding_table *table, int rc,
	const bool *refused, uint64_t now_ms);

/*
 * Out of the store and out of the table, at once. Returns 0; -EINPROGRESS: when that is
 * committed; or -errno, nothing changed.
 */
int lease_book_remove(
	struct lease_book *book, struct binding_table *table, struct binding *binding);

/*
 * What a shared store tells of the doings of others; see lease_store.h. -ENOSPC, -ENOMEM: there is
 * no room to know of that lease; the store refuses its address to others all the same.
 */
int lease_book_learn(struct lease_book *book, struct binding_table *table,
	const struct lease *lease, uint64_t now_ms);
void lease_book_forget(struct lease_book *book, struct binding_table *table,
	const struct in6_addr *address, uint64_t now_ms);
void lease_book_begin_reading(struct lease_book *book);
void lease_book_end_reading(struct lease_book *book, struct binding_table *table, uint64_t now_ms);

/* How much longer the store has it, in whole seconds. */
uint32_t lease_book_stored_s(const struct binding *binding, uint64_t now_ms);

/* Why it could not be done, in words. */
const char *lease_book_error(const struct lease_book *book);

#endif
