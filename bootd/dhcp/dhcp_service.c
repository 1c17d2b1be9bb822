/* SPDX-License-Identifier: ISC */
/*
 * Opens the socket, describes how each datagram arrived (source, link, the MAC of its frame), and
 * passes the batch to dhcp_batch.c, which has it answered. The links of clients that send without
 * a relay are found in served_links.c.
 */
#include "bootd/dhcp/dhcp_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootd/dhcp/served_links.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/port_owner.h"
#include "daemon/udp.h"
#include "frame/client_mac.h"
#include "frame/frame_sender.h"

enum {
	RECEIVE_BUFFER = 16 << 20
}; /* some 25,000 machines that start at the same moment, after a power failure */

struct dhcp_service {
	struct exchange *exchange;
	struct served_links links;
	struct client_mac *macs;     /* of the clients on those links */
	struct frame_sender *frames; /* to those clients; NULL: by UDP */
	int fd;
	int group_fd; /* bound to ff05::1:3, if `fd` has a fixed address; else -1 */
	struct loop_watch *watch, *group_watch;
	struct udp_receiver *receiver;
	struct dhcp_batch batch;
};

/* --- one datagram ------------------------------------------------------------------ */

/* False for a datagram that was sent to a multicast group on a link that is not served. */
static bool read_arrival(
	struct dhcp_service *service, const struct udp_datagram *datagram, struct arrived *arrived)
{
	static const struct in6_addr all_servers = DHCP6_ALL_SERVERS;
	struct arrival *arrival = &arrived->arrival;
	const struct link *l = served_links_find(&service->links, datagram->ifindex);

	*arrival = (struct arrival){
		.source = datagram->peer.sin6_addr,
		.source_port = ntohs(datagram->peer.sin6_port),
		.multicast = IN6_IS_ADDR_MULTICAST(&datagram->local),
		.to_servers = IN6_ARE_ADDR_EQUAL(&datagram->local, &all_servers),
		.ifindex = datagram->ifindex,
	};
	arrived->received_s = dhcp_now_s();
	client_mac_received(service->macs, l, datagram->ifindex, datagram->len);
	if (l) {
		memcpy(arrived->link_name, l->name, sizeof(arrived->link_name));
		arrival->link_name = arrived->link_name;
		arrival->on_link = arrived->on_link;
		arrival->on_links = served_link_addresses(l, arrived->on_link, ON_LINK_MAX);
		arrival->sees_frames = client_mac_sees(service->macs, l);
		if (datagram->len >= DHCP6_HEADER_LEN &&
			client_mac_take(
				service->macs, l, &arrival->source, datagram->data, arrived->mac))
			arrival->mac = arrived->mac;
	}
	return !arrival->multicast || arrival->to_servers ||
	       (l && served_links_is_served(&service->links, l));
}

/*
 * A client on a link of ours gets its answer at the MAC that its message came from. That needs no
 * entry in the kernel's table of neighbours, which a flood of made-up clients may have filled.
 */
static bool send_to_mac(void *arg, const struct request *r)
{
	struct dhcp_service *service = arg;
	const struct link *l = served_links_find(&service->links, r->arrival.ifindex);
	const struct in6_addr *source = l ? served_link_local(l) : NULL;
	struct frame_address to = {.ifindex = r->arrival.ifindex,
		.to = r->answer.to,
		.source_port = DHCP6_SERVER_PORT,
		.to_port = r->answer.port};

	if (!service->frames || !source || r->chain.count > 0 || !r->arrival.multicast ||
		!r->arrival.mac || !IN6_IS_ADDR_LINKLOCAL(&to.to))
		return false;
	to.mtu = l->mtu;
	to.source = *source;
	memcpy(to.mac, r->arrival.mac, sizeof(to.mac));
	return frame_sender_send(service->frames, &to, r->answer.out.buf, r->answer.out.len) == 0;
}

/* --- the socket -------------------------------------------------------------------- */

static void readable(int fd, int what, void *arg)
{
	static struct log_limit limit;
	struct dhcp_service *service = arg;
	const struct udp_datagram *datagram;
	int n = udp_receive(service->receiver, fd, &datagram);
	double began_s = dhcp_now_s();

	(void)what;
	if (n < 0)
		log_limited(
			&limit, LOG_LEVEL_ERROR, "DHCPv6 socket: receive failed: %s", strerror(-n));
	client_mac_drain(service->macs);
	for (int i = 0; i < n; i++) {
		struct dhcp_slot *slot = &service->batch.slot[i];

		slot->is_served = read_arrival(service, &datagram[i], &slot->arrived);
	}
	dhcp_batch_handle(&service->batch, datagram, n, began_s);
}

/* If all clients are behind relays, no frame is read. */
static enum client_mac_method best_method(const struct boot_config *config)
{
	return config->listen.count > 0 ? CLIENT_MAC_EBPF : CLIENT_MAC_NONE;
}

/*
 * Bound to one address, the socket leaves the port on other addresses to a relay on this host. The
 * kernel would then let a second server have the same address, and take our messages.
 */
static int open_port(const struct sockaddr_in6 *at)
{
	if (IN6_IS_ADDR_UNSPECIFIED(&at->sin6_addr))
		return udp_open(at, RECEIVE_BUFFER);
	return port_owner_has(at) ? -EADDRINUSE : udp_open_shared(at, RECEIVE_BUFFER);
}

/*
 * A socket that is bound to one address receives no multicast: relays that send to all servers are
 * received on a second one. Both are read alike; answers are sent from the first.
 */
static int open_group(struct dhcp_service *service, struct loop *loop)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6,
		.sin6_port = service->exchange->config->dhcp.sin6_port,
		.sin6_addr = DHCP6_ALL_SERVERS};

	if (IN6_IS_ADDR_UNSPECIFIED(&service->exchange->config->dhcp.sin6_addr))
		return 0;
	service->group_fd = udp_open_shared(&at, RECEIVE_BUFFER);
	if (service->group_fd < 0)
		return service->group_fd;
	service->group_watch =
		loop_watch_new(loop, service->group_fd, LOOP_READ, readable, service);
	return service->group_watch ? 0 : -ENOMEM;
}

static int open_all(struct dhcp_service *service, struct loop *loop)
{
	const struct boot_config *config = service->exchange->config;
	int rc;

	service->receiver = udp_receiver_new(DHCP_BATCH_MAX);
	if (dhcp_batch_init(&service->batch, service->exchange, send_to_mac, service) < 0 ||
		!service->receiver)
		return -ENOMEM;
	service->fd = open_port(&config->dhcp);
	if (service->fd < 0)
		return service->fd;
	service->batch.fd = service->fd;
	service->macs = client_mac_new(service->fd, best_method(config));
	if (!service->macs)
		return -ENOMEM;
	if (client_mac_method(service->macs) != CLIENT_MAC_NONE)
		service->frames = frame_sender_new();
	rc = open_group(service, loop);
	if (rc == 0)
		rc = served_links_init(&service->links, loop, service->fd,
			service->group_fd >= 0 ? service->group_fd : service->fd, config);
	if (rc < 0) {
		loop_watch_free(service->group_watch);
		return rc;
	}
	service->watch = loop_watch_new(loop, service->fd, LOOP_READ, readable, service);
	if (service->watch && client_mac_start(service->macs, loop) == 0) {
		/* A message takes microseconds, a file takes longer: files wait for messages. */
		loop_watch_set_urgent(service->watch);
		return 0;
	}
	loop_watch_free(service->watch);
	loop_watch_free(service->group_watch);
	served_links_fini(&service->links);
	return -ENOMEM;
}

static void free_buffers(struct dhcp_service *service)
{
	client_mac_free(service->macs);
	frame_sender_free(service->frames);
	dhcp_batch_fini(&service->batch);
	if (service->fd >= 0)
		close(service->fd);
	if (service->group_fd >= 0)
		close(service->group_fd);
	udp_receiver_free(service->receiver);
	free(service);
}

int dhcp_service_new(struct dhcp_service **out, struct loop *loop, struct exchange *exchange)
{
	struct dhcp_service *service = calloc(1, sizeof(*service));
	int rc;

	*out = NULL;
	if (!service)
		return -ENOMEM;
	service->exchange = exchange;
	service->fd = service->group_fd = -1;
	rc = open_all(service, loop);
	if (rc < 0) {
		free_buffers(service);
		return rc;
	}
	*out = service;
	return 0;
}

void dhcp_service_free(struct dhcp_service *service)
{
	if (!service)
		return;
	loop_watch_free(service->watch);
	loop_watch_free(service->group_watch);
	served_links_fini(&service->links);
	free_buffers(service);
}

void dhcp_service_set_config(struct dhcp_service *service, const struct boot_config *config)
{
	if (best_method(config) && !client_mac_method(service->macs))
		log_warning("listen: bootd reads the MAC addresses of clients on these links from "
			    "their frames only after a restart, because it has dropped the "
			    "privileges that this needs: restart it");
	served_links_set_config(&service->links, config);
}

enum client_mac_method dhcp_service_mac_method(const struct dhcp_service *service)
{
	return client_mac_method(service->macs);
}

void dhcp_service_committed(struct dhcp_service *service, int rc, const bool *refused)
{
	dhcp_batch_committed(&service->batch, rc, refused);
}

size_t dhcp_service_waiting(const struct dhcp_service *service)
{
	return dhcp_batch_waiting(&service->batch);
}

const struct dhcp_counters *dhcp_service_counters(const struct dhcp_service *service)
{
	return &service->batch.counters;
}

uint32_t dhcp_service_queue_drops(const struct dhcp_service *service)
{
	return udp_queue_drops(service->fd);
}
