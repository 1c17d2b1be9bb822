/* SPDX-License-Identifier: ISC */
/*
 * The path of a datagram through the relay, from the last function up:
 *
 *	relay_run_batches    receive a batch, then read netlink and the MAC side channel
 *	find_links           look up the client link of each datagram
 *	relay_datagram       by its first octet: from a server, a relay below, or a client
 *	forward.c, reply.c   decide, and build the header
 *	relay_send.c         queue, and send the batch
 *
 * Netlink is read after a batch was received and before it is handled. So a change that the kernel
 * made before a message arrived is known when the message is relayed, without any timer, and
 * whatever order the loop runs its callbacks in.
 */
#include "relayd/packet/relay_batch.h"

#include <arpa/inet.h>

#include "daemon/loop.h"
#include "daemon/rate_limit.h"
#include "dhcp6/message.h"
#include "dhcp6/option.h"
#include "relayd/packet/forward.h"
#include "relayd/packet/relay_send.h"
#include "relayd/packet/relay_state.h"
#include "relayd/packet/reply.h"

enum {
	BATCHES_PER_CALL = 8, /* then other descriptors of the loop are served */
	NETLINK_READS = 32,   /* each applies some hundred messages */
};

/* --- counting ------------------------------------------------------------------ */

static void count_drop(struct relay *relay, struct client_link *cl, const struct udp_datagram *d,
	enum relay_drop reason)
{
	char from[INET6_ADDRSTRLEN];
	const struct link *link = link_table_find(&relay->table, d->ifindex);

	relay->counters.dropped[reason]++;
	if (cl)
		cl->counters.dropped[reason]++;
	/* Messages on links that are not served are normal; every other reason is logged at times. */
	if (reason == RELAY_DROP_NOT_SERVED)
		return;
	relay_watch_drop(&relay->watch, link ? link->name : NULL, d, reason);
	inet_ntop(AF_INET6, &d->peer.sin6_addr, from, sizeof(from));
	log_limited_with(&relay->drop_limit[reason], LOG_LEVEL_INFO,
		&(struct log_fields){
			.link = link ? link->name : NULL, .reason = relay_drop_name(reason)},
		"%s: dropped a message from %s: %s%s%s", link ? link->name : "?", from,
		relay_drop_name(reason), cl && *cl->reason ? ": " : "", cl ? cl->reason : "");
}

static void count_received(struct relay *relay, struct client_link *cl, uint8_t type)
{
	relay->counters.received[relay_type_slot(type)]++;
	if (cl)
		cl->counters.received[relay_type_slot(type)]++;
}

/* --- from clients, relays below, servers ------------------------------------------ */

/* The client's own limit first, so that one noisy client does not use up its link's. */
static enum relay_drop check_rates(
	struct relay *relay, struct client_link *cl, const struct udp_datagram *d)
{
	const struct relay_conf *conf = relay->conf;

	if (!rate_table_take(relay->rates, (unsigned)d->ifindex, &d->peer.sin6_addr,
		    conf->client_rate, relay->now_ms))
		return RELAY_DROP_CLIENT_RATE;
	if (!rate_bucket_take(&cl->rate, conf->link_rate, relay->now_ms))
		return RELAY_DROP_LINK_RATE;
	return RELAY_PASS;
}

/* A Release, in person or by a lightweight relay agent on the link. */
static void observe_request(struct relay *relay, unsigned slot, const struct client_link *cl,
	const struct udp_datagram *d)
{
	if (prefix_delegation_observes(&relay->prefixes, cl))
		relay_observe(relay, &(struct observed_message){.cl = cl,
					     .peer = d->peer.sin6_addr,
					     .message = wire_in_of(d->data, d->len),
					     .slot = slot});
}

static enum relay_drop relay_from_client(
	struct relay *relay, unsigned slot, struct client_link *cl, const struct udp_datagram *d)
{
	enum relay_drop drop;
	size_t len;
	bool known;

	if (!cl)
		return RELAY_DROP_NOT_SERVED;
	/* Before the message may be dropped: its record must be consumed in any case. */
	known = relay->conf->client_mac &&
		client_mac_take(relay->mac, cl->link, &d->peer.sin6_addr, d->data, relay->client_mac);
	relay->has_client_mac = known;
	drop = check_rates(relay, cl, d);
	if (drop)
		return drop;
	drop = forward_client_message(
		cl, d, known ? relay->client_mac : NULL, relay->header[slot], &len);
	if (drop)
		return drop;
	if (!known && relay->conf->client_mac) {
		relay->counters.without_mac++;
		cl->counters.without_mac++;
	}
	drop = relay_send_to_servers(relay, slot, d, len);
	if (drop)
		return drop;
	cl->counters.forwarded++;
	relay_remember_mac(relay, slot, cl, d);
	if (d->data[0] == DHCP6_RELEASE)
		observe_request(relay, slot, cl, d);
	return RELAY_PASS;
}

/*
 * On a client-facing link only the link counts: any client there could use a relay's address. On
 * others the address may be configured as well.
 */
static bool is_configured_relay(
	struct relay *relay, const struct client_link *cl, const struct udp_datagram *d)
{
	const struct relay_conf *conf = relay->conf;
	const struct link *link = cl ? cl->link : link_table_find(&relay->table, d->ifindex);

	if (link && link_patterns_match_link(&conf->trusted, link))
		return true;
	return !cl && prefix_any_contains(conf->relays, conf->n_relays, &d->peer.sin6_addr);
}

/* The number of the link that a client of a relay below is on, for its rate. */
static uint64_t link_below(const struct rate_table *rates, const struct udp_datagram *d,
	const struct dhcp6_relay *innermost)
{
	struct siphash hash = rate_table_hash(rates);
	struct wire_in id;

	siphash_add_u64(&hash, (uint32_t)d->ifindex);
	siphash_add(&hash, &innermost->link_address, sizeof(innermost->link_address));
	siphash_add(&hash, &d->peer.sin6_addr, sizeof(d->peer.sin6_addr));
	if (dhcp6_option_find(innermost->options, DHCP6_OPT_INTERFACE_ID, &id))
		siphash_add(&hash, id.pos, wire_left(&id));
	return siphash_end(&hash);
}

/*
 * The same limits as for clients here: client-rate for each client of a relay below, link-rate for
 * the link, or for the relay if it is beyond our links.
 */
static enum relay_drop check_relayed_rates(
	struct relay *relay, struct client_link *cl, const struct udp_datagram *d)
{
	const struct relay_conf *conf = relay->conf;
	struct dhcp6_chain chain;

	if (conf->client_rate && dhcp6_chain_read(wire_in_of(d->data, d->len), &chain) == 0) {
		const struct dhcp6_relay *innermost = &chain.relay[chain.count - 1];

		if (!rate_table_take(relay->rates, link_below(relay->rates, d, innermost),
			    &innermost->peer_address, conf->client_rate, relay->now_ms))
			return RELAY_DROP_CLIENT_RATE;
	}
	if (cl ? !rate_bucket_take(&cl->rate, conf->link_rate, relay->now_ms)
	       : !rate_table_take(relay->rates, UINT64_MAX, &d->peer.sin6_addr, conf->link_rate,
			 relay->now_ms))
		return RELAY_DROP_LINK_RATE;
	return RELAY_PASS;
}

static enum relay_drop relay_from_relay(
	struct relay *relay, unsigned slot, struct client_link *cl, const struct udp_datagram *d)
{
	struct forward_policy policy = {
		.trusted = is_configured_relay(relay, cl, d),
		.rsoo = relay->conf->rsoo,
		.own_port = relay->conf->source_port != DHCP6_SERVER_PORT,
	};
	enum relay_drop drop;
	size_t len;

	/* Our own multicast to servers is looped back to us if this host has joined the group. */
	if (!cl && IN6_IS_ADDR_MULTICAST(&d->local))
		return RELAY_DROP_NOT_SERVED;
	drop = forward_relayed_message(cl, policy, d, relay->header[slot], &len);
	if (!drop)
		drop = check_relayed_rates(relay, cl, d);
	if (drop)
		return drop;
	drop = relay_send_to_servers(relay, slot, d, len);
	if (cl && !drop) {
		cl->counters.forwarded++;
		observe_request(relay, slot, cl, d);
	}
	return drop;
}

/*
 * Clients share the link with such a server, so the section of that server must name the link, and
 * the reply must come from the port that messages go to.
 */
static bool may_answer_on_client_link(
	const struct server_path *server, const struct link *link, const struct udp_datagram *d)
{
	return server && !server_path_is_multicast(server) && server_path_names_link(server, link) &&
	       ntohs(d->peer.sin6_port) == DHCP6_SERVER_PORT;
}

static enum relay_drop relay_from_server(struct relay *relay, struct client_link *from_link,
	const struct udp_datagram *d, struct client_link **to_link)
{
	const struct link *link = link_table_find(&relay->table, d->ifindex);
	struct server_path *server =
		link ? server_list_find(&relay->paths.list, &d->peer.sin6_addr, &d->local, link) : NULL;
	struct reply reply;
	enum relay_drop drop;

	if (from_link && !may_answer_on_client_link(server, link, d))
		return RELAY_DROP_REPLY_FROM_CLIENT_LINK;
	if (!server)
		return RELAY_DROP_UNKNOWN_SERVER;
	if (!server_paths_lead_from(&relay->paths, server, link, relay->now_ms))
		return RELAY_DROP_REPLY_FROM_OTHER_LINK;
	if (IN6_IS_ADDR_MULTICAST(&d->local))
		return RELAY_DROP_MALFORMED;
	if (server_path_answered(server))
		relay_watch_server_answers(&relay->watch, server);
	drop = reply_decide(&relay->links, d, &reply);
	*to_link = reply.cl;
	if (drop)
		return drop;
	drop = relay_send_reply(relay, server, &reply);
	if (drop)
		return drop;
	if (prefix_delegation_observes(&relay->prefixes, reply.cl))
		relay_observe(relay, &(struct observed_message){.cl = reply.cl,
					     .peer = reply.to,
					     .message = reply.message,
					     .is_to_client = true});
	relay->counters.replied[relay_type_slot(reply.message_type)]++;
	if (reply.cl)
		reply.cl->counters.replied[relay_type_slot(reply.message_type)]++;
	return RELAY_PASS;
}

/* --- a datagram ------------------------------------------------------------------------ */

static bool is_relay_message(const struct udp_datagram *d)
{
	return d->len > 0 && (d->data[0] == DHCP6_RELAY_REPL || d->data[0] == DHCP6_RELAY_FORW);
}

/* Decides a Relay-reply once more to show where it leads; that changes nothing. */
static void trace(struct relay *relay, const struct client_link *from,
	const struct udp_datagram *d, const uint8_t *header, enum relay_drop drop)
{
	struct reply reply;

	if (d->len == 0 || d->data[0] != DHCP6_RELAY_REPL) {
		relay_trace_request(&relay->trace, from, d,
			relay->has_client_mac ? relay->client_mac : NULL, header, relay->chosen,
			drop);
		return;
	}
	reply_decide(&relay->links, d, &reply);
	relay_trace_reply(&relay->trace, reply.cl, d, &reply.to, reply.port, drop);
}

static void relay_datagram(struct relay *relay, unsigned slot, const struct udp_datagram *d)
{
	struct client_link *cl = relay->from[slot];
	const struct client_link *from;
	enum relay_drop drop;

	/* A message to VRRP's MAC comes in on the macvlan above the client link. */
	if (!cl && is_relay_message(d))
		cl = client_links_find_facing(&relay->links, d->ifindex);
	relay->from[slot] = cl;
	from = cl;
	relay->has_client_mac = false;
	if (d->len < DHCP6_HEADER_LEN) {
		drop = RELAY_DROP_SHORT;
	} else if (d->data[0] == DHCP6_RELAY_REPL) {
		drop = relay_from_server(relay, cl, d, &cl);
	} else if (relay->only_servers) {
		drop = RELAY_DROP_NOT_SERVED;
	} else {
		count_received(relay, cl, d->data[0]);
		drop = d->data[0] == DHCP6_RELAY_FORW ? relay_from_relay(relay, slot, cl, d)
						      : relay_from_client(relay, slot, cl, d);
	}
	if (drop)
		count_drop(relay, cl, d, drop);
	if (__builtin_expect(relay->trace.filters != NULL, 0))
		trace(relay, from, d, relay->header[slot], drop);
}

/*
 * Thousands of links do not fit the processor's caches. They are looked up for the whole batch
 * first, so that their memory is fetched in parallel. The pointers stay valid for the batch: links
 * are removed only while netlink is read.
 */
static void find_links(
	struct relay *relay, bool from_clients, const struct udp_datagram *datagrams, int n)
{
	const struct link *links[RELAY_BATCH];

	for (int i = 0; i < n; i++) {
		links[i] = link_table_find(&relay->table, datagrams[i].ifindex);
		if (links[i])
			__builtin_prefetch(links[i]->user);
	}
	for (int i = 0; i < n; i++) {
		const struct udp_datagram *d = &datagrams[i];

		relay->from[i] = links[i] ? client_links_of(links[i]) : NULL;
		if (relay->from[i])
			client_link_prefetch(relay->from[i]);
		if (from_clients)
			client_mac_received(relay->mac, links[i], d->ifindex, d->len);
		if (relay->from[i] && d->len >= DHCP6_HEADER_LEN) {
			relay->mac_key[i] = reply_macs_key(
				relay->reply_macs, d->ifindex, &d->peer.sin6_addr, d->data);
			reply_macs_prefetch(relay->reply_macs, d->ifindex, relay->mac_key[i]);
		}
	}
}

/*
 * Read all netlink messages that are pending, as many as the socket can hold. After only a part of
 * them, messages would be relayed with outdated names and addresses.
 */
static void catch_up(struct relay *relay)
{
	for (int i = 0; i < NETLINK_READS; i++)
		if (!relay_read_netlink(relay))
			break;
}

/* The relay's own socket, and those in VRFs with client links: they have the MAC filter. */
static bool receives_from_clients(const struct relay *relay, int fd)
{
	const struct vrf_socket *vrf;

	if (fd == relay->fd)
		return true;
	vrf = vrf_sockets_find(&relay->vrfs, fd);
	if (!vrf)
		vrf = vrf_sockets_find(&relay->client_vrfs, fd);
	return vrf && vrf->vrf.has_clients;
}

/* Returns false when no more datagrams wait. */
static bool run_batch(struct relay *relay, int fd)
{
	const struct udp_datagram *datagrams;
	bool from_clients = receives_from_clients(relay, fd);
	int n = udp_receive(relay->receiver, fd, &datagrams);

	if (n <= 0)
		return false;
	relay->now_ms = (int64_t)loop_now_ms();
	relay->only_servers = !from_clients && relay->server_fd != relay->fd;
	catch_up(relay);
	relay_refresh_servers(relay);
	client_mac_drain(relay->mac);
	find_links(relay, from_clients, datagrams, n);
	for (int i = 0; i < n; i++)
		relay_datagram(relay, (unsigned)i, &datagrams[i]);
	relay_flush(relay);
	if (relay->n_observed > 0)
		relay_apply_observed(relay);
	return n == RELAY_BATCH;
}

void relay_run_batches(struct relay *relay, int fd)
{
	for (int i = 0; i < BATCHES_PER_CALL; i++)
		if (!run_batch(relay, fd))
			break;
}
