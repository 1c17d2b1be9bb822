/* SPDX-License-Identifier: ISC */
/*
 * The prefixes that are delegated to clients on links with `routes = true` (RFC 8987). Decides what
 * an observed message changes; does no I/O and has no clock.
 *
 * A delegation is identified by its prefix, which is delegated to one client at a time: a Reply that
 * gives it to another client, link or next hop moves it. A client is a DUID on a link, so that the
 * same DUID on two links is two clients (RFC 8987 section 4.1, G-4).
 *
 *	   Reply                  valid lifetime over, Release, valid lifetime 0
 *	-----------> ACTIVE ----------------------------------------------------> ENDED
 *	               ^                          Reply                             |
 *	               '------------------------------------------------------------'
 *
 * An ended delegation stays for DELEGATION_HOLD_MS: no client has the prefix now, so packets to it
 * are answered as unreachable instead of leaving by the default route and coming back.
 */
#ifndef NB6_RELAYD_PREFIXES_DELEGATION_TABLE_H
#define NB6_RELAYD_PREFIXES_DELEGATION_TABLE_H

#include <net/if.h>

#include "relayd/prefixes/delegation_message.h"
#include "util/hash_table.h"

enum { DELEGATION_HOLD_MS = 24 * 3600 * 1000 };

#define DELEGATION_FOREVER INT64_MAX

enum delegation_state { DELEGATION_ACTIVE, DELEGATION_ENDED };

/* What the kernel has for a delegation; delegation_routes.h. */
struct delegation_kernel {
	bool has_route, has_guard;
	int ifindex;             /* of the route */
	struct in6_addr next_hop;
	uint32_t route_table, guard_table;
	int error;               /* errno of the last attempt, 0 */
	bool is_foreign;         /* someone else has a route to the prefix */
};

struct delegation {
	struct prefix prefix;
	enum delegation_state state;
	struct delegation_link *link;
	struct in6_addr next_hop;
	struct dhcp6_duid duid;
	uint32_t iaid;
	/* Monotonic milliseconds, or DELEGATION_FOREVER. `until` of an ended one: it is forgotten. */
	int64_t preferred_until_ms, until_ms;
	struct delegation_kernel kernel;
	/* private to delegation_routes.c: the queue of those whose routes may have to change */
	struct delegation *next_changed;
	bool is_changed;
	/* private to delegation_table.c */
	struct hash_node by_prefix, by_client;
	struct delegation *next, *prev; /* of the same link */
	size_t heap_index;              /* delegation_heap.c */
};

/* The first one to end on top. Private to delegation_heap.c and delegation_table.c. */
struct delegation_heap {
	struct delegation **of;
	size_t count, size;
};

bool delegation_heap_has_room(struct delegation_heap *heap); /* for one more; may allocate */
void delegation_heap_add(struct delegation_heap *heap, struct delegation *d);
void delegation_heap_remove(struct delegation_heap *heap, struct delegation *d);
void delegation_heap_fix(struct delegation_heap *heap, struct delegation *d); /* another until_ms */

/* The delegations of a link, by its name: the link itself may go and return. */
struct delegation_link {
	char name[IFNAMSIZ];
	struct delegation *first;
	size_t n_active, n_ended;
	struct hash_node by_name;
};

enum delegation_event {
	DELEGATION_ADDED,
	DELEGATION_RENEWED, /* other lifetimes or IAID only */
	DELEGATION_MOVED,   /* to another client, link or next hop */
	DELEGATION_EXPIRED,
	DELEGATION_RELEASED,
	DELEGATION_WITHDRAWN, /* by a Reply with valid lifetime 0 */
	DELEGATION_CLEARED,   /* by the operator */
	DELEGATION_FORGOTTEN, /* freed after the callback */
	DELEGATION_EVENTS,
};

/* "added", "renewed" ... */
const char *delegation_event_name(enum delegation_event event);

struct delegation_table_ops {
	/* Called after the change; but for FORGOTTEN, before it. Must not change the table. */
	void (*changed)(void *arg, struct delegation *d, enum delegation_event event);
};

struct delegation_table {
	const struct delegation_table_ops *ops;
	void *arg;
	struct hash_table by_prefix, by_client, links;
	struct delegation_heap heap; /* by until_ms */
	size_t n_active, n_ended;
};

struct delegation_limits {
	uint32_t per_client, per_link; /* active delegations; 1 or more */
};

/* A prefix that a client got. */
struct delegation_offer {
	struct prefix prefix;
	const char *link;
	struct in6_addr next_hop;
	const struct dhcp6_duid *duid;
	uint32_t iaid;
	int64_t preferred_until_ms, valid_until_ms; /* as in struct delegation */
};

/* Returns 0 or -ENOMEM. `ops` must stay valid; NULL: no callback. */
int delegation_table_init(
	struct delegation_table *table, const struct delegation_table_ops *ops, void *arg);
void delegation_table_fini(struct delegation_table *table); /* without callbacks */

enum delegation_result {
	DELEGATION_ACCEPTED,
	DELEGATION_CLIENT_LIMIT, /* the client has as many prefixes as it may (G-5) */
	DELEGATION_LINK_LIMIT,   /* the link has (G-6) */
	DELEGATION_NO_MEMORY,
	DELEGATION_RESULTS,
};

/* "client-limit" ... */
const char *delegation_result_name(enum delegation_result result);

/*
 * Add, renew or move. A renewal is never refused; a full link forgets an ended delegation first.
 */
enum delegation_result delegation_table_put(struct delegation_table *table,
	const struct delegation_offer *offer, const struct delegation_limits *limits);

/* An ended one again, after a restart; nothing if the prefix is known or there is no memory. */
void delegation_table_put_ended(struct delegation_table *table,
	const struct delegation_offer *offer, const struct delegation_limits *limits);

/*
 * End the active delegation of this prefix, or of all prefixes in an IA_PD, if this client has it
 * on this link.
 */
void delegation_table_end_prefix(struct delegation_table *table, const char *link,
	const struct dhcp6_duid *duid, const struct prefix *prefix, enum delegation_event why,
	int64_t now_ms);
void delegation_table_end_ia(struct delegation_table *table, const char *link,
	const struct dhcp6_duid *duid, uint32_t iaid, enum delegation_event why, int64_t now_ms);

/* End one, whoever has it; one that has ended is forgotten. */
void delegation_table_clear(struct delegation_table *table, struct delegation *d, int64_t now_ms);

/* Without a trace; its link has no routes any more. */
void delegation_table_forget(struct delegation_table *table, struct delegation *d);

/*
 * End and forget what is due, at most `max` of them. Returns the milliseconds until the next one is
 * due, 0: more are due now, -1: none.
 */
int64_t delegation_table_expire(struct delegation_table *table, int64_t now_ms, unsigned max);

/* NULL: there is none. */
struct delegation *delegation_table_find(
	const struct delegation_table *table, const struct prefix *prefix);
struct delegation_link *delegation_table_link(
	const struct delegation_table *table, const char *name);

/* All, in no order: NULL begins, NULL ends. The table must not change meanwhile. */
struct delegation *delegation_table_next(
	const struct delegation_table *table, const struct delegation *after);

#endif
