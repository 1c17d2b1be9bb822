/* SPDX-License-Identifier: ISC */
/*
 * The kernel's routes for delegated prefixes:
 *
 *	PREFIX via CLIENT dev LINK       while the delegation is active and the link is up
 *	unreachable PREFIX metric 2^32-2 as long as the delegation is known: packets to a prefix
 *	                                 whose link is down, or that has ended, do not leave by the
 *	                                 default route and come back (RFC 8987 section 3.5)
 *	unreachable POOL metric 2^32-2   for each of `prefix-pools`, which spares the former
 *
 * The kernel deletes routes of a link that goes down and restores none: the owner reports changes of
 * links, and what is missing is installed again. A route of someone else to the same prefix is left
 * alone. On a link in standby the other router has the clients: no route is installed.
 */
#ifndef NB6_RELAYD_PREFIXES_DELEGATION_ROUTES_H
#define NB6_RELAYD_PREFIXES_DELEGATION_ROUTES_H

#include "netlink/route_writer.h"
#include "relayd/links/client_links.h"
#include "relayd/prefixes/delegation_table.h"

enum {
	DELEGATION_METRIC = 1024, /* the kernel's default */
};
#define DELEGATION_GUARD_METRIC (UINT32_MAX - 1)

struct delegation_route_counters {
	uint64_t added, removed, failed;
	uint64_t foreign; /* attempts that found the route of someone else */
};

struct delegation_routes {
	struct route_writer *writer; /* NULL: closed */
	const struct client_links *links;
	struct prefix *pools; /* owned: those that have a route, or should have */
	size_t n_pools;
	struct delegation *first, *last; /* whose routes may have to change */
	bool has_failed;                 /* try again later: delegation_routes_retry() */
	struct delegation_route_counters counters;
};

/* Needs CAP_NET_ADMIN. Returns 0 or -errno. */
int delegation_routes_open(
	struct delegation_routes *routes, const struct client_links *links, uint8_t protocol);
void delegation_routes_close(struct delegation_routes *routes); /* the routes stay */

/*
 * Adopt the routes that an earlier process left: note those of known delegations and pools, remove
 * the others. Returns 0 or -errno.
 */
int delegation_routes_adopt(
	struct delegation_routes *routes, const struct delegation_table *table);

/* Install the unreachable routes of these pools, and remove those of others. 0 or -ENOMEM. */
int delegation_routes_set_pools(
	struct delegation_routes *routes, const struct prefix *pools, size_t n_pools);

/* The delegation has changed, or its link: its routes are brought up to date by the next run. */
void delegation_routes_changed(struct delegation_routes *routes, struct delegation *d);
/* Remove its routes at once; it is about to be freed. */
void delegation_routes_forget(struct delegation_routes *routes, struct delegation *d);

/* Bring at most `max` up to date. Returns true if more are waiting. */
bool delegation_routes_run(struct delegation_routes *routes, unsigned max);

/* Queue those again that failed. */
void delegation_routes_retry(
	struct delegation_routes *routes, const struct delegation_table *table);

/* "installed", "link-down", "standby", "foreign-route", "failed", "ended", "waiting" */
const char *delegation_routes_state(
	const struct delegation_routes *routes, const struct delegation *d);

#endif
