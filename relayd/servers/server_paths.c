/* SPDX-License-Identifier: ISC */
/*
 * Following the kernel for the servers of the list. RFC 9915 leaves the path to a server to the
 * router's routing, and so does the relay: it asks for the route to choose a source address and to
 * show the path, and leaves each datagram's route to the kernel.
 */
#include "relayd/servers/server_paths.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"
#include "relayd/links/client_links.h"
#include "relayd/servers/server_source.h"

/* From now on the monitor reports routes that cover one of the servers. */
static int follow_routes(struct server_paths *paths)
{
	const struct server_list *list = &paths->list;
	struct in6_addr address[SERVER_LIST_MAX];
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++)
		if (!server_path_is_multicast(&list->server[i]))
			address[n++] = list->server[i].address;
	return route_monitor_set_servers(&paths->routes, address, n);
}

/* Routes are followed before they are looked up, so that no change is missed in between. */
static void rebuild_list(struct server_paths *paths)
{
	int rc;

	server_list_make(&paths->list);
	paths->rebuild = false;
	paths->stale = true;
	rc = follow_routes(paths);
	if (rc < 0)
		log_error("cannot follow the routes to the servers: %s", strerror(-rc));
}

int server_paths_init(struct server_paths *paths, const struct link_table *table,
	const struct server_names *names, const struct relay_conf *conf,
	const struct route_flow *flow)
{
	int rc;

	*paths = (struct server_paths){
		.list = {.table = table, .names = names, .conf = conf},
		.flow = *flow,
	};
	paths->query = route_query_new();
	if (!paths->query)
		return -errno;
	rc = route_monitor_init(&paths->routes, NULL, 0);
	if (rc < 0) {
		route_query_free(paths->query);
		return rc;
	}
	rebuild_list(paths);
	return 0;
}

void server_paths_fini(struct server_paths *paths)
{
	route_monitor_fini(&paths->routes);
	route_query_free(paths->query);
	*paths = (struct server_paths){0};
}

void server_paths_commit(struct server_paths *paths, const struct relay_conf *conf)
{
	paths->list.conf = conf;
	paths->uplinks = (struct server_uplinks){0};
	rebuild_list(paths);
}

void server_paths_names_changed(struct server_paths *paths)
{
	rebuild_list(paths);
}

int server_paths_fd(const struct server_paths *paths)
{
	return route_monitor_fd(&paths->routes);
}

void server_paths_read(struct server_paths *paths)
{
	int rc = route_monitor_read(&paths->routes);

	if (rc < 0)
		log_error("cannot follow the routes to the servers: %s", strerror(-rc));
	if (rc != 0)
		paths->stale = true;
}

bool server_paths_lead_from(struct server_paths *paths, const struct server_path *server,
	const struct link *link, int64_t now_ms)
{
	return server_path_is_multicast(server) ||
	       server_path_names_link(server, link) ||
	       server_uplinks_lead(
		       &paths->uplinks, paths->query, &paths->flow, &paths->list, link, now_ms);
}

/* --- links ------------------------------------------------------------------------------ */

static bool depends_on(const struct server_path *server, const struct link *link)
{
	return (server->error != 0 && !server_path_is_multicast(server)) ||
	       server->source_ifindex == 0 || link->ifindex == server->ifindex ||
	       link->ifindex == server->source_ifindex || (link->flags & IFF_LOOPBACK) ||
	       link->ifindex == server->out_ifindex ||
	       strcmp(link->name, server->source_setting->link) == 0;
}

void server_paths_link_changed(struct server_paths *paths, const struct link *link, unsigned what)
{
	const struct server_list *list = &paths->list;

	if (what & LINK_CHANGED_MASTER)
		server_uplinks_forget(&paths->uplinks, link->ifindex);
	if (server_list_depends_on(list, link))
		paths->rebuild = true;
	for (size_t i = 0; i < list->count && !paths->stale; i++)
		paths->stale = depends_on(&list->server[i], link);
}

void server_paths_link_removed(struct server_paths *paths, const struct link *link)
{
	server_uplinks_forget(&paths->uplinks, link->ifindex);
	server_paths_link_changed(paths, link, 0);
}

/* --- refresh ---------------------------------------------------------------------------- */

static void log_shift(const struct server_path *before, const struct server_path *now)
{
	char source[INET6_ADDRSTRLEN], next_hop[INET6_ADDRSTRLEN], old[INET6_ADDRSTRLEN];
	bool same_source = IN6_ARE_ADDR_EQUAL(&before->source, &now->source);

	if (now->error) {
		log_with(LOG_LEVEL_WARNING,
			&(struct log_fields){.event = LOG_EVENT_SERVER_UNREACHABLE,
				.host = now->text,
				.reason = now->reason},
			"server %s: no path: %s%s", now->text, now->reason,
			now->is_held ? "; messages to it are dropped until it is" : "");
		return;
	}
	inet_ntop(AF_INET6, &now->source, source, sizeof(source));
	inet_ntop(AF_INET6, &now->next_hop, next_hop, sizeof(next_hop));
	inet_ntop(AF_INET6, &before->source, old, sizeof(old));
	log_with(LOG_LEVEL_NOTICE,
		&(struct log_fields){.event = before->error ? LOG_EVENT_SERVER_REACHABLE
							    : LOG_EVENT_NONE,
			.host = now->text,
			.link = now->uplink},
		"server %s: uplink %s, next hop %s, source %s%s%s%s%s", now->text, now->uplink,
		IN6_IS_ADDR_UNSPECIFIED(&now->next_hop) ? "(on-link)" : next_hop, source,
		before->ifindex ? ", previous uplink " : "", before->ifindex ? before->uplink : "",
		before->ifindex && !same_source ? ", previous source " : "",
		before->ifindex && !same_source ? old : "");
	if (*now->reason)
		log_warning("server %s: %s", now->text, now->reason);
}

static bool same_path(const struct server_path *a, const struct server_path *b)
{
	return a->error == b->error && a->ifindex == b->ifindex &&
	       IN6_ARE_ADDR_EQUAL(&a->next_hop, &b->next_hop) &&
	       IN6_ARE_ADDR_EQUAL(&a->source, &b->source) && strcmp(a->reason, b->reason) == 0;
}

/* The route of a datagram to the server, from its source address if that is known. */
static void ask_for_route(struct server_paths *paths, struct server_path *server,
	const struct in6_addr *source, struct route_answer *route)
{
	struct route_flow flow = paths->flow;
	int rc;

	flow.destination = server->address;
	flow.source = *source;
	flow.oif = (uint32_t)server->out_ifindex;
	*route = (struct route_answer){0};
	rc = route_query_flow(paths->query, &flow, route);
	server->error = rc < 0 ? -rc : 0;
	server->ifindex = route->ifindex;
	server->next_hop = route->next_hop;
}

/* The configured source is an address of the router outside all VRFs. */
static bool is_source_configured(const struct server_path *server)
{
	return server->source_setting->kind != RELAY_SOURCE_AUTO && server_path_vrf(server) == 0;
}

/*
 * Rules may look at the source address, so the route is asked for again once that is chosen, as the
 * kernel will route the datagram.
 */
static void find_route(struct server_paths *paths, struct server_path *server)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;
	const struct server_list *list = &paths->list;
	struct route_answer route;

	if (is_source_configured(server)) {
		server_source_configured(server, list->table);
		if (server->is_held)
			return;
	} else {
		ask_for_route(paths, server, &any, &route);
		if (server->error)
			return;
		server_source_auto(server, list->table, &route.source);
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&server->source))
		ask_for_route(paths, server, &server->source, &route);
}

/* For multicast the path is the uplink itself. */
static void find_uplink(struct server_paths *paths, struct server_path *server)
{
	const struct server_list *list = &paths->list;
	const struct link *link = link_table_find(list->table, server->out_ifindex);

	server->error = link && (link->flags & IFF_RUNNING) ? 0 : ENETDOWN;
	server->ifindex = server->out_ifindex;
	if (server->source_setting->kind != RELAY_SOURCE_AUTO)
		server_source_configured(server, list->table);
	else
		server_source_of_uplink(server, link);
}

/* Replies that come in on a client-facing link are dropped unless the server's section names it. */
static void warn_of_client_link(struct server_path *server, const struct link *uplink)
{
	if (uplink && client_links_is_facing(uplink) && !server_path_names_link(server, uplink))
		snprintf(server->reason, sizeof(server->reason),
			"its route leaves by the client-facing link %s, so its replies are "
			"dropped: set interface = {\"%s\"} in its section, or exclude the link: "
			"interfaces = {..., \"!%s\"}",
			uplink->name, uplink->name, uplink->name);
}

static void refresh_one(struct server_paths *paths, struct server_path *server)
{
	struct server_path before = *server;
	const struct link *uplink;

	server->is_held = false;
	*server->reason = '\0';
	if (server_path_is_multicast(server))
		find_uplink(paths, server);
	else
		find_route(paths, server);
	uplink = server->ifindex ? link_table_find(paths->list.table, server->ifindex) : NULL;
	snprintf(server->uplink, sizeof(server->uplink), "%s", uplink ? uplink->name : "");
	if (!server->error)
		warn_of_client_link(server, uplink);
	else if (!*server->reason)
		snprintf(server->reason, sizeof(server->reason), "%s", strerror(server->error));
	if (same_path(&before, server) && before.since_s)
		return;
	server->shifts += before.since_s != 0;
	server->since_s = time(NULL);
	log_shift(&before, server);
	if (paths->changed)
		paths->changed(paths->changed_arg, server, &before);
}

void server_paths_refresh(struct server_paths *paths)
{
	struct server_list *list = &paths->list;

	if (paths->rebuild)
		rebuild_list(paths);
	if (!paths->stale)
		return;
	paths->stale = false;
	list->sendable = 0;
	server_uplinks_mark_stale(&paths->uplinks);
	for (size_t i = 0; i < list->count; i++) {
		struct server_path *server = &list->server[i];

		refresh_one(paths, server);
		server_uplinks_add(&paths->uplinks, server->ifindex);
		/* If routing decides, the kernel may find a route that was not seen here. */
		if (server->error == 0 || (server->out_ifindex == 0 && !server->is_held))
			list->sendable |= 1u << i;
	}
}
