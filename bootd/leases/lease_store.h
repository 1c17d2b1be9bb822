/* SPDX-License-Identifier: ISC */
/*
 * The contract of a lease store: what is committed is there after a crash, of
 * the process or of the machine. SQLite keeps it for one server, PostgreSQL for several.
 *
 *	put, put, remove ...   gathered in one transaction
 *	commit                 all of them durable, or none of them done
 *
 * A store of one server (SQLite, sqlite_store.h) says at once how a commit ended. A store
 * that several servers share says later: commit() returns -EINPROGRESS, nothing may be put
 * or removed until owner->committed() is called, and that may be with
 *
 *	0          done; but each put that is marked as refused: another server has given the
 *	           address to another machine, or another address to this machine. What stands
 *	           against it was told by owner->learn() just before.
 *	-errno     not done, or nobody knows: nothing is to be promised for it
 *
 * It also tells what the others do: learn() and forget(), between two commits or during one.
 * All calls of the owner come from the loop, never from inside a call of the store.
 *
 * A store keeps one lease per address, and one per machine and subnet. Declined addresses are
 * no machine's, so of these a machine may have any number. In a store of one server a put
 * replaces whatever stands against it; in a shared one only what has expired, or is the
 * machine's own at this address.
 *
 * Plain types only: a store knows no messages and no configuration.
 */
#ifndef NB6_BOOTD_LEASES_LEASE_STORE_H
#define NB6_BOOTD_LEASES_LEASE_STORE_H

#include <netinet/in.h>
#include <stdint.h>

#include "bootd/client/machine.h"
#include "bootd/client/prefix.h"
#include "dhcp6/identity.h"

enum lease_state { LEASE_BOUND, LEASE_RELEASED, LEASE_DECLINED };

struct lease {
	struct in6_addr address;
	struct prefix subnet;
	struct machine machine;
	struct dhcp6_duid duid; /* of the last asker, with its IAID */
	uint32_t iaid;
	enum lease_state state;
	int64_t since_unix_s;
	int64_t expires_unix_s; /* nobody else may have the address before */
};

/* Takes a lease that was loaded; anything but 0 ends the load with it. */
typedef int lease_take_fn(void *arg, const struct lease *lease);

/* Whom a shared store tells by itself; see above. */
struct lease_store_owner {
	void *arg;
	/* refused[i]: of the i-th put or remove since the last commit; NULL: none was. */
	void (*committed)(void *arg, int rc, const bool *refused);
	void (*learn)(void *arg, const struct lease *lease);
	void (*forget)(void *arg, const struct in6_addr *address); /* nobody's any more */
	/* All leases there are will be learnt now; and have been: what was not is gone. */
	void (*reading_begins)(void *arg);
	void (*reading_ends)(void *arg);
};

/* How it is, for the operator. */
struct lease_store_health {
	const char *kind;  /* "sqlite", "postgresql" */
	const char *state; /* "ready"; else what it is busy with, or why it is not */
	uint64_t since_ms; /* in this state, on the monotonic clock; 0: since the start */
	uint64_t commits;
	uint64_t commit_us, commits_us; /* how long the last commit took, and all together */
};

struct lease_store;

/* What a kind of store does. Each returns 0 or -errno; then last_error() tells it in words. */
struct lease_store_kind {
	/*
	 * Forget what has expired by now, then hand over the rest. A shared store hands over
	 * nothing yet: it learns from now on, and tells its owner, which is set before.
	 */
	int (*load)(struct lease_store *store, int64_t now_unix_s, lease_take_fn *take, void *arg);
	/* Neither is durable before commit(). Removed is the address if it is the machine's. */
	int (*put)(struct lease_store *store, const struct lease *lease);
	int (*remove)(struct lease_store *store, const struct in6_addr *address,
		const struct machine *machine);
	/*
	 * After a failed put or remove it fails as well. A failed one leaves all as it was.
	 * -EINPROGRESS: its end is told later.
	 */
	int (*commit)(struct lease_store *store);
	const char *(*last_error)(const struct lease_store *store);
	void (*describe)(const struct lease_store *store, struct lease_store_health *health);
	void (*close)(struct lease_store *store);
};

/* The head of each store. */
struct lease_store {
	const struct lease_store_kind *kind;
	const char *name; /* for messages: what it is opened by, without secrets */
	const struct lease_store_owner *owner; /* of a shared store */
	bool is_away; /* a shared store that cannot be reached: others may reach it */
	/*
	 * A shared store is given each lease for so much longer than the machine is told: for
	 * the time that a commit takes.
	 */
	unsigned margin_s;
};

#endif
