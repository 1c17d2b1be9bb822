/* SPDX-License-Identifier: ISC */
/*
 * The servers, their source addresses and uplinks (RFC 9915 leaves the way to
 * a server to routing, and so do we).
 */
#include "relayd/servers/server_path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"
#include "relayd/links/link_choice.h"
#include "relayd/servers/server_list.h"

static bool is_multicast(const struct server_path *server)
{
	return IN6_IS_ADDR_MULTICAST(&server->address);
}

/* Routes that cover one of the servers are told of from now on. */
static int follow_routes(struct server_paths *paths)
{
	struct in6_addr address[SERVER_PATHS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < paths->count; i++)
		if (!is_multicast(&paths->server[i]))
			address[n++] = paths->server[i].address;
	return route_monitor_set_servers(&paths->routes, address, n);
}

/* Routes are asked for after they are followed, so that none slips through. */
static void set_servers(struct server_paths *paths)
{
	int rc;

	server_list_make(paths);
	paths->unlisted = false;
	paths->lists++;
	rc = follow_routes(paths);
	if (rc < 0)
		log_error("routes to the servers cannot be followed: %s", strerror(-rc));
}

int server_paths_init(struct server_paths *paths, const struct link_table *table,
	const struct server_names *names, const struct relay_conf *conf)
{
	int rc;

	*paths = (struct server_paths){.table = table, .names = names, .conf = conf};
	paths->query = route_query_new();
	if (!paths->query)
		return -errno;
	rc = route_monitor_init(&paths->routes, NULL, 0);
	if (rc < 0) {
		route_query_free(paths->query);
		return rc;
	}
	set_servers(paths);
	return 0;
}

void server_paths_fini(struct server_paths *paths)
{
	route_monitor_fini(&paths->routes);
	route_query_free(paths->query);
	*paths = (struct server_paths){0};
}

void server_paths_reconfigure(struct server_paths *paths, const struct relay_conf *conf)
{
	paths->conf = conf;
	paths->uplinks = (struct server_uplinks){0};
	set_servers(paths);
}

void server_paths_names_changed(struct server_paths *paths)
{
	set_servers(paths);
}

int server_paths_fd(const struct server_paths *paths)
{
	return route_monitor_fd(&paths->routes);
}

void server_paths_read(struct server_paths *paths)
{
	int rc = route_monitor_read(&paths->routes);

	if (rc < 0)
		log_error("routes to the servers cannot be followed: %s", strerror(-rc));
	if (rc != 0)
		paths->stale = true;
}

int server_path_vrf_of(const struct link *link)
{
	if (strcmp(link->kind, "vrf") == 0)
		return link->ifindex;
	return strcmp(link->port_kind, "vrf") == 0 ? link->master : 0;
}

/* True for links that the server can be on the other side of. */
static bool is_on_side_of(const struct server_path *server, const struct link *link)
{
	if (is_multicast(server))
		return link->ifindex == server->out_ifindex;
	return server_path_vrf_of(link) == server->out_ifindex || link->ifindex == server->ifindex;
}

struct server_path *server_paths_find(
	struct server_paths *paths, const struct in6_addr *address, const struct link *link)
{
	for (size_t i = 0; i < paths->count; i++) {
		struct server_path *server = &paths->server[i];

		if ((is_multicast(server) || IN6_ARE_ADDR_EQUAL(&server->address, address)) &&
			is_on_side_of(server, link))
			return server;
	}
	return NULL;
}

bool server_path_is_silent(const struct server_path *server, int64_t now_ms)
{
	return server->unanswered >= SERVER_SILENT_AFTER &&
	       now_ms - server->unanswered_since_ms >= SERVER_SILENT_AFTER_MS;
}

bool server_paths_lead_from(struct server_paths *paths, const struct server_path *server,
	const struct link *link, int64_t now_ms)
{
	return is_multicast(server) || server_uplinks_lead(paths, link, now_ms) ||
	       link_patterns_match(&server->configured->links, link->name);
}

bool server_path_sent(struct server_path *server, int64_t now_ms)
{
	server->forwarded++;
	if (server->unanswered++ == 0)
		server->unanswered_since_ms = now_ms;
	server->last_sent_ms = now_ms;
	if (server->is_silent || !server_path_is_silent(server, now_ms))
		return false;
	server->is_silent = true;
	log_warning("server %s: silent: no reply to %" PRIu64 " messages in %" PRId64 " s",
		server->text, server->unanswered, (now_ms - server->unanswered_since_ms) / 1000);
	return true;
}

bool server_path_answered(struct server_path *server)
{
	bool was_silent = server->is_silent;

	server->replies++;
	server->unanswered = 0;
	server->is_silent = false;
	server->last_reply_s = time(NULL);
	if (was_silent)
		log_notice("server %s: answers again", server->text);
	return was_silent;
}

int server_path_vrf(const struct server_path *server)
{
	return is_multicast(server) ? 0 : server->out_ifindex;
}

static bool depends_on(
	const struct server_paths *paths, const struct server_path *server, const struct link *link)
{
	return (server->error != 0 && !is_multicast(server)) || server->source_ifindex == 0 ||
	       link->ifindex == server->ifindex || link->ifindex == server->source_ifindex ||
	       strcmp(link->name, paths->conf->source_link) == 0;
}

void server_paths_link_removed(struct server_paths *paths, const struct link *link)
{
	server_uplinks_forget(&paths->uplinks, link->ifindex);
	server_paths_link_changed(paths, link, 0);
}

void server_paths_link_changed(struct server_paths *paths, const struct link *link, unsigned what)
{
	if (what & LINK_CHANGED_MASTER)
		server_uplinks_forget(&paths->uplinks, link->ifindex);
	if (server_list_depends_on(paths, link))
		paths->unlisted = true;
	for (size_t i = 0; i < paths->count && !paths->stale; i++)
		paths->stale = depends_on(paths, &paths->server[i], link);
}

/* The link that has this address, or NULL. */
static const struct link *find_holder(
	const struct server_paths *paths, const struct in6_addr *address)
{
	const struct link *link;

	for (link = link_table_first(paths->table); link;
		link = link_table_next(paths->table, link))
		if (link_find_address(link, address))
			return link;
	return NULL;
}

/* The stable address of a link that stands longest, or NULL. */
static const struct link_address *stable_source_of(const struct link *link)
{
	const struct link_address *best = NULL;

	for (const struct link_address *a = link->addresses; a; a = a->next)
		if (link_choice_stable_source(link, a))
			best = link_choice_better(best, a);
	return best;
}

static void take_source(
	struct server_path *server, const struct link *link, const struct in6_addr *source)
{
	server->source = *source;
	server->source_ifindex = link ? link->ifindex : 0;
}

/*
 * auto: what the kernel would take, unless that is an address which may move
 * away (VRRP's) and the uplink has a better one.
 */
static void choose_auto(
	struct server_paths *paths, struct server_path *server, const struct in6_addr *kernels)
{
	const struct link *uplink = link_table_find(paths->table, server->ifindex);
	const struct link *holder =
		uplink && link_find_address(uplink, kernels) ? uplink : find_holder(paths, kernels);
	const struct link_address *stable;

	take_source(server, holder, kernels);
	if (holder && link_choice_stable_source(holder, link_find_address(holder, kernels)))
		return;
	stable = uplink ? stable_source_of(uplink) : NULL;
	if (stable)
		take_source(server, uplink, &stable->address);
}

static void choose_configured(struct server_paths *paths, struct server_path *server)
{
	const struct relay_conf *conf = paths->conf;
	const struct link *link = conf->source == RELAY_SOURCE_LINK
					  ? link_table_find_name(paths->table, conf->source_link)
					  : find_holder(paths, &conf->source_address);
	const struct link_address *a = NULL;

	if (link)
		a = conf->source == RELAY_SOURCE_LINK
			    ? stable_source_of(link)
			    : link_find_address(link, &conf->source_address);
	if (a && link_choice_usable(a)) {
		take_source(server, link, &a->address);
	} else {
		static const struct in6_addr none = IN6ADDR_ANY_INIT;

		take_source(server, NULL, &none);
		server->error = EADDRNOTAVAIL;
	}
}

static void log_shift(const struct server_path *before, const struct server_path *now)
{
	char source[INET6_ADDRSTRLEN], next_hop[INET6_ADDRSTRLEN];

	if (now->error) {
		log_warning("server %s: no way to it: %s", now->text, strerror(now->error));
		return;
	}
	inet_ntop(AF_INET6, &now->source, source, sizeof(source));
	inet_ntop(AF_INET6, &now->next_hop, next_hop, sizeof(next_hop));
	log_notice("server %s: by %s, next hop %s, source %s%s%s", now->text, now->uplink,
		IN6_IS_ADDR_UNSPECIFIED(&now->next_hop) ? "itself" : next_hop, source,
		before->ifindex ? ", before by " : "", before->ifindex ? before->uplink : "");
}

static bool same_way(const struct server_path *a, const struct server_path *b)
{
	return a->error == b->error && a->ifindex == b->ifindex &&
	       IN6_ARE_ADDR_EQUAL(&a->next_hop, &b->next_hop) &&
	       IN6_ARE_ADDR_EQUAL(&a->source, &b->source);
}

static void find_route(struct server_paths *paths, struct server_path *server)
{
	struct route_answer way = {0};
	int rc = route_query_to(
		paths->query, &server->address, NULL, (uint32_t)server->out_ifindex, &way);

	server->error = rc < 0 ? -rc : 0;
	server->ifindex = way.ifindex;
	server->next_hop = way.next_hop;
	/* What is configured is an address of the router itself, and no VRF's. */
	if (paths->conf->source != RELAY_SOURCE_AUTO && server->out_ifindex == 0)
		choose_configured(paths, server);
	else if (rc == 0)
		choose_auto(paths, server, &way.source);
}

/* By multicast the way is the link; its source is an address of that link. */
static void find_uplink(struct server_paths *paths, struct server_path *server)
{
	const struct link *link = link_table_find(paths->table, server->out_ifindex);
	const struct link_address *source = link ? stable_source_of(link) : NULL;

	server->error = link && (link->flags & IFF_RUNNING) ? 0 : ENETDOWN;
	server->ifindex = server->out_ifindex;
	if (link && !source)
		source = link_choice_of(link);
	if (paths->conf->source != RELAY_SOURCE_AUTO)
		choose_configured(paths, server);
	else if (source)
		take_source(server, link, &source->address);
	else
		server->error = EADDRNOTAVAIL;
}

static void refresh_one(struct server_paths *paths, struct server_path *server)
{
	struct server_path before = *server;
	const struct link *uplink;

	if (is_multicast(server))
		find_uplink(paths, server);
	else
		find_route(paths, server);
	uplink = server->ifindex ? link_table_find(paths->table, server->ifindex) : NULL;
	snprintf(server->uplink, sizeof(server->uplink), "%s", uplink ? uplink->name : "");
	if (same_way(&before, server) && before.since_s)
		return;
	server->shifts += before.since_s != 0;
	server->since_s = time(NULL);
	log_shift(&before, server);
	if (paths->told)
		paths->told(paths->told_arg, server, &before);
}

void server_paths_refresh(struct server_paths *paths)
{
	if (paths->unlisted)
		set_servers(paths);
	if (!paths->stale)
		return;
	paths->stale = false;
	paths->sendable = 0;
	server_uplinks_doubt(&paths->uplinks);
	for (size_t i = 0; i < paths->count; i++) {
		struct server_path *server = &paths->server[i];

		refresh_one(paths, server);
		server_uplinks_add(&paths->uplinks, server->ifindex);
		/* Where routing decides, the kernel may find a way that we do not know of. */
		if (server->error == 0 || server->out_ifindex == 0)
			paths->sendable |= 1u << i;
	}
}
