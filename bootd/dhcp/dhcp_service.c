/* SPDX-License-Identifier: ISC */
/*
 * Thin: what to say is decided in exchange.c, which link a client is on in served_links.c. Here
 * is the order of things: a batch is handled, then its leases are committed, then what promises
 * them is settled, and all is sent.
 */
#include "bootd/dhcp/dhcp_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootd/dhcp/outbox.h"
#include "bootd/dhcp/waiting.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/udp.h"
#include "frame/client_mac.h"

enum {
	BATCH = 64,
	RECEIVE_BUFFER = 16 << 20, /* some 25,000 machines whose power comes back at once */
	ON_LINK_MAX = 16,
	WAITING_OCTETS = 4 << 20, /* for some ten thousand datagrams */
	WAITING_BATCH = 512,      /* of those that were put off, in one commit */
	FAILING_EVERY_MS = 600 * 1000,
};

/* Of an answer, and of a commit, in seconds. */
static const double bounds_s[] = {
	1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1};

struct dhcp_service {
	struct exchange *exchange;
	struct served_links links;
	struct client_mac *macs; /* of the clients on those links */
	int fd;
	struct loop_watch *watch;
	struct udp_receiver *receiver;
	struct outbox outbox;
	/* Behind a commit that takes its time: to be settled, to be handed in anew. */
	struct waiting_room room;
	struct waiting settling, later;
	struct dhcp_service_counters counters;
	bool is_failing; /* the lease store */
	struct log_limit failing_limit;
	double commit_began_s;
};

static double now_s(void)
{
	return (double)loop_now_us() / 1e6;
}

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

static void flush(struct dhcp_service *service)
{
	service->counters.answered += service->outbox.answers;
	outbox_flush(&service->outbox, service->fd);
	service->counters.send_failed = service->outbox.failed;
}

typedef enum exchange_drop answer_fn(struct exchange *exchange, const struct arrival *arrival,
	struct wire_in datagram, uint64_t now_ms, struct exchange_answer *answer);

/* The frame that told the MAC is long forgotten. */
static void take_kept(const struct waiting_one *kept, struct arrived *arrived)
{
	arrived->arrival.put_off = kept->put_off;
	memcpy(arrived->mac, kept->mac, sizeof(arrived->mac));
	arrived->arrival.mac = kept->has_mac ? arrived->mac : NULL;
}

/*
 * Answered, dropped with a line of log; or EXCHANGE_WAITS or EXCHANGE_LATER. `kept`: it has
 * waited; NULL where it has just come in.
 */
static enum exchange_drop handle(struct dhcp_service *service, const struct udp_datagram *datagram,
	answer_fn *answer_it, const struct waiting_one *kept, uint64_t now_ms)
{
	struct exchange_answer answer;
	struct arrived arrived;
	enum exchange_drop drop;

	if (!arrival_of(service, datagram, &arrived)) {
		service->counters.not_served++;
		return EXCHANGE_ANSWERED;
	}
	if (outbox_is_full(&service->outbox))
		flush(service);
	answer.out = outbox_begin(&service->outbox);
	if (kept)
		take_kept(kept, &arrived);
	drop = answer_it(service->exchange, &arrived.arrival,
		wire_in_of(datagram->data, datagram->len), now_ms, &answer);
	if (drop == EXCHANGE_ANSWERED)
		outbox_add(&service->outbox, datagram, &arrived.arrival, &answer);
	else if (drop < EXCHANGE_DROPS)
		log_drop(datagram, drop);
	return drop;
}

/* --- leases ------------------------------------------------------------------------ */

static void tell_outcome(struct dhcp_service *service, int rc)
{
	const struct lease_journal *leases = &service->exchange->leases;
	const char *name = leases->store ? leases->store->name : "";

	if (rc < 0)
		log_limited(&service->failing_limit, LOG_LEVEL_ERROR,
			"leases %s: cannot be written: %s: new leases are not given, those that "
			"are stored go on for as long as that",
			name, lease_journal_error(leases));
	else if (service->is_failing)
		log_notice("leases %s: written again", name);
	if (rc == 0)
		service->failing_limit = (struct log_limit){.every_ms = FAILING_EVERY_MS};
	service->is_failing = rc < 0;
	if (service->commit_began_s > 0) /* else it was an operator's */
		histogram_add(&service->counters.commit_s, now_s() - service->commit_began_s, 1);
	service->commit_began_s = 0;
}

/* One transaction for all that a batch has changed. True where it has ended at once. */
static bool commit(struct dhcp_service *service, uint64_t now_ms)
{
	int rc;

	if (!lease_journal_has_changes(&service->exchange->leases) ||
		service->exchange->leases.is_busy)
		return true;
	service->commit_began_s = now_s();
	rc = exchange_commit(service->exchange, now_ms);
	if (rc == -EINPROGRESS)
		return false;
	tell_outcome(service, rc);
	return true;
}

static void keep(struct dhcp_service *service, struct waiting *list,
	const struct udp_datagram *datagram, unsigned put_off)
{
	static struct log_limit limit;
	struct arrived arrived = {0};
	struct waiting_one *one = waiting_new(&service->room, datagram);

	if (one) {
		arrival_of(service, datagram, &arrived);
		one->put_off = put_off;
		one->has_mac = arrived.arrival.mac != NULL;
		memcpy(one->mac, arrived.mac, sizeof(one->mac));
		waiting_append(list, one);
		return;
	}
	service->counters.no_room++;
	log_limited(&limit, LOG_LEVEL_WARNING,
		"more requests wait for the lease store than there is room for: clients have to "
		"ask again");
}

/* Settled, it is done with; or it is refused, and to be handed in anew. */
static void settle_all(struct dhcp_service *service, uint64_t now_ms)
{
	struct waiting_one *one;

	while ((one = waiting_take(&service->settling)))
		if (handle(service, &one->datagram, exchange_settle, one, now_ms) ==
			EXCHANGE_LATER) {
			one->put_off++;
			waiting_append(&service->later, one);
		} else {
			waiting_free(&service->room, one);
		}
}

/* What was put off while the store was busy, until it is busy again. */
static void go_on(struct dhcp_service *service, uint64_t now_ms)
{
	struct waiting_one *one;

	while (!service->exchange->leases.is_busy && service->later.first) {
		for (int i = 0; i < WAITING_BATCH && (one = waiting_take(&service->later)); i++)
			if (handle(service, &one->datagram, exchange_handle, one, now_ms) ==
				EXCHANGE_WAITS)
				waiting_append(&service->settling, one);
			else
				waiting_free(&service->room, one);
		if (commit(service, now_ms))
			settle_all(service, now_ms);
	}
}

void dhcp_service_committed(struct dhcp_service *service, int rc, const bool *refused)
{
	uint64_t now_ms = loop_now_ms();

	exchange_land(service->exchange, rc, refused, now_ms);
	tell_outcome(service, rc);
	settle_all(service, now_ms);
	go_on(service, now_ms);
	flush(service);
}

/* --- the socket -------------------------------------------------------------------- */

static void readable(int fd, int what, void *arg)
{
	static struct log_limit limit;
	struct dhcp_service *service = arg;
	const struct udp_datagram *datagram;
	int n = udp_receive(service->receiver, fd, &datagram);
	uint64_t now_ms = loop_now_ms();
	uint64_t answered = service->counters.answered;
	double began_s = now_s();
	int waiting[BATCH], waits = 0;
	enum exchange_drop drop;

	(void)what;
	if (n < 0)
		log_limited(&limit, LOG_LEVEL_ERROR, "the DHCPv6 socket cannot be read: %s",
			strerror(-n));
	client_mac_drain(service->macs);
	lease_journal_set_time(&service->exchange->leases, now_ms, loop_unix_ms());
	for (int i = 0; i < n; i++) {
		drop = handle(service, &datagram[i], exchange_handle, NULL, now_ms);
		if (drop == EXCHANGE_WAITS)
			waiting[waits++] = i;
		else if (drop == EXCHANGE_LATER)
			keep(service, &service->later, &datagram[i], 1);
	}
	if (commit(service, now_ms))
		for (int i = 0; i < waits; i++)
			handle(service, &datagram[waiting[i]], exchange_settle, NULL, now_ms);
	else
		for (int i = 0; i < waits; i++)
			keep(service, &service->settling, &datagram[waiting[i]], 0);
	if (n > 0)
		service->counters.datagrams += (unsigned)n;
	flush(service);
	histogram_add(&service->counters.answer_s, now_s() - began_s,
		service->counters.answered - answered);
}

/* Where all clients come through relays there is no frame to look at. */
static enum client_mac_method best_way(const struct boot_config *config)
{
	return config->listens > 0 ? CLIENT_MAC_EBPF : CLIENT_MAC_NONE;
}

static int open_all(struct dhcp_service *service, struct loop *loop)
{
	const struct boot_config *config = service->exchange->config;
	int rc;

	service->receiver = udp_receiver_new(BATCH);
	if (outbox_init(&service->outbox, BATCH) < 0 || !service->receiver)
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
	if (service->watch) {
		/* Files wait for messages, which take microseconds, and not the other way. */
		loop_watch_set_urgent(service->watch);
		return 0;
	}
	served_links_fini(&service->links);
	return -ENOMEM;
}

static void free_buffers(struct dhcp_service *service)
{
	client_mac_free(service->macs);
	waiting_free_all(&service->room, &service->settling);
	waiting_free_all(&service->room, &service->later);
	if (service->fd >= 0)
		close(service->fd);
	udp_receiver_free(service->receiver);
	outbox_fini(&service->outbox);
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
	service->room.most = WAITING_OCTETS;
	service->failing_limit.every_ms = FAILING_EVERY_MS;
	service->counters.answer_s = service->counters.commit_s = (struct histogram){
		.bound = bounds_s, .bounds = sizeof(bounds_s) / sizeof(bounds_s[0])};
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
	if (best_way(config) && !client_mac_method(service->macs))
		log_warning("listen: the MAC addresses of clients there are read from the frames "
			    "only after a restart: it takes privileges that were given up");
	served_links_set_config(&service->links, config);
}

enum client_mac_method dhcp_service_mac_method(const struct dhcp_service *service)
{
	return client_mac_method(service->macs);
}

size_t dhcp_service_waiting(const struct dhcp_service *service)
{
	return service->settling.count + service->later.count;
}

const struct dhcp_service_counters *dhcp_service_counters(const struct dhcp_service *service)
{
	return &service->counters;
}

uint32_t dhcp_service_queue_drops(const struct dhcp_service *service)
{
	return udp_queue_drops(service->fd);
}
