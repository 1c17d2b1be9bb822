/* SPDX-License-Identifier: ISC */
/*
 * The contract of a lease store: what is committed is there after a crash, of
 * the process or of the machine. SQLite keeps it (sqlite_store.h).
 *
 *	put, put, remove ...   gathered in one transaction
 *	commit                 all of them durable, or none of them done
 *
 * A store keeps one lease per address, and one per machine and subnet, whatever it is
 * given: a put replaces what stands against it. Declined addresses are no machine's, so
 * of these a machine may have any number.
 *
 * Plain types only: a store knows no messages, no configuration and no loop.
 */
#ifndef NB6_BOOTD_LEASES_LEASE_STORE_H
#define NB6_BOOTD_LEASES_LEASE_STORE_H

#include <netinet/in.h>
#include <stdint.h>

#include "bootd/dhcp/machine.h"
#include "bootd/dhcp/prefix.h"
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

struct lease_store;

/* What a kind of store does. Each returns 0 or -errno; then last_error() tells it in words. */
struct lease_store_kind {
	/* Forget what has expired by now, then hand over the rest. */
	int (*load)(struct lease_store *store, int64_t now_unix_s, lease_take_fn *take, void *arg);
	/* Neither is durable before commit(). */
	int (*put)(struct lease_store *store, const struct lease *lease);
	int (*remove)(struct lease_store *store, const struct in6_addr *address);
	/* After a failed put or remove it fails as well. A failed one leaves all as it was. */
	int (*commit)(struct lease_store *store);
	const char *(*last_error)(const struct lease_store *store);
	void (*close)(struct lease_store *store);
};

/* The head of each store. */
struct lease_store {
	const struct lease_store_kind *kind;
};

#endif
