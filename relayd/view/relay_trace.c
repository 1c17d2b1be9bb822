/* SPDX-License-Identifier: ISC */
/*
 * Each traced message becomes one line of JSON for each stream whose filter matches it. The line
 * has the event "trace", the `direction` ("to-servers" or "to-client") and a `verdict`:
 * "forwarded", "delivered", or "dropped" or "refused" with a `reason`.
 */
#include "relayd/view/relay_trace.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relayd/view/relay_json.h"
#include "relayd/view/relay_watch.h"
#include "relayd/view/trace_filter.h"

json_t *relay_trace_open(struct relay_trace *trace, int n_words, char *const words[], void **out)
{
	struct trace_filter *filter = malloc(sizeof(*filter));
	char why[CONTROL_LINE_MAX];

	if (!filter)
		return NULL;
	if (trace_filter_parse(filter, n_words - 1, words + 1, why, sizeof(why)) < 0) {
		free(filter);
		return control_error("trace: %s", why);
	}
	filter->next = trace->filters;
	trace->filters = filter;
	*out = filter;
	return json_pack("{s:b}", "tracing", 1);
}

void relay_trace_close(struct relay_trace *trace, void *filter)
{
	struct trace_filter **at = &trace->filters;

	while (*at != filter)
		at = &(*at)->next;
	*at = (*at)->next;
	free(filter);
}

static bool is_matched(const void *filter)
{
	return ((const struct trace_filter *)filter)->matched;
}

/* Mark the filters that match the message; false: none does. */
static bool match_filters(
	struct relay_trace *trace, const char *link, const struct trace_message *message)
{
	bool any = false;

	for (struct trace_filter *f = trace->filters; f; f = f->next) {
		f->matched = trace_filter_match(f, link, message);
		any |= f->matched;
	}
	return any;
}

static void publish(struct relay_trace *trace, json_t *event)
{
	control_publish_to(trace->control, "trace", is_matched, event);
}

/* The fields that all lines have. */
static json_t *event_of(const char *direction, const char *link, const struct trace_message *facts)
{
	json_t *event = relay_watch_event("trace");
	char mac[DHCP6_MAC_TEXT], duid[DHCP6_DUID_TEXT], xid[16];

	relay_json_set_text(event, "direction", direction);
	relay_json_set_link(event, "link", link);
	relay_json_set_address(event, "client", &facts->client);
	if (facts->mac_by) {
		relay_json_set_text(event, "mac", dhcp6_mac_format(facts->mac, mac));
		relay_json_set_text(event, "mac-by", facts->mac_by);
	}
	if (facts->duid.len)
		relay_json_set_text(event, "duid", dhcp6_duid_format(&facts->duid, duid));
	relay_json_set_type(event, "type", facts->type);
	snprintf(xid, sizeof(xid), "%06x", facts->xid);
	relay_json_set_text(event, "transaction", xid);
	relay_json_set_number(event, "relays", facts->relays);
	return event;
}

static void set_drop(json_t *event, enum relay_drop drop, const struct client_link *cl)
{
	relay_json_set_text(event, "verdict", "dropped");
	relay_json_set_text(event, "reason", relay_drop_name(drop));
	relay_json_set_text(event, "link-reason", cl ? cl->reason : NULL);
}

/* The fields of the Relay-forward that the relay made. */
static void set_header(json_t *event, const struct trace_message *facts)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &facts->link_address, text, sizeof(text));
	relay_json_set_text(event, "link-address", text); /* :: too */
	if (wire_left(&facts->interface_id) > 0)
		relay_json_set_octets(event, "interface-id", facts->interface_id.pos,
			wire_left(&facts->interface_id));
}

/* --- toward the servers -------------------------------------------------------------- */

static json_t *chosen_json(const struct server_list *list, unsigned chosen)
{
	json_t *servers = json_array();

	for (size_t i = 0; i < list->count; i++)
		if (chosen & 1u << i)
			json_array_append_new(servers, json_string(list->server[i].text));
	return servers;
}

static const char *mac_method(const struct relay_trace *trace)
{
	return client_mac_method_name(client_mac_method(trace->view->mac));
}

static const char *link_name(const struct relay_trace *trace, int ifindex)
{
	const struct link *link = link_table_find(trace->view->links->table, ifindex);

	return link ? link->name : "";
}

void relay_trace_request(struct relay_trace *trace, const struct client_link *cl,
	const struct udp_datagram *d, const uint8_t *mac, const uint8_t *header, unsigned chosen,
	enum relay_drop drop)
{
	const char *name = link_name(trace, d->ifindex);
	struct trace_message facts;
	json_t *event;

	trace_message_read(&facts, &d->peer.sin6_addr, wire_in_of(d->data, d->len));
	if (drop && mac) {
		memcpy(facts.mac, mac, sizeof(facts.mac));
		facts.mac_by = mac_method(trace);
	}
	if (!drop)
		trace_message_add_header(&facts, header, FORWARD_HEADER_MAX, mac_method(trace));
	trace_message_guess_mac(&facts);
	if (!match_filters(trace, name, &facts))
		return;
	event = event_of("to-servers", name, &facts);
	if (drop) {
		set_drop(event, drop, cl);
	} else {
		relay_json_set_text(event, "verdict", "forwarded");
		set_header(event, &facts);
		json_object_set_new(event, "servers", chosen_json(trace->view->servers, chosen));
	}
	publish(trace, event);
}

/* --- toward the client ----------------------------------------------------------------- */

void relay_trace_reply(struct relay_trace *trace, const struct client_link *cl,
	const struct udp_datagram *d, const struct in6_addr *to, uint16_t port,
	enum relay_drop drop)
{
	const char *name = cl ? cl->name : "";
	char from[INET6_ADDRSTRLEN];
	struct trace_message facts;
	json_t *event;

	trace_message_read(&facts, &d->peer.sin6_addr, wire_in_of(d->data, d->len));
	/* The outermost relay header is the one addressed to us: no relay below added it. */
	facts.relays -= facts.relays > 0;
	trace_message_guess_mac(&facts);
	if (!match_filters(trace, name, &facts))
		return;
	event = event_of("to-client", name, &facts);
	inet_ntop(AF_INET6, &d->peer.sin6_addr, from, sizeof(from));
	relay_json_set_text(event, "server", from);
	if (drop) {
		set_drop(event, drop, cl);
	} else {
		relay_json_set_text(event, "verdict", "delivered");
		relay_json_set_address(event, "to", to);
		relay_json_set_number(event, "port", port);
	}
	publish(trace, event);
}

/* --- refused by the kernel ------------------------------------------------------------- */

static const char *link_of_header(
	const struct relay_trace *trace, const struct trace_message *facts)
{
	const struct client_link *cl = client_links_find_interface_id(trace->view->links,
		facts->interface_id.pos, wire_left(&facts->interface_id));

	return cl ? cl->name : "";
}

void relay_trace_refused(struct relay_trace *trace, const struct udp_outgoing *datagram,
	const struct server_path *server, int error)
{
	const struct iovec *message = &datagram->part[datagram->n_parts - 1];
	const struct client_link *cl = client_links_find(trace->view->links, datagram->ifindex);
	const char *name = cl ? cl->name : "";
	struct trace_message facts;
	json_t *event;

	trace_message_read(
		&facts, &datagram->to.sin6_addr, wire_in_of(message->iov_base, message->iov_len));
	if (server) {
		trace_message_add_header(&facts, datagram->part[0].iov_base,
			datagram->part[0].iov_len, mac_method(trace));
		name = link_of_header(trace, &facts);
	}
	trace_message_guess_mac(&facts);
	if (!match_filters(trace, name, &facts))
		return;
	event = event_of(server ? "to-servers" : "to-client", name, &facts);
	relay_json_set_text(event, "server", server ? server->text : NULL);
	relay_json_set_text(event, "verdict", "refused");
	relay_json_set_text(event, "reason", strerror(error));
	publish(trace, event);
}
