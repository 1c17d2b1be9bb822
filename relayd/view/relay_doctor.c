/* SPDX-License-Identifier: ISC */
/*
 * One function for each part of the relay, and two tables: what a state of a link and what a reason
 * of drops mean for the operator. A state or a reason that is normal has no row.
 */
#include "relayd/view/relay_doctor.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/findings.h"

/* --- links ------------------------------------------------------------------------- */

struct meaning {
	enum finding_level level;
	const char *advice; /* NULL: it is normal, and no finding */
};

static const struct meaning link_meaning[CLIENT_LINK_STATES] = {
	[CLIENT_LINK_ABSENT] = {FINDING_WARNING,
		"create the link, or correct its name in \"interfaces\""},
	[CLIENT_LINK_DOWN] = {FINDING_WARNING, "ip link set LINK up; ip link shows the reason"},
	[CLIENT_LINK_NO_ADDRESS] = {FINDING_ERROR,
		"assign a global address to the link, or set without-address = unspecified"},
	[CLIENT_LINK_TENTATIVE] = {FINDING_WARNING,
		"find the other host with this address, if the state stays"},
	[CLIENT_LINK_STANDBY] = {FINDING_NOTE, "nothing, if another router serves the link now"},
};

static void add_links(json_t *findings, const struct client_links *links)
{
	size_t n[CLIENT_LINK_STATES] = {0};
	char text[32];

	for (const struct client_link *cl = links->registry.first; cl; cl = cl->next) {
		const struct meaning *meaning = &link_meaning[cl->state];

		if (meaning->advice && n[cl->state]++ < FINDINGS_OF_A_KIND)
			finding_add(findings, meaning->level, cl->name, meaning->advice, "%s: %s",
				client_link_state_name(cl->state), cl->reason);
	}
	for (int state = 0; state < CLIENT_LINK_STATES; state++) {
		if (n[state] <= FINDINGS_OF_A_KIND)
			continue;
		snprintf(text, sizeof(text), "%zu links", n[state] - FINDINGS_OF_A_KIND);
		finding_add(findings, link_meaning[state].level, text,
			"netboot6 relay links shows all of them",
			"more links are in the state \"%s\"",
			client_link_state_name((enum client_link_state)state));
	}
	if (links->registry.count == 0)
		finding_add(findings, FINDING_ERROR, "interfaces",
			"set \"interfaces\" to the links of the clients, such as {\"vlan*\"}",
			"no link of this router matches \"interfaces\"");
	if (links->rejoined > 0)
		finding_add(findings, FINDING_NOTE, "links", NULL,
			"memberships of ff02::1:2 that the kernel had dropped were repaired "
			"%" PRIu64 " times",
			links->rejoined);
}

/* --- servers ----------------------------------------------------------------------- */

static const char server_advice[] = "check the route (ip -6 route get), and that the server runs "
				    "and has a route to the link-address";

static void add_servers(json_t *findings, const struct server_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct server_path *server = &list->server[i];

		if (server->error != 0 || *server->reason)
			finding_add(findings, FINDING_ERROR, server->text, server_advice, "%s%s%s",
				server_path_state(server), *server->reason ? ": " : "",
				server->reason);
		else if (server->is_silent)
			finding_add(findings, FINDING_ERROR, server->text, server_advice,
				"no reply to %" PRIu64 " messages", server->unanswered);
	}
	for (size_t i = 0; i < list->conf->n_servers; i++) {
		const char *why = server_list_why_none(list, &list->conf->server[i]);

		if (why)
			finding_add(findings, FINDING_ERROR, list->conf->server[i].title,
				server_advice, "no message goes to it: %s", why);
	}
}

/* --- drops ------------------------------------------------------------------------- */

static const struct meaning drop_meaning[RELAY_DROPS] = {
	[RELAY_DROP_UNTRUSTED_RELAY] = {FINDING_WARNING,
		"if these relays are yours, name their link in \"trusted\" or their address in "
		"\"relays\""},
	[RELAY_DROP_RSOO] = {FINDING_NOTE, "set rsoo = true if the relays below are trusted"},
	[RELAY_DROP_LINK_RATE] = {FINDING_WARNING,
		"netboot6 relay links shows the link; raise link-rate if its clients are honest"},
	[RELAY_DROP_CLIENT_RATE] = {FINDING_WARNING,
		"netboot6 relay watch shows the client; raise client-rate if it is honest"},
	[RELAY_DROP_TOO_LONG] = {FINDING_NOTE, "shorten interface-id, remote-id or subscriber-id"},
	[RELAY_DROP_UNKNOWN_SERVER] = {FINDING_WARNING,
		"if it is the server's, add its address to answers-from of the server"},
	[RELAY_DROP_REPLY_FROM_CLIENT_LINK] = {FINDING_ERROR,
		"set \"interface\" in the server's section, or exclude the link from "
		"\"interfaces\""},
	[RELAY_DROP_REPLY_FROM_OTHER_LINK] = {FINDING_WARNING,
		"check that the route to the server and its way back use the same link"},
	[RELAY_DROP_UNKNOWN_LINK] = {FINDING_WARNING,
		"check that the server returns the Interface-Id, and that no other relay has this "
		"link-address"},
	[RELAY_DROP_OFF_LINK] = {FINDING_WARNING,
		"check that the server's subnet is the one of the link"},
	[RELAY_DROP_NEIGHBOUR_TABLE_FULL] = {FINDING_ERROR,
		"raise net.ipv6.neigh.default.gc_thresh3 above the number of hosts on all links"},
	[RELAY_DROP_PACKET_FILTER] = {FINDING_ERROR,
		"allow UDP ports 546 and 547 in the packet filter (nft list ruleset)"},
	[RELAY_DROP_SEND_FAILED] = {FINDING_WARNING, "the log has the kernel's reason"},
};

static void add_drops(json_t *findings, const struct relay_view *view)
{
	uint64_t queue_drops = view->queue_drops(view->relay);

	for (unsigned i = RELAY_PASS + 1; i < RELAY_DROPS; i++)
		if (drop_meaning[i].advice && view->counters->dropped[i] > 0)
			finding_add(findings, drop_meaning[i].level, relay_drop_name(i),
				drop_meaning[i].advice, "%" PRIu64 " messages were dropped: %s",
				view->counters->dropped[i], relay_drop_description(i));
	if (queue_drops > 0)
		finding_add(findings, FINDING_WARNING, "receive-queue-drops",
			"set link-rate if one link floods; otherwise give the router more CPU time",
			"%" PRIu64 " messages did not fit into the receive buffer", queue_drops);
}

/* --- the kernel -------------------------------------------------------------------- */

static void add_kernel(json_t *findings, const struct relay_view *view)
{
	struct ipv6_neighbour_table table;

	if (ipv6_query_neighbour_table(view->links->query, &table) == 0 &&
		table.entries >= table.limit - table.limit / 10)
		finding_add(findings, FINDING_WARNING, "neighbours",
			drop_meaning[RELAY_DROP_NEIGHBOUR_TABLE_FULL].advice,
			"%u of %u entries of the table of IPv6 neighbours are in use",
			table.entries, table.limit);
	if (client_mac_method(view->mac) == CLIENT_MAC_PACKET)
		finding_add(findings, FINDING_NOTE, "client-mac",
			"the log of the start says why eBPF is not available",
			"client MAC addresses are read from a packet socket, which costs CPU time "
			"for "
			"each packet that the router receives");
	if (view->counters->without_mac > 0)
		finding_add(findings, FINDING_WARNING, "client-mac",
			"netboot6 relay trace shows the clients; the server knows them by DUID "
			"only",
			"%" PRIu64 " messages were forwarded without the client's MAC address",
			view->counters->without_mac);
}

json_t *relay_doctor(const struct relay_view *view)
{
	json_t *findings = json_array();

	findings_of_process(findings);
	if (view->last_reload_failed)
		finding_add(findings, FINDING_ERROR, "configuration",
			"netboot6-relayd -t says what is wrong; then reload again",
			"the last reload failed: an older configuration is in force");
	add_links(findings, view->links);
	add_servers(findings, view->servers);
	add_drops(findings, view);
	add_kernel(findings, view);
	return findings_answer(findings);
}
