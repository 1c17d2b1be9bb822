/* SPDX-License-Identifier: ISC */
/* Thin: what to say is decided in exchange.c, which link a client is on in served_links.c. */
#include "bootd/dhcp/dhcp_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/udp.h"
#include "frame/client_mac.h"

enum { BATCH = 32, RECEIVE_BUFFER = 4 << 20, ON_LINK_MAX = 16 };

struct dhcp_service {
	struct exchange *exchange;
	struct served_links links;
	struct client_mac *macs; /* of the clients on those links */
	int fd;
	struct loop_watch *watch;
	struct udp_receiver *receiver;
	struct udp_sender *sender;
	uint8_t (*answer)[DHCP6_MESSAGE_MAX]; /* BATCH of them: touched as far as used */
	struct dhcp_service_counters counters;
	bool is_failing; /* the lease store */
};

/* What was dropped, and for which peer: a person must be able to find out why. */
static void log_drop(const struct udp_datagram *datagram, enum exchange_drop drop)
{
	static struct log_limit limit[EXCHANGE_DROPS];
	bool is_normal = drop == DROP_OTHER_SERVER || drop == DROP_NOT_FOR_SERVERS;
	char peer[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &datagram->peer.sin6_addr, peer, sizeof(peer));
	log_limited(&limit[drop], is_normal ? LOG_LEVEL_DEBUG : LOG_LEVEL_NOTICE,
		"%s: a datagram of %zu octets is not answered: %s", peer, datagram->len,
		exchange_drop_name(drop));
}

/* An arrival, and what it points at. */
struct arrived {
	struct arrival arrival;
	struct in6_addr on_link[ON_LINK_MAX];
	uint8_t mac[DHCP6_MAC_LEN];
};

/* False for what was sent to a group on a link that is not ours to serve. */
static bool arrival_of(
	struct dhcp_service *service, const struct udp_datagram *datagram, struct arrived *arrived)
{
	struct arrival *arrival = &arrived->arrival;
	const struct link *l = served_links_find(&service->links, datagram->ifindex);

	*arrival = (struct arrival){
		.source = datagram->peer.sin6_addr,
		.source_port = ntohs(datagram->peer.sin6_port),
		.multicast = IN6_IS_ADDR_MULTICAST(&datagram->local),
		.ifindex = datagram->ifindex,
	};
	if (l) {
		arrival->link_name = l->name;
		arrival->on_link = arrived->on_link;
		arrival->on_links = served_link_addresses(l, arrived->on_link, ON_LINK_MAX);
		if (client_mac_find_on(
			    service->macs, l, &arrival->source, datagram->data, arrived->mac))
			arrival->mac = arrived->mac;
	}
	return !arrival->multicast || (l && served_links_is_served(&service->links, l));
}

static void queue(struct dhcp_service *service, const struct udp_datagram *datagram,
	const struct arrival *arrival, const struct exchange_answer *answer)
{
	struct udp_outgoing *outgoing = udp_sender_add(service->sender);

	*outgoing = (struct udp_outgoing){
		.to = {.sin6_family = AF_INET6,
			.sin6_port = htons(answer->port),
			.sin6_addr = answer->to,
			.sin6_scope_id = (uint32_t)answer->ifindex},
		.ifindex = answer->ifindex,
		.part = {{.iov_base = answer->out.buf, .iov_len = answer->out.len}},
		.n_parts = 1,
	};
	/* A relay hears from the address that it asked. */
	if (!arrival->multicast)
		outgoing->source = datagram->local;
}

typedef enum exchange_drop answer_fn(struct exchange *exchange, const struct arrival *arrival,
	struct wire_in datagram, uint64_t now_ms, struct exchange_answer *answer);

/* True where it waits for the commit, to be handled once more by exchange_settle(). */
static bool handle(struct dhcp_service *service, const struct udp_datagram *datagram,
	answer_fn *answer_it, uint8_t buffer[DHCP6_MESSAGE_MAX], uint64_t now_ms)
{
	struct exchange_answer answer = {.out = wire_out_of(buffer, DHCP6_MESSAGE_MAX)};
	struct arrived arrived;
	enum exchange_drop drop;

	if (!arrival_of(service, datagram, &arrived)) {
		service->counters.not_served++;
		return false;
	}
	drop = answer_it(service->exchange, &arrived.arrival,
		wire_in_of(datagram->data, datagram->len), now_ms, &answer);
	if (drop == EXCHANGE_ANSWERED)
		queue(service, datagram, &arrived.arrival, &answer);
	else if (drop != EXCHANGE_WAITS)
		log_drop(datagram, drop);
	return drop == EXCHANGE_WAITS;
}

/* One transaction for all that a batch has changed. */
static void commit(struct dhcp_service *service, uint64_t now_ms)
{
	static struct log_limit limit;
	const struct lease_book *leases = &service->exchange->leases;
	int rc;

	if (!lease_book_is_open(leases))
		return;
	rc = exchange_commit(service->exchange, now_ms);
	if (rc < 0)
		log_limited(&limit, LOG_LEVEL_ERROR,
			"leases %s: cannot be written: %s: new leases are not given, those that "
			"are stored go on for as long as that",
			service->exchange->config->leases, lease_book_error(leases));
	else if (service->is_failing)
		log_notice("leases %s: written again", service->exchange->config->leases);
	service->is_failing = rc < 0;
}

static void set_time(struct dhcp_service *service, uint64_t now_ms)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	lease_book_set_time(&service->exchange->leases, now_ms,
		(int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static void send_failed(void *arg, const struct udp_outgoing *datagram, int error)
{
	static struct log_limit limit;
	struct dhcp_service *service = arg;
	char to[INET6_ADDRSTRLEN];

	service->counters.send_failed++;
	inet_ntop(AF_INET6, &datagram->to.sin6_addr, to, sizeof(to));
	log_limited(&limit, LOG_LEVEL_WARNING, "%s: an answer cannot be sent there: %s", to,
		strerror(error));
}

static void readable(int fd, int what, void *arg)
{
	static struct log_limit limit;
	struct dhcp_service *service = arg;
	const struct udp_datagram *datagram;
	int n = udp_receive(service->receiver, fd, &datagram);
	uint64_t now_ms = loop_now_ms();
	int waiting[BATCH], waits = 0;

	(void)what;
	if (n < 0)
		log_limited(&limit, LOG_LEVEL_ERROR, "the DHCPv6 socket cannot be read: %s",
			strerror(-n));
	set_time(service, now_ms);
	client_mac_drain(service->macs);
	for (int i = 0; i < n; i++)
		if (handle(service, &datagram[i], exchange_handle, service->answer[i], now_ms))
			waiting[waits++] = i;
	commit(service, now_ms);
	for (int i = 0; i < waits; i++)
		handle(service, &datagram[waiting[i]], exchange_settle, service->answer[waiting[i]],
			now_ms);
	if (n > 0)
		service->counters.datagrams += (unsigned)n;
	udp_flush(service->sender, fd, send_failed, service);
}

/* Where all clients come through relays there is no frame to look at. */
static enum client_mac_way best_way(const struct boot_config *config)
{
	return config->listens > 0 ? CLIENT_MAC_EBPF : CLIENT_MAC_NONE;
}

static int open_all(struct dhcp_service *service, struct loop *loop)
{
	const struct boot_config *config = service->exchange->config;
	int rc;

	service->receiver = udp_receiver_new(BATCH);
	service->sender = udp_sender_new(BATCH);
	service->answer = calloc(BATCH, sizeof(*service->answer));
	if (!service->receiver || !service->sender || !service->answer)
		return -ENOMEM;
	service->fd = udp_open(&config->dhcp, RECEIVE_BUFFER);
	if (service->fd < 0)
		return service->fd;
	service->macs = client_mac_new(service->fd, best_way(config));
	if (!service->macs)
		return -ENOMEM;
	rc = served_links_init(&service->links, loop, service->fd, config);
	if (rc < 0)
		return rc;
	service->watch = loop_watch_new(loop, service->fd, LOOP_READ, readable, service);
	if (service->watch)
		return 0;
	served_links_fini(&service->links);
	return -ENOMEM;
}

static void free_buffers(struct dhcp_service *service)
{
	client_mac_free(service->macs);
	if (service->fd >= 0)
		close(service->fd);
	udp_receiver_free(service->receiver);
	udp_sender_free(service->sender);
	free(service->answer);
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
	service->fd = -1;
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
	served_links_fini(&service->links);
	free_buffers(service);
}

void dhcp_service_set_config(struct dhcp_service *service, const struct boot_config *config)
{
	if (best_way(config) && !client_mac_way(service->macs))
		log_warning("listen: the MAC addresses of clients there are read from the frames "
			    "only after a restart: it takes privileges that were given up");
	served_links_set_config(&service->links, config);
}

enum client_mac_way dhcp_service_mac_way(const struct dhcp_service *service)
{
	return client_mac_way(service->macs);
}

const struct dhcp_service_counters *dhcp_service_counters(const struct dhcp_service *service)
{
	return &service->counters;
}
