/* SPDX-License-Identifier: ISC */
/*
 * A datagram's way through the relay, from top to bottom:
 *
 *	relay_run_batches    receive a batch; let netlink and the side channel catch up
 *	relay_datagram       by its first octet: from a server, a relay below, a client
 *	forward.c, reply.c   decide and build
 *	send_to_servers, send_reply
 *
 * Netlink is read after a batch was received and before it is handled: an
 * event that came before a message is known when the message is relayed,
 * without a timer and whatever order the loop calls us in.
 */
#include "relayd/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/loop.h"
#include "daemon/port_owner.h"
#include "dhcp6/message.h"
#include "relayd/forward.h"
#include "relayd/reply.h"
#include "relayd/server_choice.h"

enum {
	RECEIVE_BUFFER = 4 << 20,      /* thousands of clients whose power comes back at once */
	BATCHES_PER_CALL = 8,          /* then the loop has its turn */
	REPLY_TAG = RELAY_SERVERS_MAX, /* datagrams to servers bear the server's index */
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
	/* Other links' clients are nobody's concern here; all the rest is worth a line at times. */
	if (reason == RELAY_DROP_NOT_SERVED)
		return;
	inet_ntop(AF_INET6, &d->peer.sin6_addr, from, sizeof(from));
	log_limited(&relay->drop_limit[reason], LOG_LEVEL_INFO,
		"%s: dropped a message from %s: %s%s%s", link ? link->name : "?", from,
		relay_drop_name(reason), cl && *cl->reason ? ": " : "", cl ? cl->reason : "");
}

static void count_received(struct relay *relay, struct client_link *cl, uint8_t type)
{
	relay->counters.received[relay_type_slot(type)]++;
	if (cl)
		cl->counters.received[relay_type_slot(type)]++;
}

/* --- toward the servers ---------------------------------------------------------- */

static void fill_outgoing(struct udp_outgoing *out, const struct server_path *server)
{
	out->to = (struct sockaddr_in6){.sin6_family = AF_INET6,
		.sin6_port = htons(DHCP6_SERVER_PORT),
		.sin6_addr = server->address};
	out->source = server->source;
	out->ifindex = 0;
}

static bool is_stale_path(int error)
{
	return error == EINVAL || error == ENODEV || error == EADDRNOTAVAIL ||
	       error == ENETUNREACH || error == EHOSTUNREACH;
}

static void count_send_failure(struct relay *relay, const char *what, const char *name, int error)
{
	relay->counters.dropped[RELAY_DROP_SEND_FAILED]++;
	log_limited(&relay->drop_limit[RELAY_DROP_SEND_FAILED], LOG_LEVEL_WARNING,
		"%s %s: a message could not be sent: %s", what, name, strerror(error));
}

/* The kernel refused: what we knew is out of date. Ask again, try once more. */
static void forward_failed(struct relay *relay, const struct udp_outgoing *datagram, int error)
{
	struct server_path *server = &relay->paths.server[datagram->tag];
	struct udp_outgoing again = *datagram;

	if (is_stale_path(error)) {
		relay->paths.stale = true;
		server_paths_refresh(&relay->paths);
		fill_outgoing(&again, server);
		error = -udp_send(relay->fd, &again);
	}
	if (error == 0)
		return;
	server->failed++;
	server->forwarded--;
	relay->counters.forwarded--;
	count_send_failure(relay, "server", server->text, error);
}

static void reply_failed(struct relay *relay, const struct udp_outgoing *datagram, int error)
{
	struct client_link *cl = client_links_find(&relay->links, datagram->ifindex);

	if (cl)
		cl->counters.dropped[RELAY_DROP_SEND_FAILED]++;
	count_send_failure(relay, "link", cl ? cl->name : "(a relay beyond)", error);
}

static void send_failed(void *arg, const struct udp_outgoing *datagram, int error)
{
	if (datagram->tag == REPLY_TAG)
		reply_failed(arg, datagram, error);
	else
		forward_failed(arg, datagram, error);
}

static void flush(struct relay *relay)
{
	udp_flush(relay->sender, relay->fd, send_failed, relay);
}

static struct udp_outgoing *add_outgoing(struct relay *relay)
{
	struct udp_outgoing *out = udp_sender_add(relay->sender);

	if (out)
		return out;
	flush(relay);
	return udp_sender_add(relay->sender);
}

static void send_to_servers(
	struct relay *relay, const struct udp_datagram *d, uint8_t *header, size_t header_len)
{
	unsigned chosen = server_choice(&relay->paths, wire_in_of(d->data, d->len), relay->now_ms);

	for (size_t i = 0; i < relay->paths.count; i++) {
		struct server_path *server = &relay->paths.server[i];
		struct udp_outgoing *out;

		if (!(chosen & 1u << i))
			continue;
		out = add_outgoing(relay);
		fill_outgoing(out, server);
		out->part[0] = (struct iovec){header, header_len};
		out->part[1] = (struct iovec){(void *)(uintptr_t)d->data, d->len};
		out->n_parts = 2;
		out->tag = i;
		server_path_sent(server, relay->now_ms);
		relay->counters.forwarded++;
	}
}

static bool find_mac(struct relay *relay, const struct client_link *cl,
	const struct udp_datagram *d, uint8_t mac[6])
{
	return relay->conf->client_mac && cl->link->hw_type == 1 && cl->link->mac_len == 6 &&
	       client_mac_find(relay->mac, d->ifindex, &d->peer.sin6_addr, d->data, mac);
}

/* First the client's own share, so that one noisy client does not use up its link's. */
static enum relay_drop check_rates(
	struct relay *relay, struct client_link *cl, const struct udp_datagram *d)
{
	const struct relay_conf *conf = relay->conf;

	if (!rate_table_take(
		    relay->rates, d->ifindex, &d->peer.sin6_addr, conf->client_rate, relay->now_ms))
		return RELAY_DROP_CLIENT_RATE;
	if (!rate_bucket_take(&cl->rate, conf->link_rate, relay->now_ms))
		return RELAY_DROP_LINK_RATE;
	return RELAY_PASS;
}

static enum relay_drop relay_from_client(
	struct relay *relay, struct client_link *cl, const struct udp_datagram *d, uint8_t *header)
{
	enum relay_drop drop;
	uint8_t mac[6];
	size_t len;
	bool known;

	if (!cl)
		return RELAY_DROP_NOT_SERVED;
	drop = check_rates(relay, cl, d);
	if (drop)
		return drop;
	known = find_mac(relay, cl, d, mac);
	drop = forward_client_message(cl, d, known ? mac : NULL, header, &len);
	if (drop)
		return drop;
	if (!known && relay->conf->client_mac) {
		relay->counters.without_mac++;
		cl->counters.without_mac++;
	}
	cl->counters.forwarded++;
	send_to_servers(relay, d, header, len);
	return RELAY_PASS;
}

static enum relay_drop relay_from_relay(
	struct relay *relay, struct client_link *cl, const struct udp_datagram *d, uint8_t *header)
{
	bool trusted = cl && link_patterns_match(&relay->conf->trusted, cl->name);
	enum relay_drop drop;
	size_t len;

	drop = forward_relayed_message(cl, trusted, d, header, &len);
	if (drop)
		return drop;
	if (cl)
		cl->counters.forwarded++;
	send_to_servers(relay, d, header, len);
	return RELAY_PASS;
}

/* --- toward the clients ------------------------------------------------------------ */

static void send_reply(
	struct relay *relay, const struct server_path *server, const struct reply *reply)
{
	struct udp_outgoing *out = add_outgoing(relay);
	struct wire_in message = reply->message;
	size_t len = wire_left(&message);

	*out = (struct udp_outgoing){
		.to = {.sin6_family = AF_INET6,
			.sin6_port = htons(reply->port),
			.sin6_addr = reply->to},
		.source = server->source,
		.part = {{(void *)(uintptr_t)wire_get_bytes(&message, len), len}},
		.n_parts = 1,
		.tag = REPLY_TAG,
	};
	if (reply->cl) {
		out->ifindex = reply->cl->link->ifindex;
		out->to.sin6_scope_id = (uint32_t)out->ifindex;
		out->source = reply->cl->link_local;
	}
}

static enum relay_drop relay_from_server(struct relay *relay, struct client_link *from_link,
	const struct udp_datagram *d, struct client_link **to_link)
{
	struct server_path *server = server_paths_find(&relay->paths, &d->peer.sin6_addr);
	struct reply reply;
	enum relay_drop drop;

	if (from_link)
		return RELAY_DROP_REPLY_FROM_CLIENT_LINK;
	if (!server)
		return RELAY_DROP_UNKNOWN_SERVER;
	if (IN6_IS_ADDR_MULTICAST(&d->local))
		return RELAY_DROP_MALFORMED;
	server_path_answered(server);
	drop = reply_decide(&relay->links, d, &reply);
	*to_link = reply.cl;
	if (drop)
		return drop;
	send_reply(relay, server, &reply);
	relay->counters.replied[relay_type_slot(reply.message_type)]++;
	if (reply.cl)
		reply.cl->counters.replied[relay_type_slot(reply.message_type)]++;
	return RELAY_PASS;
}

/* --- a datagram ------------------------------------------------------------------------ */

static void relay_datagram(struct relay *relay, const struct udp_datagram *d, uint8_t *header)
{
	struct client_link *cl = client_links_find(&relay->links, d->ifindex);
	enum relay_drop drop;

	if (d->len < DHCP6_HEADER_LEN) {
		count_drop(relay, cl, d, RELAY_DROP_SHORT);
		return;
	}
	if (d->data[0] == DHCP6_RELAY_REPL) {
		drop = relay_from_server(relay, cl, d, &cl);
	} else {
		count_received(relay, cl, d->data[0]);
		drop = d->data[0] == DHCP6_RELAY_FORW ? relay_from_relay(relay, cl, d, header)
						      : relay_from_client(relay, cl, d, header);
	}
	if (drop)
		count_drop(relay, cl, d, drop);
}

static void read_netlink(struct relay *relay)
{
	static struct log_limit limit;
	int rc = link_monitor_read(&relay->monitor);

	if (rc < 0)
		log_limited(&limit, LOG_LEVEL_WARNING,
			"netlink: the picture of the links is being repaired: %s", strerror(-rc));
}

/* Returns false when nothing waits any more. */
static bool run_batch(struct relay *relay)
{
	const struct udp_datagram *datagrams;
	int n = udp_receive(relay->receiver, relay->fd, &datagrams);

	if (n <= 0)
		return false;
	relay->now_ms = (int64_t)loop_now_ms();
	read_netlink(relay);
	server_paths_refresh(&relay->paths);
	client_mac_drain(relay->mac);
	for (int i = 0; i < n; i++)
		relay_datagram(relay, &datagrams[i], relay->header[i]);
	flush(relay);
	return n == RELAY_BATCH;
}

void relay_run_batches(struct relay *relay)
{
	for (int i = 0; i < BATCHES_PER_CALL; i++)
		if (!run_batch(relay))
			break;
}

/* --- what the kernel tells -------------------------------------------------------------- */

static void on_link_added(void *arg, struct link *link)
{
	struct relay *relay = arg;

	client_links_link_added(&relay->links, link);
	server_paths_link_changed(&relay->paths, link);
}

static void on_link_changed(void *arg, struct link *link, unsigned what)
{
	struct relay *relay = arg;

	client_links_link_changed(&relay->links, link, what);
	server_paths_link_changed(&relay->paths, link);
}

static void on_link_removed(void *arg, struct link *link)
{
	struct relay *relay = arg;

	client_links_link_removed(&relay->links, link);
	server_paths_link_changed(&relay->paths, link);
}

static void on_addresses_changed(void *arg, struct link *link)
{
	struct relay *relay = arg;

	client_links_addresses_changed(&relay->links, link);
	server_paths_link_changed(&relay->paths, link);
}

static const struct link_table_ops table_ops = {
	.link_added = on_link_added,
	.link_changed = on_link_changed,
	.link_removed = on_link_removed,
	.addresses_changed = on_addresses_changed,
};

/* --- life ---------------------------------------------------------------------------------- */

static int open_socket(struct relay *relay, enum client_mac_way most)
{
	char owner[128];
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(DHCP6_SERVER_PORT)};

	relay->fd = udp_open(&any, RECEIVE_BUFFER);
	if (relay->fd == -EADDRINUSE)
		log_error("UDP port %d is taken by %s: stop it first", DHCP6_SERVER_PORT,
			port_owner_udp(DHCP6_SERVER_PORT, owner, sizeof(owner)));
	else if (relay->fd < 0)
		log_error("cannot open UDP port %d: %s", DHCP6_SERVER_PORT, strerror(-relay->fd));
	if (relay->fd < 0)
		return relay->fd;
	relay->mac = client_mac_new(relay->fd, relay->conf->client_mac ? most : CLIENT_MAC_NONE);
	return relay->mac ? 0 : -ENOMEM;
}

static int follow_kernel(struct relay *relay)
{
	int rc = link_table_init(&relay->table, &table_ops, relay);

	if (rc < 0)
		return rc;
	rc = client_links_init(&relay->links, &relay->table, relay->conf);
	if (rc < 0)
		goto no_links;
	rc = server_paths_init(&relay->paths, &relay->table, relay->conf);
	if (rc < 0)
		goto no_paths;
	rc = link_monitor_init(&relay->monitor, &relay->table, NULL);
	if (rc < 0)
		goto no_monitor;
	relay->follows_kernel = true;
	return 0;

no_monitor:
	server_paths_fini(&relay->paths);
no_paths:
	client_links_fini(&relay->links);
no_links:
	link_table_fini(&relay->table);
	log_error("cannot follow the kernel's links by netlink: %s", strerror(-rc));
	return rc;
}

int relay_init(struct relay *relay, struct relay_conf *conf, enum client_mac_way most)
{
	int rc;

	*relay = (struct relay){.conf = conf, .fd = -1, .started_s = time(NULL)};
	relay->rates = rate_table_new();
	relay->receiver = udp_receiver_new(RELAY_BATCH);
	relay->sender = udp_sender_new(RELAY_BATCH * RELAY_SERVERS_MAX);
	rc = relay->rates && relay->receiver && relay->sender ? open_socket(relay, most) : -ENOMEM;
	if (rc == 0)
		rc = follow_kernel(relay);
	if (rc < 0)
		relay_fini(relay);
	else
		server_paths_refresh(&relay->paths);
	return rc;
}

static void udp_ready(int fd, int what, void *arg)
{
	(void)fd;
	(void)what;
	relay_run_batches(arg);
}

static void netlink_ready(int fd, int what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	read_netlink(relay);
	server_paths_refresh(&relay->paths);
}

static void routes_ready(int fd, int what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	server_paths_read(&relay->paths);
	server_paths_refresh(&relay->paths);
}

int relay_start(struct relay *relay, struct loop *loop)
{
	relay->loop = loop;
	relay->udp_watch = loop_watch_new(loop, relay->fd, LOOP_READ, udp_ready, relay);
	relay->netlink_watch = loop_watch_new(
		loop, link_monitor_fd(&relay->monitor), LOOP_READ, netlink_ready, relay);
	relay->routes_watch = loop_watch_new(
		loop, server_paths_fd(&relay->paths), LOOP_READ, routes_ready, relay);
	return relay->udp_watch && relay->netlink_watch && relay->routes_watch ? 0 : -ENOMEM;
}

void relay_reload(struct relay *relay, struct relay_conf *conf)
{
	struct relay_conf *before = relay->conf;

	if (conf->client_mac && client_mac_way(relay->mac) == CLIENT_MAC_NONE)
		log_warning("client-mac: its side channel needs privileges that were given up at "
			    "start: restart to have it");
	relay->conf = conf;
	client_links_reconfigure(&relay->links, conf);
	server_paths_reconfigure(&relay->paths, conf);
	server_paths_refresh(&relay->paths);
	relay_conf_free(before);
}

void relay_fini(struct relay *relay)
{
	loop_watch_free(relay->udp_watch);
	loop_watch_free(relay->netlink_watch);
	loop_watch_free(relay->routes_watch);
	if (relay->follows_kernel) {
		link_monitor_fini(&relay->monitor);
		server_paths_fini(&relay->paths);
		client_links_fini(&relay->links);
		link_table_fini(&relay->table);
	}
	client_mac_free(relay->mac);
	if (relay->fd >= 0)
		close(relay->fd);
	rate_table_free(relay->rates);
	udp_sender_free(relay->sender);
	udp_receiver_free(relay->receiver);
	relay_conf_free(relay->conf);
	*relay = (struct relay){.fd = -1};
}
