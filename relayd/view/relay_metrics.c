/* SPDX-License-Identifier: ISC */
/*
 * One function for each group of metrics. Counts that belong to no client link have an empty label
 * `link`: they are the relay's total minus those of all links. A router with thousands of links can
 * leave the series of its links out; then the empty label has the totals.
 */
#include "relayd/view/relay_metrics.h"

#include <config.h>

#include <arpa/inet.h>

#include "daemon/process_metrics.h"
#include "relayd/view/relay_json.h"
#include "relayd/view/relay_prefixes.h"
#include "relayd/view/relay_view.h"

static void fill_daemon(const struct relay_view *view, struct metrics *m)
{
	metrics_family(
		m, "netboot6_relay_info", METRICS_GAUGE, "Version and how client MACs are learnt.");
	metrics_sample(m, 1, "version", PACKAGE_VERSION, "client_mac_by",
		client_mac_method_name(client_mac_method(view->mac)), NULL);
	metrics_family(m, "netboot6_relay_start_time_seconds", METRICS_GAUGE,
		"When the relay started, Unix time.");
	metrics_sample(m, (double)view->started_s, NULL);
}

/* --- links -------------------------------------------------------------------------- */

static bool has_link_series(const struct relay_view *view)
{
	return view->has_link_series(view->relay);
}

/*
 * A family with one sample for each link. With `metrics { per-link = false }` it has one sample for
 * all links, whose label `link` is empty.
 */
static void fill_per_link(const struct relay_view *view, struct metrics *m,
	uint64_t (*value)(const struct client_link *cl))
{
	char link[RELAY_LINK_TEXT];
	uint64_t sum = 0;

	for (const struct client_link *cl = view->links->registry.first; cl; cl = cl->next) {
		sum += value(cl);
		if (has_link_series(view))
			metrics_sample(m, (double)value(cl), "link",
				relay_link_text(cl->name, link), NULL);
	}
	if (!has_link_series(view))
		metrics_sample(m, (double)sum, "link", "", NULL);
}

static uint64_t link_is_ready(const struct client_link *cl)
{
	return cl->state == CLIENT_LINK_READY;
}

static uint64_t link_changes(const struct client_link *cl)
{
	return cl->changes;
}

static uint64_t link_forwarded(const struct client_link *cl)
{
	return cl->counters.forwarded;
}

static uint64_t link_without_mac(const struct client_link *cl)
{
	return cl->counters.without_mac;
}

static void fill_link_states(const struct relay_view *view, struct metrics *m)
{
	const struct client_links *links = view->links;

	metrics_family(m, "netboot6_relay_links", METRICS_GAUGE, "Client-facing links by state.");
	for (int state = 0; state < CLIENT_LINK_STATES; state++)
		metrics_sample(m, (double)client_links_count(links, (enum client_link_state)state),
			"state", client_link_state_name((enum client_link_state)state), NULL);
	if (has_link_series(view)) { /* their sum is in netboot6_relay_links */
		metrics_family(m, "netboot6_relay_link_ready", METRICS_GAUGE,
			"1 if messages from the link are relayed, else 0.");
		fill_per_link(view, m, link_is_ready);
	}
	metrics_family(m, "netboot6_relay_link_address_changes_total", METRICS_COUNTER,
		"Changes of the link-address of the link.");
	fill_per_link(view, m, link_changes);
}

enum { COUNTED_MAX = (int)RELAY_DROPS > (int)RELAY_TYPES ? (int)RELAY_DROPS : (int)RELAY_TYPES };

/* One array of counters in struct relay_counters and how to label its elements. */
struct counted {
	size_t offset; /* in struct relay_counters */
	unsigned n;
	const char *label;
	const char *(*name)(unsigned place, char text[RELAY_TYPE_NAME]);
};

static const char *reason_name(unsigned place, char text[RELAY_TYPE_NAME])
{
	(void)text;
	return relay_drop_name((enum relay_drop)place);
}

static const uint64_t *array_of(const struct relay_counters *counters, const struct counted *what)
{
	return (const uint64_t *)(const void *)((const char *)counters + what->offset);
}

/*
 * The counters of each link that are not zero, then what the total has beyond them. Without series
 * of links that is the total.
 */
static void fill_array(const struct relay_view *view, struct metrics *m, const struct counted *what)
{
	char link[RELAY_LINK_TEXT];
	const uint64_t *whole = array_of(view->counters, what);
	uint64_t of_links[COUNTED_MAX] = {0};
	char text[RELAY_TYPE_NAME];

	for (const struct client_link *cl = view->links->registry.first;
		cl && has_link_series(view); cl = cl->next) {
		const uint64_t *own = array_of(&cl->counters, what);

		for (unsigned i = 0; i < what->n; i++) {
			of_links[i] += own[i];
			if (own[i] > 0)
				metrics_sample(m, (double)own[i], "link",
					relay_link_text(cl->name, link), what->label,
					what->name(i, text), NULL);
		}
	}
	for (unsigned i = 0; i < what->n; i++)
		if (whole[i] > of_links[i])
			metrics_sample(m, (double)(whole[i] - of_links[i]), "link", "", what->label,
				what->name(i, text), NULL);
}

static void fill_messages(const struct relay_view *view, struct metrics *m)
{
	static const struct counted received = {
		offsetof(struct relay_counters, received), RELAY_TYPES, "type", relay_type_name};
	static const struct counted replied = {
		offsetof(struct relay_counters, replied), RELAY_TYPES, "type", relay_type_name};
	static const struct counted dropped = {
		offsetof(struct relay_counters, dropped), RELAY_DROPS, "reason", reason_name};

	metrics_family(m, "netboot6_relay_received_messages_total", METRICS_COUNTER,
		"Messages received from clients and relays below.");
	fill_array(view, m, &received);
	metrics_family(m, "netboot6_relay_replied_messages_total", METRICS_COUNTER,
		"Messages delivered to clients and relays below.");
	fill_array(view, m, &replied);
	metrics_family(m, "netboot6_relay_dropped_messages_total", METRICS_COUNTER,
		"Messages in either direction that went no further.");
	fill_array(view, m, &dropped);
	metrics_family(m, "netboot6_relay_forwarded_messages_total", METRICS_COUNTER,
		"Messages of the link that went to servers, each counted once.");
	fill_per_link(view, m, link_forwarded);
	metrics_family(m, "netboot6_relay_forwarded_without_mac_messages_total", METRICS_COUNTER,
		"Client messages forwarded without option 79 although client-mac is enabled.");
	fill_per_link(view, m, link_without_mac);
}

/* --- servers, kernel ---------------------------------------------------------------- */

static double server_reachable(const struct server_path *server)
{
	return server->error == 0;
}

static double server_silent(const struct server_path *server)
{
	return server->is_silent;
}

static double server_forwarded(const struct server_path *server)
{
	return (double)server->forwarded;
}

static double server_replies(const struct server_path *server)
{
	return (double)server->replies;
}

static double server_failed(const struct server_path *server)
{
	return (double)server->failed;
}

static double server_shifts(const struct server_path *server)
{
	return (double)server->shifts;
}

static double server_last_reply(const struct server_path *server)
{
	return (double)server->last_reply_s;
}

/* As it is configured: the address in use may change, and a series should not. */
static const char *source_text(const struct relay_source *source, char text[RELAY_LINK_TEXT])
{
	if (source->kind == RELAY_SOURCE_LINK)
		return relay_link_text(source->link, text);
	return source->kind == RELAY_SOURCE_AUTO
		       ? "auto"
		       : inet_ntop(AF_INET6, &source->address, text, RELAY_LINK_TEXT);
}

static void fill_servers(const struct server_list *list, struct metrics *m)
{
	static const struct {
		const char *name;
		enum metrics_type type;
		const char *help;
		double (*value)(const struct server_path *server);
	} families[] = {
		{"netboot6_relay_server_reachable", METRICS_GAUGE,
			"1 if there is a path to the server, else 0.", server_reachable},
		{"netboot6_relay_server_silent", METRICS_GAUGE,
			"1 if the server did not reply to several messages over some seconds, else 0.", server_silent},
		{"netboot6_relay_server_forwarded_messages_total", METRICS_COUNTER,
			"Messages sent to the server.", server_forwarded},
		{"netboot6_relay_server_replies_total", METRICS_COUNTER,
			"Messages received from the server.", server_replies},
		{"netboot6_relay_server_send_failures_total", METRICS_COUNTER,
			"Messages to the server that the kernel refused to send.", server_failed},
		{"netboot6_relay_server_path_shifts_total", METRICS_COUNTER,
			"Changes of uplink, next hop or source address.", server_shifts},
		{"netboot6_relay_server_last_reply_timestamp_seconds", METRICS_GAUGE,
			"When the last message from the server was received, Unix time; 0: never.",
			server_last_reply},
	};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		metrics_family(m, families[i].name, families[i].type, families[i].help);
		for (size_t j = 0; j < list->count; j++) {
			const struct server_path *server = &list->server[j];
			char link[RELAY_LINK_TEXT], source[RELAY_LINK_TEXT];

			metrics_sample(m, families[i].value(server), "server", server->text,
				"link", relay_link_text(server->out_link, link), "source",
				source_text(server->source_setting, source), NULL);
		}
	}
}

static void fill_kernel(const struct relay_view *view, struct metrics *m)
{
	const struct link_monitor_counters *netlink = &view->monitor->counters;

	metrics_family(m, "netboot6_relay_membership_repairs_total", METRICS_COUNTER,
		"Memberships of ff02::1:2 that the kernel had dropped and that were joined again.");
	metrics_sample(m, (double)view->links->rejoined, NULL);
	metrics_family(m, "netboot6_relay_backlog_drops_total", METRICS_COUNTER,
		"Datagrams dropped because their link filled its share of the receive queue.");
	metrics_sample(m, (double)client_mac_refused_total(view->mac), NULL);
	metrics_family(m, "netboot6_relay_receive_queue_drops_total", METRICS_COUNTER,
		"Datagrams dropped by the kernel because a receive buffer of the relay was full.");
	metrics_sample(m, (double)view->queue_drops(view->relay), NULL);
	metrics_family(m, "netboot6_relay_netlink_events_total", METRICS_COUNTER,
		"Netlink messages about links and addresses that were applied.");
	metrics_sample(m, (double)netlink->events, NULL);
	metrics_family(m, "netboot6_relay_netlink_overruns_total", METRICS_COUNTER,
		"Times that netlink messages were lost because the receive buffer was full.");
	metrics_sample(m, (double)netlink->overruns, NULL);
	metrics_family(m, "netboot6_relay_netlink_resyncs_total", METRICS_COUNTER,
		"Full dumps of links and addresses: the first one, and one after each loss.");
	metrics_sample(m, (double)netlink->resyncs, NULL);
}

void relay_metrics_fill(void *arg, struct metrics *m)
{
	const struct relay_view *view = arg;

	fill_daemon(view, m);
	fill_link_states(view, m);
	fill_messages(view, m);
	fill_servers(view->servers, m);
	fill_kernel(view, m);
	relay_prefixes_metrics(view->prefixes, m);
	process_metrics_fill(m, "netboot6_relay");
}
