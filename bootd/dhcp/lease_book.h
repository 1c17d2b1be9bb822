/* SPDX-License-Identifier: ISC */
/*
 * What the lease store has of the bindings: put down what a batch of messages changes, commit
 * once, and know of each lease how far it is stored. Nothing beyond that is ever promised.
 *
 *	for each message:	lease_book_put() what it binds
 *	once:			lease_book_commit()
 *	for each again:		answered out of binding->stored_ms
 *
 * A commit that fails puts each binding back to what the store has of it: a lease that
 * was to be extended goes on as long as stored, one that was new is but an offer.
 */
#ifndef NB6_BOOTD_DHCP_LEASE_BOOK_H
#define NB6_BOOTD_DHCP_LEASE_BOOK_H

#include "bootd/dhcp/binding_table.h"
#include "bootd/leases/lease_store.h"

struct lease_book {
	struct lease_store *store; /* NULL: none, nothing can be promised; owned once set */
	int64_t wall_ms;           /* Unix time less `now`, both in ms; lease_book_set_time() */
	struct in6_addr *changed;  /* whose bindings were, since the last commit */
	size_t changes, room;
	int failed;                               /* a put, since the last commit: 0 or -errno */
	uint64_t commits, failed_commits, stored; /* since the start */
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

/* Returns 0 or -errno; `why` of that is the store's. */
int lease_book_commit(struct lease_book *book, struct binding_table *table, uint64_t now_ms);

/* Out of the store and out of the table, at once. Returns 0 or -errno, nothing changed. */
int lease_book_remove(
	struct lease_book *book, struct binding_table *table, struct binding *binding);

/* How much longer the store has it, in whole seconds. */
uint32_t lease_book_stored_s(const struct binding *binding, uint64_t now_ms);

/* Why it could not be done, in words. */
const char *lease_book_error(const struct lease_book *book);

#endif
