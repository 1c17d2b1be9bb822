/* SPDX-License-Identifier: ISC */
/*
 * -t runs without privileges and beside a running relay: it reads links and routes by netlink and
 * opens nothing else.
 */
#include "relayd/host_check.h"

#include <net/if.h>

#include "netlink/link_monitor.h"
#include "netlink/route_query.h"

/* --- names of links ----------------------------------------------------------------------- */

struct link_check {
	struct link_table links; /* of this host */
	const char *file;
	struct config_problems *problems;
};

static void check_name(const struct link_check *check, const char *setting, const char *name)
{
	if (!link_table_has_name(&check->links, name))
		config_problem(check->problems, false, check->file, 0,
			"%s: this host has no link \"%s\" now; if the name is right, the link is "
			"used as soon as it exists",
			setting, name);
}

/* A pattern may match nothing; a name is meant. */
static void check_names(const struct link_check *check, const char *setting,
	const struct link_patterns *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (link_pattern_is_name(patterns->pattern[i]))
			check_name(check, setting, patterns->pattern[i]);
}

static void check_source(
	const struct link_check *check, const char *setting, const struct relay_source *source)
{
	if (source->kind == RELAY_SOURCE_LINK)
		check_name(check, setting, source->link);
}

static void check_links(
	const struct relay_conf *conf, const char *file, struct config_problems *problems)
{
	struct link_check check = {.file = file, .problems = problems};
	const struct relay_source *source = &relay_conf_global(conf)->source;

	if (link_monitor_snapshot(&check.links) < 0)
		return;
	check_names(&check, "interfaces", &conf->interfaces);
	check_names(&check, "trusted", &conf->trusted);
	for (size_t i = 0; i < conf->n_servers; i++) {
		check_names(&check, "server: interface", &conf->server[i].links);
		if (*conf->server[i].vrf)
			check_name(&check, "server: vrf", conf->server[i].vrf);
	}
	check_source(&check, "source", source);
	for (size_t i = 0; i + 1 < conf->n_rules; i++) { /* the last rule has the global settings */
		check_names(&check, "link", &conf->rule[i].pattern);
		if (!relay_source_equal(&conf->rule[i].source, source))
			check_source(&check, "link: source", &conf->rule[i].source);
	}
	link_table_fini(&check.links);
}

/* --- routes to servers -------------------------------------------------------------------- */

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

static void check_routes(
	const struct relay_conf *conf, const char *file, struct config_problems *problems)
{
	struct route_query *query = route_query_new();

	for (size_t i = 0; query && i < conf->n_servers; i++)
		if (conf->server[i].kind == RELAY_SERVER_ADDRESS && !*conf->server[i].vrf)
			check_route(query, conf, &conf->server[i], file, problems);
	route_query_free(query);
}

void host_check(
	const struct relay_conf *conf, const char *file, struct config_problems *problems)
{
	check_links(conf, file, problems);
	check_routes(conf, file, problems);
}
