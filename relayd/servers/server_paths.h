/* SPDX-License-Identifier: ISC */
/*
 * Keeps the paths to all servers current.
 *
 * A path depends on routes, nexthop objects and rules (server_paths_read), on links and addresses
 * (server_paths_link_changed), and on the addresses that DNS has for names of servers
 * (server_paths_names_changed). Each of these only marks paths stale;
 * server_paths_refresh() then asks the kernel for the routes and chooses the source addresses.
 * The caller does so between batches, so the packet path sees a table that does not change under
 * it. Each change of a path is one line of log.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_PATHS_H
#define NB6_RELAYD_SERVERS_SERVER_PATHS_H

#include "netlink/route_monitor.h"
#include "netlink/route_query.h"
#include "relayd/servers/server_list.h"
#include "relayd/servers/server_uplinks.h"

/* The path to a server has changed. */
typedef void server_path_changed_fn(
	void *arg, const struct server_path *server, const struct server_path *before);

struct server_paths {
	struct server_list list;
	struct route_query *query;
	struct route_flow flow; /* what all datagrams to servers have in common */
	struct route_monitor routes;
	struct server_uplinks uplinks;
	bool rebuild; /* the list is stale, and so are all paths */
	bool stale;
	server_path_changed_fn *changed; /* NULL: no callback */
	void *changed_arg;
};

/*
 * Returns 0 or -errno. `table`, `names` and `conf` are borrowed. `flow` has the ports, the mark and
 * the owner of the socket that sends to servers. The paths are known after the first refresh.
 */
int server_paths_init(struct server_paths *paths, const struct link_table *table,
	const struct server_names *names, const struct relay_conf *conf,
	const struct route_flow *flow);
void server_paths_fini(struct server_paths *paths);

/*
 * Use another configuration. Servers that stay keep their counters. The list is a table of fixed
 * size, so this allocates nothing and cannot fail.
 */
void server_paths_commit(struct server_paths *paths, const struct relay_conf *conf);

/* A name of a server has other addresses than before. */
void server_paths_names_changed(struct server_paths *paths);

/*
 * This link changed (LINK_CHANGED_*; 0 if it is new or its addresses changed) or was removed. Marks
 * stale what depends on it.
 */
void server_paths_link_changed(struct server_paths *paths, const struct link *link, unsigned what);
void server_paths_link_removed(struct server_paths *paths, const struct link *link);

/* Readable when routes that cover a server may have changed. */
int server_paths_fd(const struct server_paths *paths);
void server_paths_read(struct server_paths *paths);

/* Bring stale paths up to date. May rebuild the list: not while datagrams are queued. */
void server_paths_refresh(struct server_paths *paths);

/* True if a reply of that server may come in on that link; see server_uplinks.h. */
bool server_paths_lead_from(struct server_paths *paths, const struct server_path *server,
	const struct link *link, int64_t now_ms);

#endif
