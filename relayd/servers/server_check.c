/* SPDX-License-Identifier: ISC */
#include "relayd/servers/server_check.h"

#include <net/if.h>

#include "netlink/route_query.h"

static void check_route(struct route_query *query, const struct relay_conf *conf,
	const struct relay_server *server, const char *file, struct config_problems *problems)
{
	struct route_flow flow = {.destination = server->address,
		.protocol = IPPROTO_UDP,
		.sport = conf->source_port,
		.dport = 547,
		.mark = conf->fwmark};
	struct route_answer route;
	char link[IF_NAMESIZE];

	if (relay_conf_global(conf)->source.kind == RELAY_SOURCE_ADDRESS)
		flow.source = relay_conf_global(conf)->source.address;
	if (route_query_flow(query, &flow, &route) < 0 ||
		!if_indextoname((unsigned)route.ifindex, link) ||
		!link_patterns_match(&conf->interfaces, link) ||
		link_patterns_match(&server->links, link))
		return;
	config_problem(problems, false, file, 0,
		"server: the route to %s leaves by the client-facing link %s, so its replies are "
		"dropped; set interface = {\"%s\"} in its section, or exclude the link: "
		"interfaces = {..., \"!%s\"}",
		server->title, link, link, link);
}

void server_check_routes(
	const struct relay_conf *conf, const char *file, struct config_problems *problems)
{
	struct route_query *query = route_query_new();

	for (size_t i = 0; query && i < conf->n_servers; i++)
		if (conf->server[i].kind == RELAY_SERVER_ADDRESS && !*conf->server[i].vrf)
			check_route(query, conf, &conf->server[i], file, problems);
	route_query_free(query);
}
