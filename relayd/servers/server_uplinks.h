/* SPDX-License-Identifier: ISC */
/*
 * The links that lead to servers. A reply that comes in by any other link was sent by somebody who
 * forged the server's address: IPv6 has no reverse path filter that would drop it.
 *
 * A link leads to servers if
 *   - it is the current uplink of one, or
 *   - the kernel has a route to one out of it: the path back may differ from the path there, and a
 *     reply by the next path may arrive before we know of it, or
 *   - one of these was true since the link appeared: after a path moves, replies come by the old
 *     one for a while, and with asymmetric routing always.
 * Which server does not matter here; server_list_find() decides that.
 *
 * The kernel is asked once per link, and again after routes changed for the links that led
 * nowhere. Never once per packet: the number of questions per second is limited, because strangers
 * can cause them.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_UPLINKS_H
#define NB6_RELAYD_SERVERS_SERVER_UPLINKS_H

#include "daemon/rate_limit.h"
#include "netlink/link_table.h"
#include "netlink/route_query.h"
#include "relayd/servers/server_list.h"

enum {
	SERVER_UPLINKS_MAX = 32, /* beyond it the oldest entry is replaced, and queried again */
	SERVER_UPLINKS_ASKED = 256,
	SERVER_UPLINKS_QUESTIONS = 100, /* a second */
};

struct server_uplinks {
	int leads[SERVER_UPLINKS_MAX]; /* ifindexes; 0: free */
	unsigned next;                 /* the entry to replace */
	int leads_not[SERVER_UPLINKS_ASKED]; /* ifindexes, each in the slot of its hash */
	struct rate_bucket questions;
};

/* This link is the uplink of a server. */
void server_uplinks_add(struct server_uplinks *uplinks, int ifindex);
/* The link was removed, or moved to another VRF. */
void server_uplinks_forget(struct server_uplinks *uplinks, int ifindex);
/* Routes have changed: links that led nowhere are to be queried again. */
void server_uplinks_mark_stale(struct server_uplinks *uplinks);

/*
 * True if the link leads to a server of `list` in the same VRF. May ask the kernel; `flow` is what all
 * datagrams to servers have in common.
 */
bool server_uplinks_lead(struct server_uplinks *uplinks, struct route_query *query,
	const struct route_flow *flow, const struct server_list *list, const struct link *link,
	int64_t now_ms);

#endif
