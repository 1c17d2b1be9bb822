/* SPDX-License-Identifier: ISC */
/*
 * Rebuilding the list. Each configured server adds its entries; an entry that the list had before
 * (the same address by the same link) is copied with all that is known about it.
 */
#include "relayd/servers/server_list.h"

#include <arpa/inet.h>
#include <string.h>

#include "daemon/log.h"
#include "relayd/links/client_links.h"

struct making {
	struct server_list *list; /* being made */
	struct server_path before[SERVER_LIST_MAX];
	size_t n_before;
	bool is_full; /* an entry found no place */
};

static struct server_path *find_in(struct server_path *servers, size_t n,
	const struct in6_addr *address, const char *out_link, const struct relay_source *source)
{
	for (size_t i = 0; i < n; i++)
		if (IN6_ARE_ADDR_EQUAL(&servers[i].address, address) &&
			strcmp(servers[i].out_link, out_link) == 0 &&
			relay_source_equal(&servers[i].source_copy, source))
			return &servers[i];
	return NULL;
}

/* `out` is the link that datagrams name, NULL: none. */
static void add_with_source(struct making *making, const struct relay_server *configured,
	const struct in6_addr *address, const struct link *out, const struct relay_source *source)
{
	struct server_list *list = making->list;
	struct server_path *server = &list->server[list->count];
	const char *out_link = out ? out->name : "";
	const struct server_path *before =
		find_in(making->before, making->n_before, address, out_link, source);

	if (find_in(list->server, list->count, address, out_link, source))
		return;
	if (list->count == SERVER_LIST_MAX) {
		making->is_full = true;
		return;
	}
	*server = before ? *before : (struct server_path){.address = *address};
	inet_ntop(AF_INET6, address, server->text, sizeof(server->text));
	server->configured = configured;
	server->index = (unsigned)(configured - list->conf->server);
	server->source_setting = source;
	server->source_copy = *source;
	server->out_ifindex = out ? out->ifindex : 0;
	strcpy(server->out_link, out_link);
	list->count++;
}

/* Once for each source that the links which use this server have. */
static void add(struct making *making, const struct relay_server *configured,
	const struct in6_addr *address, const struct link *out)
{
	const struct relay_conf *conf = making->list->conf;
	unsigned index = (unsigned)(configured - conf->server);

	for (size_t i = 0; i < conf->n_rules; i++)
		if (conf->rule[i].servers & 1u << index)
			add_with_source(
				making, configured, address, out, &conf->rule[i].source);
}

unsigned server_list_of_rule(struct server_list *list, const struct relay_link_rule *rule)
{
	unsigned found = 0;

	if (list->rule == rule)
		return list->of_rule;
	for (size_t i = 0; i < list->count; i++)
		if ((rule->servers & 1u << list->server[i].index) &&
			relay_source_equal(list->server[i].source_setting, &rule->source))
			found |= 1u << i;
	list->rule = rule;
	list->of_rule = found;
	return found;
}

static const struct link *find_vrf(
	const struct server_list *list, const struct relay_server *configured)
{
	const struct link *link = link_table_find_name(list->table, configured->vrf);

	return link && link_is_vrf(link) ? link : NULL;
}

/* A server with `vrf` is reached in that VRF only, and not at all while it does not exist. */
static void add_unicast(struct making *making, const struct relay_server *configured,
	const struct in6_addr *address)
{
	const struct link *vrf = *configured->vrf ? find_vrf(making->list, configured) : NULL;

	if (vrf || !*configured->vrf)
		add(making, configured, address, vrf);
}

static void add_name(struct making *making, const struct relay_server *configured)
{
	const struct server_name *name = server_names_find(making->list->names, configured->title);

	for (size_t i = 0; name && i < name->count; i++)
		add_unicast(making, configured, &name->address[i]);
}

/* A client-facing link is never an uplink for multicast: clients would receive the messages. */
static bool is_uplink_of(const struct relay_server *configured, const struct link *link)
{
	return configured->kind == RELAY_SERVER_MULTICAST &&
	       link_patterns_match_link(&configured->links, link) && !client_links_is_facing(link);
}

static void add_multicast(struct making *making, const struct relay_server *configured)
{
	const struct link_table *table = making->list->table;

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

void server_list_make(struct server_list *list)
{
	struct making making = {.list = list, .n_before = list->count};

	memcpy(making.before, list->server, sizeof(making.before));
	list->count = 0;
	for (size_t i = 0; i < list->conf->n_servers; i++)
		add_configured(&making, &list->conf->server[i]);
	list->version++;
	list->rule = NULL;
	if (making.is_full)
		log_warning("more than %d server addresses: only the first %d are used",
			SERVER_LIST_MAX, SERVER_LIST_MAX);
}

bool server_list_depends_on(const struct server_list *list, const struct link *link)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->server[i].out_ifindex == link->ifindex)
			return strcmp(list->server[i].out_link, link->name) != 0 ||
			       link_table_find(list->table, link->ifindex) != link ||
			       client_links_is_facing(link);
	for (size_t i = 0; i < list->conf->n_servers; i++)
		if (is_uplink_of(&list->conf->server[i], link) ||
			strcmp(list->conf->server[i].vrf, link->name) == 0)
			return true;
	return false;
}

const char *server_list_why_none(
	const struct server_list *list, const struct relay_server *configured)
{
	const struct server_name *name;

	for (size_t i = 0; i < list->count; i++)
		if (list->server[i].configured == configured)
			return NULL;
	if (configured->kind == RELAY_SERVER_MULTICAST)
		return "no uplink matches its interface patterns";
	if (*configured->vrf && !find_vrf(list, configured))
		return "no VRF has this name";
	if (configured->kind == RELAY_SERVER_ADDRESS)
		return "another server section has the same address";
	name = server_names_find(list->names, configured->title);
	return name && name->reason ? name->reason : "other server sections have the same addresses";
}

/* True if the server may reply from an address that messages are not sent to. */
static bool answers_from(const struct server_path *server, const struct in6_addr *address)
{
	const struct relay_server *configured = server->configured;

	return configured->n_answers_from
		       ? prefix_any_contains(
				 configured->answers_from, configured->n_answers_from, address)
		       : server_path_is_multicast(server);
}

static bool has_source(const struct server_path *server, const struct in6_addr *local)
{
	return IN6_ARE_ADDR_EQUAL(&server->source, local);
}

struct server_path *server_list_find(struct server_list *list, const struct in6_addr *address,
	const struct in6_addr *local, const struct link *link)
{
	struct server_path *own = NULL, *other = NULL;

	for (size_t i = 0; i < list->count; i++) {
		struct server_path *server = &list->server[i];
		bool is_own = IN6_ARE_ADDR_EQUAL(&server->address, address);
		struct server_path **best = is_own ? &own : &other;

		if ((is_own || answers_from(server, address)) &&
			server_path_may_answer_on(server, link) &&
			(!*best || (!has_source(*best, local) && has_source(server, local))))
			*best = server;
	}
	return own ? own : other;
}
