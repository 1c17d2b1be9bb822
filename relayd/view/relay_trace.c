/* SPDX-License-Identifier: ISC */
/*
 * Who traces, and what each is told. Every line has the event "trace", the
 * `direction` ("to-servers" or "to-client") and a `verdict`: "forwarded",
 * "delivered", "dropped" or "refused" with a `reason`.
 */
#include "relayd/view/relay_trace.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relayd/relay_daemon.h"
#include "relayd/view/relay_json.h"
#include "relayd/packet/reply.h"
#include "relayd/view/trace_filter.h"

json_t *relay_trace_open(void *arg, int n_words, char *const words[], void **out)
{
	struct relay *relay = &((struct relay_daemon *)arg)->relay;
	struct trace_filter *filter = malloc(sizeof(*filter));
	char why[CONTROL_LINE_MAX];

	if (!filter)
		return NULL;
	if (trace_filter_parse(filter, n_words - 1, words + 1, why, sizeof(why)) < 0) {
		free(filter);
		return control_error("trace: %s", why);
	}
	filter->next = relay->tracers;
	relay->tracers = filter;
	*out = filter;
	return json_pack("{s:b}", "tracing", 1);
}

void relay_trace_close(void *arg, void *filter)
{
	struct trace_filter **at = &((struct relay_daemon *)arg)->relay.tracers;

	while (*at != filter)
		at = &(*at)->next;
	*at = (*at)->next;
	free(filter);
}

static bool takes(const void *filter)
{
	return ((const struct trace_filter *)filter)->takes;
}

static bool anybody_takes(struct relay *relay, const char *link, const struct trace_message *facts)
{
	bool any = false;

	for (struct trace_filter *f = relay->tracers; f; f = f->next) {
		f->takes = trace_filter_match(f, link, facts);
		any |= f->takes;
	}
	return any;
}

static void publish(struct relay *relay, json_t *event)
{
	control_publish_to(relay->watch.control, "trace", takes, event);
}

/* What is the same for all of them. */
static json_t *event_of(const char *direction, const char *link, const struct trace_message *facts)
{
	json_t *event = relay_watch_event("trace");
	char mac[DHCP6_MAC_TEXT], duid[DHCP6_DUID_TEXT], xid[16];

	relay_json_set_text(event, "direction", direction);
	relay_json_set_text(event, "link", link);
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

/* What the Relay-forward around it says. */
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

static json_t *chosen_json(const struct relay *relay)
{
	json_t *servers = json_array();

	for (size_t i = 0; i < relay->paths.list.count; i++)
		if (relay->chosen & 1u << i)
			json_array_append_new(servers, json_string(relay->paths.list.server[i].text));
	return servers;
}

/* What was dropped before its MAC was of interest. */
static void find_mac(
	const struct relay *relay, const struct udp_datagram *d, struct trace_message *facts)
{
	const struct link *link = link_table_find(&relay->table, d->ifindex);

	if (link && facts->relays == 0 && d->len >= DHCP6_HEADER_LEN &&
		client_mac_find_on(relay->mac, link, &d->peer.sin6_addr, d->data, facts->mac))
		facts->mac_by = client_mac_method_name(client_mac_method(relay->mac));
}

static void trace_request(struct relay *relay, const struct client_link *cl,
	const struct udp_datagram *d, const uint8_t *header, enum relay_drop drop)
{
	const struct link *link = link_table_find(&relay->table, d->ifindex);
	const char *name = link ? link->name : "";
	struct trace_message facts;
	json_t *event;

	trace_message_read(&facts, &d->peer.sin6_addr, wire_in_of(d->data, d->len));
	if (drop)
		find_mac(relay, d, &facts);
	else
		trace_message_add_header(&facts, header, FORWARD_HEADER_MAX,
			client_mac_method_name(client_mac_method(relay->mac)));
	trace_message_guess_mac(&facts);
	if (!anybody_takes(relay, name, &facts))
		return;
	event = event_of("to-servers", name, &facts);
	if (drop) {
		set_drop(event, drop, cl);
	} else {
		relay_json_set_text(event, "verdict", "forwarded");
		set_header(event, &facts);
		json_object_set_new(event, "servers", chosen_json(relay));
	}
	publish(relay, event);
}

/* --- toward the client ----------------------------------------------------------------- */

/* The outermost header of a Relay-reply is the one that we are addressed by. */
static void read_reply(struct trace_message *facts, const struct in6_addr *peer, struct wire_in in)
{
	trace_message_read(facts, peer, in);
	facts->relays -= facts->relays > 0;
	trace_message_guess_mac(facts);
}

static void trace_reply(struct relay *relay, const struct udp_datagram *d, enum relay_drop drop)
{
	char from[INET6_ADDRSTRLEN];
	struct trace_message facts;
	struct reply reply;
	const char *name;
	json_t *event;

	read_reply(&facts, &d->peer.sin6_addr, wire_in_of(d->data, d->len));
	reply_decide(&relay->links, d, &reply); /* once more: it changes nothing */
	name = reply.cl ? reply.cl->name : "";
	if (!anybody_takes(relay, name, &facts))
		return;
	event = event_of("to-client", name, &facts);
	inet_ntop(AF_INET6, &d->peer.sin6_addr, from, sizeof(from));
	relay_json_set_text(event, "server", from);
	if (drop) {
		set_drop(event, drop, reply.cl);
	} else {
		relay_json_set_text(event, "verdict", "delivered");
		relay_json_set_address(event, "to", &reply.to);
		relay_json_set_number(event, "port", reply.port);
	}
	publish(relay, event);
}

void relay_trace_datagram(struct relay *relay, const struct client_link *cl,
	const struct udp_datagram *d, const uint8_t *header, enum relay_drop drop)
{
	if (d->len > 0 && d->data[0] == DHCP6_RELAY_REPL)
		trace_reply(relay, d, drop);
	else
		trace_request(relay, cl, d, header, drop);
}

/* --- what the kernel refused --------------------------------------------------------------- */

static const char *link_of_header(const struct relay *relay, const struct trace_message *facts)
{
	const struct client_link *cl = client_links_find_interface_id(
		&relay->links, facts->interface_id.pos, wire_left(&facts->interface_id));

	return cl ? cl->name : "";
}

void relay_trace_refused(struct relay *relay, const struct udp_outgoing *datagram,
	const struct server_path *server, int error)
{
	const struct iovec *message = &datagram->part[datagram->n_parts - 1];
	const struct client_link *cl = client_links_find(&relay->links, datagram->ifindex);
	const char *name = cl ? cl->name : "";
	struct trace_message facts;
	json_t *event;

	trace_message_read(
		&facts, &datagram->to.sin6_addr, wire_in_of(message->iov_base, message->iov_len));
	if (server) {
		trace_message_add_header(&facts, datagram->part[0].iov_base,
			datagram->part[0].iov_len, client_mac_method_name(client_mac_method(relay->mac)));
		name = link_of_header(relay, &facts);
	}
	trace_message_guess_mac(&facts);
	if (!anybody_takes(relay, name, &facts))
		return;
	event = event_of(server ? "to-servers" : "to-client", name, &facts);
	relay_json_set_text(event, "server", server ? server->text : NULL);
	relay_json_set_text(event, "verdict", "refused");
	relay_json_set_text(event, "reason", strerror(error));
	publish(relay, event);
}
