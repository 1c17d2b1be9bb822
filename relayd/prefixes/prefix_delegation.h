/* SPDX-License-Identifier: ISC */
/*
 * The relay as a delegating relay (RFC 8987): it reads the IA_PDs of Replies that it has delivered
 * on links with `routes = true`, installs routes to the prefixes, and removes them when a prefix
 * expires or is returned. Messages are only read: what the relay forwards stays as it is.
 *
 *	delegation_message   the prefixes in a message
 *	delegation_table     who has which prefix, until when; limits
 *	delegation_routes    the kernel's routes
 *	delegation_store     the state file, for restarts
 *
 * This module connects them: messages, links, the clock and the configuration come in here.
 */
#ifndef NB6_RELAYD_PREFIXES_PREFIX_DELEGATION_H
#define NB6_RELAYD_PREFIXES_PREFIX_DELEGATION_H

#include "daemon/clock_watch.h"
#include "daemon/loop.h"
#include "relayd/config/relay_conf.h"
#include "relayd/links/client_links.h"
#include "relayd/prefixes/delegation_routes.h"
#include "relayd/prefixes/delegation_store.h"
#include "relayd/prefixes/delegation_table.h"

/* Why a delegated prefix gets no route. The Reply with it was delivered all the same (G-1). */
enum prefix_refusal {
	PREFIX_REFUSED_CLIENT_LIMIT,
	PREFIX_REFUSED_LINK_LIMIT,
	PREFIX_REFUSED_OUTSIDE_POOLS,
	PREFIX_REFUSED_NEXT_HOP, /* the client's address is not link-local */
	PREFIX_REFUSED_NO_MEMORY,
	PREFIX_REFUSALS,
};

/* "client-limit" ...: the name in metrics and the log. */
const char *prefix_refusal_name(enum prefix_refusal refusal);

struct prefix_delegation {
	bool is_enabled; /* the packet path looks at nothing else while no link has routes */
	const struct relay_conf *conf;
	struct client_links *links;
	struct delegation_table table;
	struct delegation_routes routes;
	struct delegation_store *store; /* NULL: not started, or no memory */
	uint64_t events[DELEGATION_EVENTS];
	uint64_t refused[PREFIX_REFUSALS];
	uint64_t restored; /* from the state file */
	/* private */
	struct loop_timer *timer, *retry_timer;
	struct clock_watch *clock;
	bool is_restoring; /* changes are neither stored nor logged */
	bool has_lost_records;
};

/*
 * Opens what needs CAP_NET_ADMIN, if a link of `conf` has `routes = true`. Returns 0, or -errno after
 * it has logged why. `conf` is borrowed until the next prefix_delegation_reconfigure().
 */
int prefix_delegation_init(struct prefix_delegation *pd, const struct relay_conf *conf,
	struct client_links *links);
/* Restore the delegations of an earlier process, and serve from the loop. Returns 0 or -errno. */
int prefix_delegation_start(struct prefix_delegation *pd, struct loop *loop);
void prefix_delegation_fini(struct prefix_delegation *pd); /* the routes stay */

/* After client_links_reconfigure(): links without `routes = true` lose their routes. */
void prefix_delegation_reconfigure(
	struct prefix_delegation *pd, const struct relay_conf *conf);

/* True if messages of this link are to be observed. */
static inline bool prefix_delegation_observes(
	const struct prefix_delegation *pd, const struct client_link *cl)
{
	return __builtin_expect(pd->is_enabled, false) && cl && cl->rule->routes;
}

/*
 * A message that was delivered to `peer` on the link, or that came from there and was sent to
 * servers: a Reply or a Release changes delegations, any other message nothing.
 */
void prefix_delegation_observe(struct prefix_delegation *pd, const struct client_link *cl,
	const struct in6_addr *peer, struct wire_in message, int64_t now_ms);

/* The link changed: its state, flags, addresses, VRF, or it appeared or is gone. */
void prefix_delegation_link_changed(struct prefix_delegation *pd, const char *link);
/* Events of the kernel were lost: look at all links. */
void prefix_delegation_resync(struct prefix_delegation *pd);

/* An operator ends a delegation. */
void prefix_delegation_clear(struct prefix_delegation *pd, struct delegation *d);

/* Milliseconds of the monotonic clock as Unix time in seconds; DELEGATION_FOREVER stays. */
int64_t prefix_delegation_unix_s(int64_t at_ms);

#endif
