/* SPDX-License-Identifier: ISC */
/*
 * The state of the relay in JSON. Keys are the names of fields and counters. An unknown value is left
 * out, never invented.
 */
#include "relayd/view/relay_control.h"

#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "relayd/view/relay_doctor.h"
#include "relayd/view/relay_json.h"
#include "relayd/view/relay_metrics.h"
#include "relayd/view/relay_prefixes.h"

/* The message types that occurred, by name. */
static json_t *types_json(const uint64_t counts[RELAY_TYPES])
{
	json_t *types = json_object();
	char text[RELAY_TYPE_NAME];

	for (unsigned i = 0; i < RELAY_TYPES; i++)
		if (counts[i] > 0)
			relay_json_set_number(types, relay_type_name(i, text), counts[i]);
	return types;
}

static json_t *counters_json(const struct relay_counters *counters)
{
	json_t *json = json_object(), *dropped = json_object();

	json_object_set_new(json, "received", types_json(counters->received));
	json_object_set_new(json, "replied", types_json(counters->replied));
	relay_json_set_number(json, "forwarded", counters->forwarded);
	relay_json_set_number(json, "without-client-mac", counters->without_mac);
	for (unsigned i = RELAY_PASS + 1; i < RELAY_DROPS; i++)
		if (counters->dropped[i])
			relay_json_set_number(dropped, relay_drop_name(i), counters->dropped[i]);
	json_object_set_new(json, "dropped", dropped);
	return json;
}

static json_t *netlink_json(const struct link_monitor_counters *counters)
{
	json_t *json = json_object();

	relay_json_set_number(json, "events", counters->events);
	relay_json_set_number(json, "overruns", counters->overruns);
	relay_json_set_number(json, "resyncs", counters->resyncs);
	relay_json_set_number(json, "malformed", counters->malformed);
	return json;
}

static json_t *run_status(void *arg, int n_words, char *const words[])
{
	const struct relay_view *view = &((const struct relay_control *)arg)->view;
	const struct client_links *links = view->links;

	(void)n_words;
	(void)words;
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:i, s:i, s:i, s:s, s:o, s:o}", "daemon",
		"netboot6-relayd", "version", PACKAGE_VERSION, "started",
		(json_int_t)view->started_s, "receive-queue-drops",
		(json_int_t)view->queue_drops(view->relay), "membership-repairs",
		(json_int_t)links->rejoined, "links", (int)links->registry.count, "ready",
		(int)client_links_count(links, CLIENT_LINK_READY), "servers",
		(int)view->servers->count, "client-mac-by",
		client_mac_method_name(client_mac_method(view->mac)), "counters",
		counters_json(view->counters), "netlink", netlink_json(&view->monitor->counters));
}

static json_t *link_json(const struct relay_view *view, const struct client_link *cl)
{
	json_t *json = json_object();

	relay_json_set_link(json, "name", cl->name);
	json_object_set_new(json, "state", json_string(client_link_state_name(cl->state)));
	relay_json_set_text(json, "reason", cl->reason);
	relay_json_set_number(json, "since", (uint64_t)cl->since_s);
	if (cl->link)
		relay_json_set_number(json, "ifindex", (uint64_t)cl->link->ifindex);
	relay_json_set_address(json, "link-address", &cl->link_address);
	relay_json_set_address(json, "link-local", &cl->link_local);
	relay_json_set_number(json, "link-address-changes", cl->changes);
	json_object_set_new(json, "counters", counters_json(&cl->counters));
	relay_json_set_number(
		json, "backlog-drops", cl->link ? client_mac_refused(view->mac, cl->link) : 0);
	return json;
}

static json_t *run_links(void *arg, int n_words, char *const words[])
{
	const struct relay_control *control = arg;
	json_t *links = json_array();

	(void)n_words;
	(void)words;
	for (const struct client_link *cl = control->view.links->registry.first; cl; cl = cl->next)
		json_array_append_new(links, link_json(&control->view, cl));
	return json_pack("{s:o}", "links", links);
}

/* What is wrong with the path to a server, or with its name in DNS; NULL: nothing. */
static const char *reason_of(const struct server_list *list, const struct server_path *server)
{
	const struct server_name *name;

	if (*server->reason)
		return server->reason;
	name = server_names_find(list->names, server->configured->title);
	return name ? name->reason : NULL;
}

static json_t *server_json(const struct server_list *list, const struct server_path *server)
{
	const char *reason = reason_of(list, server);
	json_t *json = json_object();
	char silent[64];

	if (!reason && server->is_silent) {
		snprintf(silent, sizeof(silent), "no reply to %" PRIu64 " messages",
			server->unanswered);
		reason = silent;
	}
	json_object_set_new(json, "server", json_string(server->text));
	if (server->configured->kind == RELAY_SERVER_NAME)
		json_object_set_new(json, "name", json_string(server->configured->title));
	if (*server->configured->vrf)
		json_object_set_new(json, "vrf", json_string(server->configured->vrf));
	json_object_set_new(json, "state", json_string(server_path_state(server)));
	json_object_set_new(json, "reachable", json_boolean(server->error == 0));
	relay_json_set_text(json, "reason", reason);
	relay_json_set_link(json, "uplink", server->uplink);
	relay_json_set_address(json, "next-hop", &server->next_hop);
	relay_json_set_address(json, "source", &server->source);
	relay_json_set_number(json, "since", (uint64_t)server->since_s);
	relay_json_set_number(json, "shifts", server->shifts);
	relay_json_set_number(json, "forwarded", server->forwarded);
	relay_json_set_number(json, "replies", server->replies);
	relay_json_set_number(json, "unanswered", server->unanswered);
	relay_json_set_number(json, "failed", server->failed);
	if (server->last_reply_s)
		relay_json_set_number(json, "last-reply", (uint64_t)server->last_reply_s);
	return json;
}

/* A configured server that no message goes to now, and why. */
static void add_missing(
	json_t *servers, const struct server_list *list, const struct relay_server *configured)
{
	const char *why = server_list_why_none(list, configured);

	if (why)
		json_array_append_new(
			servers, json_pack("{s:s, s:s, s:b, s:s}", "server", configured->title,
					 "state", "no-path", "reachable", 0, "reason", why));
}

static json_t *run_servers(void *arg, int n_words, char *const words[])
{
	const struct server_list *list = ((const struct relay_control *)arg)->view.servers;
	json_t *servers = json_array();

	(void)n_words;
	(void)words;
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(servers, server_json(list, &list->server[i]));
	for (size_t i = 0; i < list->conf->n_servers; i++)
		add_missing(servers, list, &list->conf->server[i]);
	return json_pack("{s:o}", "servers", servers);
}

static json_t *run_prefixes(void *arg, int n_words, char *const words[])
{
	return relay_prefixes_list(((const struct relay_control *)arg)->prefixes, n_words, words);
}

static json_t *run_clear_prefix(void *arg, int n_words, char *const words[])
{
	return relay_prefixes_clear(((const struct relay_control *)arg)->prefixes, n_words, words);
}

static json_t *run_doctor(void *arg, int n_words, char *const words[])
{
	(void)n_words;
	(void)words;
	return relay_doctor(&((const struct relay_control *)arg)->view);
}

static json_t *run_metrics(void *arg, int n_words, char *const words[])
{
	struct metrics m = {0};
	json_t *answer;

	(void)n_words;
	(void)words;
	relay_metrics_fill(&((struct relay_control *)arg)->view, &m);
	answer = m.failed ? NULL : json_pack("{s:s}", "metrics", m.text);
	metrics_fini(&m);
	return answer;
}

static json_t *run_reload(void *arg, int n_words, char *const words[])
{
	const struct relay_control *control = arg;
	struct config_problems problems = {0};

	(void)n_words;
	(void)words;
	if (control->reload(control->reload_arg, &problems) < 0)
		return control_error("%s", problems.text);
	return json_pack("{s:b s:s}", "reloaded", 1, "warnings", problems.text);
}

static json_t *open_trace(void *arg, int n_words, char *const words[], void **filter)
{
	return relay_trace_open(((struct relay_control *)arg)->trace, n_words, words, filter);
}

static void close_trace(void *arg, void *filter)
{
	relay_trace_close(((struct relay_control *)arg)->trace, filter);
}

const struct control_command relay_control_commands[] = {
	{"status", run_status},
	{"doctor", run_doctor},
	{"links", run_links},
	{"servers", run_servers},
	{"prefixes", run_prefixes},
	{"clear-prefix", run_clear_prefix},
	{"metrics", run_metrics},
	{"reload", run_reload},
	{.name = "trace", .open = open_trace, .close = close_trace},
	{NULL, NULL},
};
