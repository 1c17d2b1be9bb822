/* SPDX-License-Identifier: ISC */
/*
 * The way to each server: which source address datagrams to it bear, and, for
 * the operator, by which uplink and next hop they leave just now.
 *
 * The kernel routes each datagram by itself; nothing is pinned but the source
 * address, which must be one that stays on this router. It is chosen anew
 * when something that it depends on has changed: a link or an address
 * (server_paths_link_changed), a route, nexthop object or rule
 * (server_paths_read); server_paths_refresh() asks the kernel.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_PATH_H
#define NB6_RELAYD_SERVERS_SERVER_PATH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "netlink/link_table.h"
#include "netlink/route_monitor.h"
#include "netlink/route_query.h"
#include "relayd/config/relay_conf.h"
#include "relayd/servers/server_name.h"
#include "relayd/servers/server_uplinks.h"

enum { SERVER_PATHS_MAX = 16 };

enum {
	SERVER_SILENT_AFTER = 8,        /* messages without any reply, and */
	SERVER_SILENT_AFTER_MS = 10000, /* since the first of them */
};

struct server_path {
	const struct relay_server *configured; /* as what; more than one may be of one name */
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];
	/*
	 * The link that is named in sending: for multicast the uplink, of a server in a VRF
	 * the VRF's, which means its routing table; 0, "": routing decides.
	 */
	int out_ifindex;
	char out_link[IFNAMSIZ];
	struct in6_addr source; /* :: where none is known: the kernel chooses */
	int source_ifindex;     /* the link that has the source, 0: not known */
	int ifindex;            /* of the uplink, 0: no way */
	char uplink[IFNAMSIZ];
	struct in6_addr next_hop; /* ::: on the uplink itself */
	int error;                /* errno of the last question, 0: there is a way */
	int64_t since_s;          /* of this way, seconds since 1970; 0: never had one */
	uint64_t shifts;
	uint64_t forwarded, replies, failed;
	uint64_t unanswered;                       /* sent since the last reply */
	int64_t unanswered_since_ms, last_sent_ms; /* monotonic */
	int64_t last_reply_s;                      /* 0: never */
	bool is_silent;                            /* as was told */
};

/* The way to a server is another one than before. */
typedef void server_path_told_fn(
	void *arg, const struct server_path *server, const struct server_path *before);

struct server_paths {
	struct server_path server[SERVER_PATHS_MAX]; /* made by server_list.h */
	size_t count;
	const struct relay_conf *conf;
	const struct server_names *names;
	const struct link_table *table;
	struct route_query *query;
	struct route_monitor routes;
	struct server_uplinks uplinks;
	unsigned sendable; /* those that may be sent to, as bits by index */
	unsigned lists;    /* how many times the list was made */
	bool unlisted;     /* the list is to be made anew, which stales all */
	bool stale;
	server_path_told_fn *told; /* of shifts; NULL: nobody is */
	void *told_arg;
};

/* Returns 0 or -errno. The paths are known after the first refresh. */
int server_paths_init(struct server_paths *paths, const struct link_table *table,
	const struct server_names *names, const struct relay_conf *conf);
void server_paths_fini(struct server_paths *paths);

/* Another configuration: servers that stay keep what is known of them. */
void server_paths_reconfigure(struct server_paths *paths, const struct relay_conf *conf);

/* Some name of a server has other addresses. */
void server_paths_names_changed(struct server_paths *paths);

/*
 * Something about this link changed (LINK_CHANGED_*, or 0 where it is new or its
 * addresses changed), or it has gone: mark stale what depends on it.
 */
void server_paths_link_changed(struct server_paths *paths, const struct link *link, unsigned what);
void server_paths_link_removed(struct server_paths *paths, const struct link *link);

/* Readable when routes that cover a server may have changed. */
int server_paths_fd(const struct server_paths *paths);
void server_paths_read(struct server_paths *paths);

/*
 * Ask the kernel where anything is stale. Each shift is one line of log. After links
 * have changed this may make the list anew: not while datagrams are queued.
 */
void server_paths_refresh(struct server_paths *paths);

/* The ifindex of the VRF that the server is in, or that the link is in or is; 0: none. */
int server_path_vrf(const struct server_path *server);
int server_path_vrf_of(const struct link *link);

/*
 * A message goes to this server, a reply came from it. True where that makes it
 * fall silent or speak again, which is a line of log.
 */
bool server_path_sent(struct server_path *server, int64_t now_ms);
bool server_path_answered(struct server_path *server);

/* True where many messages went to the server over some seconds and nothing came back. */
bool server_path_is_silent(const struct server_path *server, int64_t now_ms);

/*
 * The server that an answer from this address is of, which came in on that link; NULL:
 * none. Servers that are asked by multicast answer from any address of theirs,
 * on a link that they are asked on; those in a VRF answer on its links, the others on none
 * of a VRF's, unless that is the way to them.
 */
struct server_path *server_paths_find(
	struct server_paths *paths, const struct in6_addr *address, const struct link *link);

/* True where an answer of that server may come in on that link. */
bool server_paths_lead_from(struct server_paths *paths, const struct server_path *server,
	const struct link *link, int64_t now_ms);

#endif
