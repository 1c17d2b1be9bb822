/* SPDX-License-Identifier: ISC */
/*
 * The contract of a lease store: committed leases survive a crash of the process and of the
 * machine. SQLite stores the leases of one server, PostgreSQL those of several.
 *
 *	put, put, remove ...   collected in one transaction
 *	commit                 all of them are durable, or none is stored
 *
 * commit() either returns the result, or -EINPROGRESS and the store calls owner->committed() when
 * it knows the result. Until then nothing may be put or removed, unless the store collects: then
 * that belongs to the next transaction, which fails if this one does. The result is
 *
 *	0          stored, except for each put that is marked as refused. A store that several
 *	           servers share refuses a put if another server has given the address to another
 *	           machine, or another address to this machine; it reports that lease with
 *	           owner->lease_changed() before.
 *	-errno     not stored, or unknown: nothing may be promised
 *
 * A shared store also reports what other servers change, with lease_changed() and
 * lease_removed(), at any time. All calls to the owner come from the event loop, never from inside
 * a call to the store.
 *
 * A store keeps one lease per address, and one per machine and subnet. Declined addresses belong to
 * no machine, so a machine may have any number of them. In a store of one server a put replaces
 * what conflicts with it; in a shared store it replaces only what has expired or what this machine
 * has at this address.
 *
 * A store has no access to messages or the configuration.
 */
#ifndef NB6_BOOTD_LEASES_LEASE_STORE_H
#define NB6_BOOTD_LEASES_LEASE_STORE_H

#include <netinet/in.h>
#include <stdint.h>

#include "bootd/client/machine.h"
#include "dhcp6/identity.h"
#include "dhcp6/prefix.h"

/* --- the contract ---------------------------------------------------------------------- */

struct loop;

enum { LEASE_STORE_NAME = 256, LEASE_STORE_WHY = 512 };

enum lease_state { LEASE_BOUND, LEASE_RELEASED, LEASE_DECLINED };

struct lease {
	struct in6_addr address;
	struct prefix subnet;
	struct machine machine;
	struct dhcp6_duid duid; /* of the last message, with its IAID */
	uint32_t iaid;
	enum lease_state state;
	int64_t since_unix_s;
	int64_t expires_unix_s; /* until then no other machine may have the address */
};

/* Receives each loaded lease; a result other than 0 ends the load with it. */
typedef int lease_take_fn(void *arg, const struct lease *lease);

/* Receives the reports of an asynchronous store; see above. */
struct lease_store_owner {
	void *arg;
	/* refused[i]: the i-th put or remove of this commit was refused; NULL: none was. */
	void (*committed)(void *arg, int rc, const bool *refused);
	void (*lease_changed)(void *arg, const struct lease *lease);
	void (*lease_removed)(void *arg, const struct in6_addr *address);
	/* All existing leases are reported between the two; others no longer exist. */
	void (*reading_begins)(void *arg);
	void (*reading_ends)(void *arg);
};

/* The state of the store for the operator. */
struct lease_store_health {
	const char *kind;  /* the driver's name */
	const char *state; /* "ready", "away", "connecting", "reading" */
	uint64_t since_ms; /* in this state, on the monotonic clock; 0: since the start */
	uint64_t commits;
	uint64_t commit_us, commits_us; /* duration of the last commit; of all together */
};

struct lease_store;

/*
 * A kind of store: a row of the table in lease_store.c. A `location` is the value of `leases`
 * in bootd.conf. Functions that return int return 0 or -errno; last_error() explains it.
 */
struct lease_driver {
	const char *name;
	bool (*accepts)(const char *location);
	bool is_file; /* the location is a path; bootd makes its directory */
	/* For the check of the configuration. NULL: every location is right. */
	int (*check)(const char *location, char why[LEASE_STORE_WHY]);
	/* `loop` and `owner` are borrowed and must outlive the store. On failure *out is NULL. */
	int (*open)(const char *location, struct loop *loop, const struct lease_store_owner *owner,
		struct lease_store **out, char why[LEASE_STORE_WHY]);

	/*
	 * Removes what has expired and hands over the rest; a shared store starts to connect
	 * instead, and reports its leases to the owner.
	 */
	int (*load)(struct lease_store *store, int64_t now_unix_s, lease_take_fn *take, void *arg);
	/* Neither is durable before commit(). remove() ignores an address of another machine. */
	int (*put)(struct lease_store *store, const struct lease *lease);
	int (*remove)(struct lease_store *store, const struct in6_addr *address,
		const struct machine *machine);
	/* Fails if a put or remove failed before. Nothing is stored if it fails. */
	int (*commit)(struct lease_store *store);
	const char *(*last_error)(const struct lease_store *store);
	void (*describe)(const struct lease_store *store, struct lease_store_health *health);
	void (*close)(struct lease_store *store);
};

/* The head of each store. */
struct lease_store {
	const struct lease_driver *driver;
	const char *name; /* for messages: the location without secrets */
	const struct lease_store_owner *owner;
	bool is_shared; /* by several servers */
	bool collects;  /* accepts changes during a commit */
	bool is_away;   /* a shared store that this server cannot reach, but others may */
	/*
	 * A shared store is given each lease for this much longer than the client gets, to
	 * cover the duration of a commit.
	 */
	unsigned margin_s;
};

/* The driver of a location, or NULL. */
const struct lease_driver *lease_driver_of(const char *location);

/* The kinds of stores; without libpq the second one explains that it is absent. */
extern const struct lease_driver sqlite_driver, postgresql_driver;
bool postgresql_is_url(const char *text);

/* --- the columns of a lease as text ---------------------------------------------------- */

/* What an operator reads in the store, and may change. */
struct lease_text {
	char address[INET6_ADDRSTRLEN];
	char subnet[PREFIX_TEXT];
	char machine[MACHINE_TEXT];
	char duid[DHCP6_DUID_TEXT];
	const char *state; /* "bound", "released", "declined" */
};

void lease_text_of(const struct lease *lease, struct lease_text *text);

const char *lease_state_name(enum lease_state state);

/* Reads the columns that are text. Returns NULL, or the name of the column that is wrong. */
const char *lease_text_read(struct lease *lease, const char *address, const char *subnet,
	const char *machine, const char *duid, const char *state);

#endif
