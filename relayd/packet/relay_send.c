/* SPDX-License-Identifier: ISC */
/*
 * Sending, and handling of datagrams that the kernel refuses: the source address toward a server
 * may have been removed a moment before.
 *
 * Messages to servers leave by the socket that receives their replies; replies to clients leave by
 * sockets of their own (reply_sockets.h).
 */
#include "relayd/packet/relay_send.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/mix.h"
#include "relayd/servers/server_choice.h"

enum {
	NEIGHBOURS_ASK_MS = 1000,   /* at most so often */
	NEIGHBOURS_FULL_MS = 5000,  /* about as long as the kernel keeps an unresolved neighbour */
	NEIGHBOURS_PER_SECOND = 10, /* and link, while the table is full */
};

/* The tag of a message to a server: its index in the list, and the slot in the batch. */
enum { TAG_SERVER_MASK = 0xff, TAG_SLOT_SHIFT = 8 };

static void fill_outgoing(struct udp_outgoing *out, const struct server_path *server)
{
	out->to = (struct sockaddr_in6){.sin6_family = AF_INET6,
		.sin6_port = htons(DHCP6_SERVER_PORT),
		.sin6_addr = server->address};
	out->source = server->source;
	out->ifindex = server->out_ifindex;
}

static bool is_stale_path(int error)
{
	return error == EINVAL || error == ENODEV || error == EADDRNOTAVAIL ||
	       error == ENETUNREACH || error == EHOSTUNREACH;
}

/* `fields` has the link or the server; `name` is what the line calls it. */
static void log_send_failure(struct relay *relay, enum relay_drop reason, struct log_fields fields,
	const char *name, int error)
{
	const char *what = fields.host ? "server" : fields.link ? "link" : "relay below,";
	char text[96];

	if (reason == RELAY_DROP_NEIGHBOUR_TABLE_FULL)
		snprintf(text, sizeof(text),
			"neighbour table full (net.ipv6.neigh.default.gc_thresh3 = %u)",
			relay->neighbours.table.limit);
	else if (error == EPERM)
		snprintf(text, sizeof(text), "refused by a packet filter on this machine (EPERM)");
	else
		snprintf(text, sizeof(text), "%s", strerror(error));
	fields.reason = relay_drop_name(reason);
	log_limited_with(&relay->drop_limit[reason], LOG_LEVEL_WARNING, &fields,
		"%s %s: cannot send a message: %s", what, name, text);
}

/* No copy of the message left. */
static void count_lost(struct relay *relay, struct client_link *cl, enum relay_drop reason)
{
	relay->counters.dropped[reason]++;
	if (!cl)
		return;
	cl->counters.forwarded--;
	cl->counters.dropped[reason]++;
}

/* If the error says that the path is outdated, look it up again and send once more. */
static void forward_failed(void *arg, const struct udp_outgoing *datagram, int error)
{
	struct relay *relay = arg;
	struct server_path *server = &relay->paths.list.server[datagram->tag & TAG_SERVER_MASK];
	unsigned slot = (unsigned)(datagram->tag >> TAG_SLOT_SHIFT);
	struct udp_outgoing again = *datagram;
	enum relay_drop reason;

	if (is_stale_path(error)) {
		relay->paths.stale = true;
		server_paths_refresh(&relay->paths);
		fill_outgoing(&again, server);
		if (!server->is_held)
			error = -udp_send(relay->server_fd, &again);
	}
	if (error == 0)
		return;
	server_path_refused(server);
	relay->counters.forwarded--;
	reason = server->is_held  ? RELAY_DROP_NO_SOURCE
		 : error == EPERM ? RELAY_DROP_PACKET_FILTER
				  : RELAY_DROP_SEND_FAILED;
	if (--relay->copies[slot] == 0)
		count_lost(relay, relay->from[slot], reason);
	if (relay->trace.filters)
		relay_trace_refused(&relay->trace, datagram, server, error);
	log_send_failure(
		relay, reason, (struct log_fields){.host = server->text}, server->text, error);
}

/*
 * The kernel refuses a datagram to a new neighbour with EINVAL if its table is full, which it
 * also returns for other reasons: ask it.
 */
static bool neighbours_are_full(struct relay *relay)
{
	struct neighbour_state *state = &relay->neighbours;
	uint64_t refused = state->table.refused;

	if (relay->now_ms < state->full_until_ms)
		return true;
	if (state->asked_ms > 0 && relay->now_ms < state->asked_ms + NEIGHBOURS_ASK_MS)
		return false;
	state->asked_ms = relay->now_ms;
	if (ipv6_query_neighbour_table(relay->links.query, &state->table) < 0 ||
		(state->table.refused == refused && state->table.entries < state->table.limit))
		return false;
	state->full_until_ms = relay->now_ms + NEIGHBOURS_FULL_MS;
	return true;
}

/* Sent out on the client's link only, a datagram to an address that is not on it is unreachable. */
static enum relay_drop why_refused(
	struct relay *relay, const struct udp_outgoing *datagram, int error)
{
	if (error == EPERM)
		return RELAY_DROP_PACKET_FILTER;
	if (error == EINVAL && datagram->ifindex && neighbours_are_full(relay))
		return RELAY_DROP_NEIGHBOUR_TABLE_FULL;
	return error == ENETUNREACH && datagram->ifindex &&
			       !IN6_IS_ADDR_LINKLOCAL(&datagram->to.sin6_addr)
		       ? RELAY_DROP_OFF_LINK
		       : RELAY_DROP_SEND_FAILED;
}

static void reply_failed(void *arg, const struct udp_outgoing *datagram, int error)
{
	struct relay *relay = arg;
	struct client_link *cl = client_links_find_facing(&relay->links, datagram->ifindex);
	unsigned slot = relay_type_slot(*(const uint8_t *)datagram->part[0].iov_base);
	enum relay_drop reason = why_refused(relay, datagram, error);

	relay->counters.replied[slot]--;
	relay->counters.dropped[reason]++;
	for (unsigned i = 0; i < relay->n_observed; i++)
		if (relay->observed[i].message.pos == datagram->part[0].iov_base)
			relay->observed[i].is_refused = true;
	if (cl) {
		cl->counters.replied[slot]--;
		cl->counters.dropped[reason]++;
	}
	if (relay->trace.filters)
		relay_trace_refused(&relay->trace, datagram, NULL, error);
	log_send_failure(relay, reason, (struct log_fields){.link = cl ? cl->name : NULL},
		cl ? cl->name : "reached by routing", error);
}

void relay_flush(struct relay *relay)
{
	udp_flush(relay->to_servers, relay->server_fd, forward_failed, relay);
	reply_sockets_flush(&relay->replies, reply_failed, relay);
}

static struct udp_outgoing *add_forward(struct relay *relay)
{
	struct udp_outgoing *out = udp_sender_add(relay->to_servers);

	if (out)
		return out;
	relay_flush(relay);
	return udp_sender_add(relay->to_servers);
}

static struct udp_outgoing *add_reply(struct relay *relay, int ifindex)
{
	struct udp_outgoing *out = reply_sockets_add(&relay->replies, ifindex);

	if (out)
		return out;
	relay_flush(relay);
	return reply_sockets_add(&relay->replies, ifindex);
}

/* The messages of one client stay in order; those of different clients need not. */
static uint32_t flow_of(const struct udp_datagram *d)
{
	uint64_t hash = mix_in6((uint32_t)d->ifindex, &d->peer.sin6_addr);

	return (uint32_t)hash;
}

/* Those of the client link that the message came in on; without one, the global setting. */
static unsigned servers_of(struct relay *relay, const struct client_link *cl)
{
	return server_list_of_rule(
		&relay->paths.list, cl ? cl->rule : relay_conf_global(relay->conf));
}

static enum relay_drop why_none(const struct server_list *list, unsigned allowed)
{
	for (size_t i = 0; i < list->count; i++)
		if ((allowed & 1u << i) && list->server[i].is_held)
			return RELAY_DROP_NO_SOURCE;
	return RELAY_DROP_NO_SERVER;
}

enum relay_drop relay_send_to_servers(
	struct relay *relay, unsigned slot, const struct udp_datagram *d, size_t header_len)
{
	uint32_t flow = flow_of(d);
	unsigned allowed = servers_of(relay, relay->from[slot]);
	unsigned chosen = server_choice(
		&relay->paths.list, allowed, wire_in_of(d->data, d->len), relay->now_ms);

	relay->chosen = chosen;
	relay->copies[slot] = 0;
	for (size_t i = 0; i < relay->paths.list.count; i++) {
		struct server_path *server = &relay->paths.list.server[i];
		struct udp_outgoing *out;

		if (!(chosen & 1u << i))
			continue;
		out = add_forward(relay);
		fill_outgoing(out, server);
		out->part[0] = (struct iovec){relay->header[slot], header_len};
		out->part[1] = (struct iovec){(void *)(uintptr_t)d->data, d->len};
		out->n_parts = 2;
		out->tag = i | slot << TAG_SLOT_SHIFT;
		out->flow = flow;
		if (server_path_sent(server, relay->now_ms))
			relay_watch_server_silent(&relay->watch, server, relay->now_ms);
		relay->counters.forwarded++;
		relay->copies[slot]++;
	}
	return chosen ? RELAY_PASS : why_none(&relay->paths.list, allowed);
}

/*
 * Send out on the client's link and no other. For a global address (RFC 9686) this works only if the
 * kernel chooses the source: with a source that we name, the kernel uses a more specific route by
 * another link, and anyone who writes a foreign address into a message could make the relay send
 * replies there.
 */
static void keep_on_link(struct udp_outgoing *out, const struct client_link *cl)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;

	if (IN6_IS_ADDR_LINKLOCAL(&out->to.sin6_addr)) {
		out->ifindex = cl->link->ifindex;
		out->source = cl->link_local;
	} else {
		out->ifindex = client_link_ifindex_for(cl, &out->to.sin6_addr);
		out->source = any;
	}
	out->to.sin6_scope_id = (uint32_t)out->ifindex;
}

void relay_remember_mac(
	struct relay *relay, unsigned slot, const struct client_link *cl, const struct udp_datagram *d)
{
	if (relay->has_client_mac && IN6_IS_ADDR_LINKLOCAL(&d->peer.sin6_addr))
		reply_macs_put(relay->reply_macs, cl->link->ifindex, relay->mac_key[slot],
			relay->client_mac);
}

void relay_observe(struct relay *relay, const struct observed_message *message)
{
	relay->observed[relay->n_observed++] = *message;
}

void relay_apply_observed(struct relay *relay)
{
	for (unsigned i = 0; i < relay->n_observed; i++) {
		const struct observed_message *message = &relay->observed[i];

		if (message->is_to_client ? !message->is_refused : relay->copies[message->slot] > 0)
			prefix_delegation_observe(&relay->prefixes, message->cl, &message->peer,
				message->message, relay->now_ms);
	}
	relay->n_observed = 0;
}

/* True if the reply has been sent to the MAC that the client's message came from. */
static bool send_to_mac(struct relay *relay, const struct reply *reply)
{
	const struct client_link *cl = reply->cl;
	struct frame_address to = {.to = reply->to,
		.source_port = DHCP6_SERVER_PORT,
		.to_port = reply->port};

	if (!relay->frames || reply->message_type == DHCP6_RELAY_REPL ||
		wire_left(&reply->message) < DHCP6_HEADER_LEN ||
		IN6_IS_ADDR_UNSPECIFIED(&cl->link_local) || !IN6_IS_ADDR_LINKLOCAL(&to.to) ||
		!reply_macs_find(
			relay->reply_macs, cl->link->ifindex, &to.to, reply->message.pos, to.mac))
		return false;
	to.ifindex = cl->link->ifindex;
	to.mtu = cl->link->mtu;
	to.source = cl->link_local;
	return frame_sender_send(relay->frames, &to, reply->message.pos,
		       wire_left(&reply->message)) == 0;
}

/*
 * While the table of neighbours is full, each link may still try a few replies to clients whose
 * MAC is not known. The kernel drops unresolved entries after some seconds; without this limit,
 * a flood on one link takes every entry that becomes free.
 */
static bool may_add_neighbour(struct relay *relay, struct client_link *cl)
{
	return relay->now_ms >= relay->neighbours.full_until_ms ||
	       rate_bucket_take(&cl->neighbours, NEIGHBOURS_PER_SECOND, relay->now_ms);
}

enum relay_drop relay_send_reply(
	struct relay *relay, const struct server_path *server, const struct reply *reply)
{
	struct wire_in message = reply->message;
	size_t len = wire_left(&message);
	struct udp_outgoing *out;

	if (reply->cl && send_to_mac(relay, reply))
		return RELAY_PASS;
	if (reply->cl && !may_add_neighbour(relay, reply->cl))
		return RELAY_DROP_NEIGHBOUR_TABLE_FULL;
	out = add_reply(relay, reply->cl ? reply->cl->link->ifindex : 0);
	*out = (struct udp_outgoing){
		.to = {.sin6_family = AF_INET6,
			.sin6_port = htons(reply->port),
			.sin6_addr = reply->to},
		.source = server->source,
		.part = {{(void *)(uintptr_t)wire_get_bytes(&message, len), len}},
		.n_parts = 1,
	};
	if (reply->cl)
		keep_on_link(out, reply->cl);
	return RELAY_PASS;
}
