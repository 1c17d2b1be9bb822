/* SPDX-License-Identifier: ISC */
/*
 * The relay's life: opening sockets and netlink in order, and passing the kernel's notifications on
 * to client links and server paths. relay_reload.c applies another configuration;
 * packet/relay_batch.c handles the datagrams.
 */
#include "relayd/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/activation.h"
#include "daemon/loop.h"
#include "daemon/port_owner.h"
#include "daemon/rate_limit.h"
#include "relayd/packet/relay_batch.h"

enum {
	RECEIVE_BUFFER = 8 << 20, /* for thousands of clients that boot at the same time */
	MULTICAST_HOPS = 8,       /* to servers, RFC 9915 section 19 */
};

/* --- notifications of the kernel ------------------------------------------------------- */

static void on_link_added(void *arg, struct link *link)
{
	struct relay *relay = arg;

	client_links_link_added(&relay->links, link);
	prefix_delegation_link_changed(&relay->prefixes, link->name);
	server_paths_link_changed(&relay->paths, link, 0);
}

static void on_link_changed(void *arg, struct link *link, unsigned what)
{
	struct relay *relay = arg;

	client_links_link_changed(&relay->links, link, what);
	if (what & LINK_CHANGED_NAME)
		prefix_delegation_resync(&relay->prefixes);
	else
		prefix_delegation_link_changed(&relay->prefixes, link->name);
	server_paths_link_changed(&relay->paths, link, what);
}

static void on_link_removed(void *arg, struct link *link)
{
	struct relay *relay = arg;

	client_links_link_removed(&relay->links, link);
	prefix_delegation_link_changed(&relay->prefixes, link->name);
	server_paths_link_removed(&relay->paths, link);
}

static void on_addresses_changed(void *arg, struct link *link)
{
	struct relay *relay = arg;

	client_links_addresses_changed(&relay->links, link);
	server_paths_link_changed(&relay->paths, link, 0);
}

/*
 * Once, at the start. Replies to clients whose MAC is known need no entry, but the router itself
 * does, for all that it forwards to them.
 */
static void warn_of_scarce_neighbours(struct relay *relay)
{
	size_t links = client_links_count(&relay->links, CLIENT_LINK_READY);
	struct ipv6_neighbour_table table;

	if (ipv6_query_neighbour_table(relay->links.query, &table) < 0 ||
		!neighbours_are_scarce(&table, links))
		return;
	log_warning("the table of IPv6 neighbours may become too small: %zu client links, %u of %u "
		    "entries in use; raise net.ipv6.neigh.default.gc_thresh3 above the number of "
		    "hosts on all links",
		links, table.entries, table.limit);
}

static void on_synced(void *arg)
{
	static struct log_limit limit;
	struct relay *relay = arg;

	client_links_synced(&relay->links);
	if (relay->monitor.counters.resyncs <= 1) { /* the first dump, no repair */
		warn_of_scarce_neighbours(relay);
		return;
	}
	log_limited_with(&limit, LOG_LEVEL_NOTICE,
		&(struct log_fields){.event = LOG_EVENT_EVENTS_LOST},
		"netlink: messages were lost; links and addresses have been dumped again");
	prefix_delegation_resync(&relay->prefixes);
	relay_watch_resync(&relay->watch, &relay->monitor.counters);
}

static const struct link_table_ops table_ops = {
	.link_added = on_link_added,
	.link_changed = on_link_changed,
	.link_removed = on_link_removed,
	.addresses_changed = on_addresses_changed,
	.synced = on_synced,
};

static void udp_ready(int fd, int what, void *arg)
{
	(void)what;
	relay_run_batches(arg, fd);
}

static void on_names_changed(void *arg)
{
	struct relay *relay = arg;

	server_paths_names_changed(&relay->paths);
	relay_refresh_servers(relay);
}

static uint64_t queue_drops(const void *arg)
{
	const struct relay *relay = arg;
	/* The kernel counts what the filter refused as drops of the socket, too. */
	uint64_t refused = client_mac_refused_total(relay->mac);
	uint64_t drops = udp_queue_drops(relay->fd);

	drops -= refused < drops ? refused : drops;
	if (relay->server_fd != relay->fd)
		drops += udp_queue_drops(relay->server_fd);
	for (size_t i = 0; i < relay->vrfs.count; i++)
		drops += udp_queue_drops(relay->vrfs.socket[i].fd);
	for (size_t i = 0; i < relay->client_vrfs.count; i++)
		drops += udp_queue_drops(relay->client_vrfs.socket[i].fd);
	return drops;
}

/* --- life ---------------------------------------------------------------------------------- */

/* Bind to the port on all addresses. Returns the socket, or -errno after it has logged why. */
static int bind_port(uint16_t port, bool is_shared)
{
	char owner[128];
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = is_shared ? udp_open_shared(&any, RECEIVE_BUFFER) : udp_open(&any, RECEIVE_BUFFER);

	if (fd == -EADDRINUSE)
		log_error("UDP port %d is in use by %s: stop that first", port,
			port_owner_udp(&any, owner, sizeof(owner)));
	else if (fd < 0)
		log_error("cannot open UDP port %d: %s%s", port, strerror(-fd),
			fd == -EACCES ? "; start as root or with CAP_NET_BIND_SERVICE" : "");
	return fd;
}

/*
 * Use the socket that the service manager passed, if there is one. With `source-port`, port 547 is
 * shared with a server on this host: the relay then needs only the multicast there.
 */
static int open_client_port(struct relay *relay)
{
	int fd = activation_udp(DHCP6_SERVER_PORT), rc = 0;

	relay->is_activated = fd >= 0;
	if (relay->is_activated)
		rc = udp_adopt(fd, RECEIVE_BUFFER);
	else
		fd = rc =
			bind_port(DHCP6_SERVER_PORT, relay->conf->source_port != DHCP6_SERVER_PORT);
	relay->fd = rc < 0 ? -1 : fd;
	return rc < 0 ? rc : 0;
}

static int set_mark(int fd, uint32_t mark)
{
	int rc = setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ? -errno : 0;

	if (rc == 0 || mark == 0)
		return 0;
	log_error("fwmark: cannot mark messages with 0x%x: %s", mark, strerror(-rc));
	return rc;
}

/* The socket that sends to servers and receives their replies. It receives no multicast. */
static int open_server_port(struct relay *relay)
{
	int hops = MULTICAST_HOPS, off = 0, fd;

	relay->server_fd = relay->fd;
	if (relay->conf->source_port != DHCP6_SERVER_PORT) {
		fd = bind_port(relay->conf->source_port, false);
		if (fd < 0)
			return fd;
		relay->server_fd = fd;
		setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off, sizeof(off));
	}
	setsockopt(relay->server_fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
	return set_mark(relay->server_fd, relay->conf->fwmark);
}

static int open_sockets(struct relay *relay, enum client_mac_method best)
{
	int rc = open_client_port(relay);

	if (rc == 0)
		rc = open_server_port(relay);
	if (rc < 0)
		return rc;
	rc = reply_sockets_open(&relay->replies, relay->fd, RELAY_BATCH);
	if (rc < 0) {
		log_error("cannot open more sockets on UDP port %d: %s", DHCP6_SERVER_PORT,
			strerror(-rc));
		return rc;
	}
	relay->mac = client_mac_new(relay->fd, relay->conf->client_mac ? best : CLIENT_MAC_NONE);
	relay->reply_macs = reply_macs_new();
	if (!relay->mac || !relay->reply_macs)
		return -ENOMEM;
	if (client_mac_method(relay->mac) != CLIENT_MAC_NONE)
		relay->frames = frame_sender_new();
	return 0;
}

static void link_changed(void *arg, const struct client_link *cl, enum client_link_state before,
	const struct in6_addr *address_before)
{
	struct relay *relay = arg;

	relay_watch_link(&relay->watch, cl, before, address_before);
	if (cl->state != before)
		prefix_delegation_link_changed(&relay->prefixes, cl->name);
}

static void server_changed(
	void *arg, const struct server_path *server, const struct server_path *before)
{
	relay_watch_server(arg, server, before);
}

/* What the kernel's routing sees of all datagrams to servers. */
static struct route_flow flow_to_servers(const struct relay *relay)
{
	struct route_flow flow = {.protocol = IPPROTO_UDP,
		.sport = relay->conf->source_port,
		.dport = DHCP6_SERVER_PORT,
		.mark = relay->conf->fwmark};
	struct stat owner;

	if (fstat(relay->server_fd, &owner) == 0) {
		flow.has_uid = true;
		flow.uid = owner.st_uid;
	}
	return flow;
}

static int follow_kernel(struct relay *relay)
{
	struct route_flow flow;
	int rc = link_table_init(&relay->table, &table_ops, relay);

	if (rc < 0)
		return rc;
	rc = client_links_init(
		&relay->links, &relay->table, relay->conf, relay->is_activated ? relay->fd : -1);
	if (rc < 0)
		goto no_links;
	rc = server_names_init(&relay->names, relay->conf, on_names_changed, relay);
	if (rc < 0)
		goto no_names;
	flow = flow_to_servers(relay);
	rc = server_paths_init(&relay->paths, &relay->table, &relay->names, relay->conf, &flow);
	if (rc < 0)
		goto no_paths;
	rc = link_monitor_init(&relay->monitor, &relay->table, NULL);
	if (rc < 0)
		goto no_monitor;
	relay->follows_kernel = true;
	rc = prefix_delegation_init(&relay->prefixes, relay->conf, &relay->links);
	if (rc < 0)
		return rc;
	relay->links.changed = link_changed;
	relay->paths.changed = server_changed;
	relay->links.changed_arg = relay;
	relay->paths.changed_arg = &relay->watch;
	return 0;

no_monitor:
	server_paths_fini(&relay->paths);
no_paths:
	server_names_fini(&relay->names);
no_names:
	client_links_fini(&relay->links);
no_links:
	link_table_fini(&relay->table);
	log_error("netlink: cannot follow links and addresses: %s", strerror(-rc));
	return rc;
}

int relay_init(struct relay *relay, struct relay_conf *conf, enum client_mac_method best)
{
	int rc;

	*relay = (struct relay){.conf = conf, .fd = -1, .server_fd = -1, .started_s = time(NULL)};
	relay->rates = rate_table_new();
	relay->receiver = udp_receiver_new(RELAY_BATCH);
	relay->to_servers = udp_sender_new(RELAY_BATCH * SERVER_LIST_MAX);
	rc = -ENOMEM;
	if (relay->rates && relay->receiver && relay->to_servers)
		rc = open_sockets(relay, best);
	if (rc == 0)
		rc = follow_kernel(relay);
	if (rc < 0)
		relay_fini(relay);
	else
		relay_refresh_servers(relay);
	return rc;
}

static void netlink_ready(int fd, int what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	relay_read_netlink(relay);
	relay_refresh_servers(relay);
}

static void routes_ready(int fd, int what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	server_paths_read(&relay->paths);
	relay_refresh_servers(relay);
}

static void check_memberships(void *arg)
{
	struct relay *relay = arg;

	client_links_check_memberships(&relay->links);
	relay->links.vrf_version++; /* no event reports a change of udp_l3mdev_accept */
	relay_refresh_servers(relay);
	loop_timer_arm(relay->membership_timer, CLIENT_LINKS_CHECK_MS);
}

int relay_start(struct relay *relay, struct loop *loop)
{
	relay->loop = loop;
	relay->udp_ready = udp_ready;
	relay->membership_timer = loop_timer_new(loop, check_memberships, relay);
	relay->udp_watch = loop_watch_new(loop, relay->fd, LOOP_READ, udp_ready, relay);
	relay->netlink_watch = loop_watch_new(
		loop, link_monitor_fd(&relay->monitor), LOOP_READ, netlink_ready, relay);
	relay->routes_watch = loop_watch_new(
		loop, server_paths_fd(&relay->paths), LOOP_READ, routes_ready, relay);
	if (relay->server_fd != relay->fd)
		relay->server_watch =
			loop_watch_new(loop, relay->server_fd, LOOP_READ, udp_ready, relay);
	if (!relay->membership_timer || !relay->udp_watch || !relay->netlink_watch || !relay->routes_watch ||
		(relay->server_fd != relay->fd && !relay->server_watch))
		return -ENOMEM;
	relay_refresh_servers(relay);
	loop_timer_arm(relay->membership_timer, CLIENT_LINKS_CHECK_MS);
	if (prefix_delegation_start(&relay->prefixes, loop) < 0)
		return -ENOMEM;
	if (client_mac_start(relay->mac, loop) < 0)
		return -ENOMEM;
	return server_names_start(&relay->names, loop);
}

/* --- views ------------------------------------------------------------------------------ */

/* A function, because a reload replaces the configuration. */
static bool has_link_series(const void *arg)
{
	const struct relay *relay = arg;

	return relay->conf->has_link_series;
}

struct relay_view relay_view_of(const struct relay *relay)
{
	return (struct relay_view){
		.links = &relay->links,
		.servers = &relay->paths.list,
		.counters = &relay->counters,
		.monitor = &relay->monitor,
		.mac = relay->mac,
		.prefixes = &relay->prefixes,
		.started_s = relay->started_s,
		.queue_drops = queue_drops,
		.has_link_series = has_link_series,
		.relay = relay,
	};
}

void relay_set_control(struct relay *relay, struct control *control)
{
	relay->view = relay_view_of(relay);
	relay->trace.view = &relay->view;
	relay->trace.control = control;
	relay->watch.control = control;
}

void relay_fini(struct relay *relay)
{
	loop_timer_free(relay->membership_timer);
	loop_watch_free(relay->udp_watch);
	loop_watch_free(relay->server_watch);
	loop_watch_free(relay->netlink_watch);
	loop_watch_free(relay->routes_watch);
	vrf_sockets_fini(&relay->vrfs);
	vrf_sockets_fini(&relay->client_vrfs);
	free(relay->vrf_want);
	prefix_delegation_fini(&relay->prefixes);
	if (relay->follows_kernel) {
		link_monitor_fini(&relay->monitor);
		server_paths_fini(&relay->paths);
		server_names_fini(&relay->names);
		client_links_fini(&relay->links);
		link_table_fini(&relay->table);
	}
	client_mac_free(relay->mac);
	frame_sender_free(relay->frames);
	reply_macs_free(relay->reply_macs);
	if (relay->server_fd >= 0 && relay->server_fd != relay->fd)
		close(relay->server_fd);
	if (relay->fd >= 0 && !relay->is_activated)
		close(relay->fd);
	reply_sockets_close(&relay->replies);
	rate_table_free(relay->rates);
	udp_sender_free(relay->to_servers);
	udp_receiver_free(relay->receiver);
	relay_conf_free(relay->conf);
	*relay = (struct relay){.fd = -1, .server_fd = -1};
}
