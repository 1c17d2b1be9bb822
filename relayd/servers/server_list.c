/* SPDX-License-Identifier: ISC */
/*
 * The list of servers, put together from configuration and DNS.
 */
#include "relayd/servers/server_list.h"

#include <arpa/inet.h>
#include <string.h>

#include "daemon/log.h"
#include "relayd/links/client_links.h"

/* The list as it was, and the one being made. */
struct making {
	struct server_paths *paths;
	struct server_path before[SERVER_PATHS_MAX];
	size_t n_before;
	bool is_full;
};

static struct server_path *find_in(
	struct server_path *servers, size_t n, const struct in6_addr *address, const char *out_link)
{
	for (size_t i = 0; i < n; i++)
		if (IN6_ARE_ADDR_EQUAL(&servers[i].address, address) &&
			strcmp(servers[i].out_link, out_link) == 0)
			return &servers[i];
	return NULL;
}

/* out: the link that is named in sending, NULL: none. */
static void add(struct making *making, const struct relay_server *configured,
	const struct in6_addr *address, const struct link *out)
{
	struct server_paths *paths = making->paths;
	struct server_path *server = &paths->server[paths->count];
	const char *out_link = out ? out->name : "";
	const struct server_path *before =
		find_in(making->before, making->n_before, address, out_link);

	if (find_in(paths->server, paths->count, address, out_link))
		return;
	if (paths->count == SERVER_PATHS_MAX) {
		making->is_full = true;
		return;
	}
	*server = before ? *before : (struct server_path){.address = *address};
	inet_ntop(AF_INET6, address, server->text, sizeof(server->text));
	server->configured = configured;
	server->out_ifindex = out ? out->ifindex : 0;
	strcpy(server->out_link, out_link);
	paths->count++;
}

static const struct link *find_vrf(
	const struct server_paths *paths, const struct relay_server *configured)
{
	const struct link *link = link_table_find_name(paths->table, configured->vrf);

	return link && strcmp(link->kind, "vrf") == 0 ? link : NULL;
}

/* By its own way: in its VRF, where it has one. Never in another one. */
static void add_unicast(struct making *making, const struct relay_server *configured,
	const struct in6_addr *address)
{
	const struct link *vrf = *configured->vrf ? find_vrf(making->paths, configured) : NULL;

	if (vrf || !*configured->vrf)
		add(making, configured, address, vrf);
}

static void add_name(struct making *making, const struct relay_server *configured)
{
	const struct server_name *name = server_names_find(making->paths->names, configured->title);

	for (size_t i = 0; name && i < name->count; i++)
		add_unicast(making, configured, &name->address[i]);
}

/* An uplink is no client-facing link, whatever the patterns say: clients are no servers. */
static bool is_uplink_of(const struct relay_server *configured, const struct link *link)
{
	return configured->kind == RELAY_SERVER_MULTICAST &&
	       link_patterns_match(&configured->links, link->name) && !client_links_face(link);
}

static void add_multicast(struct making *making, const struct relay_server *configured)
{
	const struct link_table *table = making->paths->table;

	for (struct link *link = link_table_first(table); link; link = link_table_next(table, link))
		if (is_uplink_of(configured, link))
			add(making, configured, &configured->address, link);
}

static void add_configured(struct making *making, const struct relay_server *configured)
{
	switch (configured->kind) {
	case RELAY_SERVER_ADDRESS:
		add_unicast(making, configured, &configured->address);
		break;
	case RELAY_SERVER_NAME:
		add_name(making, configured);
		break;
	case RELAY_SERVER_MULTICAST:
		add_multicast(making, configured);
		break;
	}
}

void server_list_make(struct server_paths *paths)
{
	struct making making = {.paths = paths, .n_before = paths->count};

	memcpy(making.before, paths->server, sizeof(making.before));
	paths->count = 0;
	for (size_t i = 0; i < paths->conf->n_servers; i++)
		add_configured(&making, &paths->conf->server[i]);
	paths->stale = true;
	if (making.is_full)
		log_warning("more than %d addresses of servers: the first ones are used",
			SERVER_PATHS_MAX);
}

bool server_list_depends_on(const struct server_paths *paths, const struct link *link)
{
	for (size_t i = 0; i < paths->count; i++)
		if (paths->server[i].out_ifindex == link->ifindex)
			return strcmp(paths->server[i].out_link, link->name) != 0 ||
			       link_table_find(paths->table, link->ifindex) != link ||
			       client_links_face(link);
	for (size_t i = 0; i < paths->conf->n_servers; i++)
		if (is_uplink_of(&paths->conf->server[i], link) ||
			strcmp(paths->conf->server[i].vrf, link->name) == 0)
			return true;
	return false;
}

const char *server_list_why_none(
	const struct server_paths *paths, const struct relay_server *configured)
{
	const struct server_name *name;

	for (size_t i = 0; i < paths->count; i++)
		if (paths->server[i].configured == configured)
			return NULL;
	if (configured->kind == RELAY_SERVER_MULTICAST)
		return "there is no link for it";
	if (*configured->vrf && !find_vrf(paths, configured))
		return "there is no VRF of this name";
	if (configured->kind == RELAY_SERVER_ADDRESS)
		return "it is listed already";
	name = server_names_find(paths->names, configured->title);
	return name && name->reason ? name->reason : "its addresses are listed already";
}
