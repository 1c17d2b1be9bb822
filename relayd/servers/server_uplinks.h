/* SPDX-License-Identifier: ISC */
/*
 * The links that lead to servers: an answer on another one was sent by somebody who
 * writes the server's address into it, for IPv6 has no reverse path filter.
 *
 * A link leads to servers when it is the way to one now, when the kernel has a
 * route to one out of it (the way back may be another one than the way there, and
 * the next way may be known before it is taken), or when one of both was so since
 * the link appeared: a way that has moved away brings answers for a while,
 * and where routing is asymmetric for good. What an answer is of is for
 * server_paths_find() to say; here it does not matter which server.
 *
 * The kernel is asked once for each link, and again after routes have changed for
 * those that led nowhere; never for each packet, nor as often as strangers like.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_UPLINKS_H
#define NB6_RELAYD_SERVERS_SERVER_UPLINKS_H

#include "daemon/rate_limit.h"
#include "netlink/link_table.h"

struct server_paths;

enum {
	SERVER_UPLINKS_MAX = 32, /* of more the one that is known longest is asked for again */
	SERVER_UPLINKS_ASKED = 256,
	SERVER_UPLINKS_QUESTIONS = 100, /* a second */
};

struct server_uplinks {
	int leads[SERVER_UPLINKS_MAX]; /* ifindexes; 0: free */
	unsigned next;
	int leads_not[SERVER_UPLINKS_ASKED]; /* at its place by ifindex */
	struct rate_bucket questions;
};

/* This link is the way to a server. */
void server_uplinks_add(struct server_uplinks *uplinks, int ifindex);
/* The link has gone, or is in another VRF. */
void server_uplinks_forget(struct server_uplinks *uplinks, int ifindex);
/* Routes have changed: what led nowhere may lead to a server now. */
void server_uplinks_doubt(struct server_uplinks *uplinks);

/* True where the link leads to one of the servers that can be on its side. */
bool server_uplinks_lead(struct server_paths *paths, const struct link *link, int64_t now_ms);

#endif
