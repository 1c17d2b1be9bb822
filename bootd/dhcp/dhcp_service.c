/* SPDX-License-Identifier: ISC */
/*
 * The order of work on the DHCPv6 socket: handle a batch of datagrams, commit its leases once,
 * complete the requests that wait for that commit, and send all answers together. What to answer
 * is decided in exchange.c; the link of a client is found in served_links.c.
 *
 * If the commit takes time, requests wait in three lists: `committing` with their answers, until
 * dhcp_service_committed(); `collecting` likewise, for the commit after that; `deferred` as
 * datagrams, because they would change a lease that is being committed. Everything else is
 * answered meanwhile.
 */
#include "bootd/dhcp/dhcp_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootd/dhcp/pending.h"
#include "bootd/dhcp/send_queue.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/udp.h"
#include "dhcp6/names.h"
#include "frame/client_mac.h"
#include "frame/frame_sender.h"

enum {
	BATCH = 64,
	RECEIVE_BUFFER = 16 << 20, /* some 25,000 machines whose power comes back at once */
	PENDING_OCTETS = 8 << 20,  /* for some ten thousand datagrams */
	DEFERRED_BATCH = 512,      /* deferred datagrams in one commit */
	FAILING_EVERY_MS = 600 * 1000,
};

/* Of an answer, and of a commit, in seconds. */
static const double bounds_s[] = {
	1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1};

/* A datagram of the current batch. */
struct slot {
	struct arrived arrived;
	struct request request;
};

struct dhcp_service {
	struct exchange *exchange;
	struct served_links links;
	struct client_mac *macs;     /* of the clients on those links */
	struct frame_sender *frames; /* to those clients; NULL: by UDP */
	int fd;
	int group_fd; /* bound to ff05::1:3, if `fd` has a fixed address; else -1 */
	struct loop_watch *watch, *group_watch;
	struct udp_receiver *receiver;
	struct send_queue queue;
	struct slot *slot; /* BATCH of them */
	struct pending_memory memory;
	/* Wait for the commit in flight; for the one after it; to be handled again. */
	struct pending_list committing, collecting, deferred;
	struct dhcp_service_counters counters;
	bool is_failing; /* the lease store */
	struct log_limit failing_limit;
	double commit_began_s;
};

static double now_s(void)
{
	return (double)loop_now_us() / 1e6;
}

/* --- one datagram ------------------------------------------------------------------ */

enum { CLIENT_TEXT = DHCP6_DUID_TEXT, PATH_TEXT = 2 * INET6_ADDRSTRLEN + 64 };

/* The client as the operator knows it: its MAC, or its DUID, or its address. */
static const char *client_text(const struct request *r, char text[CLIENT_TEXT])
{
	const struct client_facts *facts = &r->facts;

	if (facts->mac_source != CLIENT_MAC_UNKNOWN)
		return dhcp6_mac_format(facts->mac, text);
	if (facts->has_client_id && facts->duid.len > 0)
		return dhcp6_duid_format(&facts->duid, text);
	return dhcp6_address_format(r->chain.count > 0
					    ? &r->chain.relay[r->chain.count - 1].peer_address
					    : &r->arrival.source,
		text);
}

static const char *path_text(const struct request *r, char text[PATH_TEXT])
{
	char relay[INET6_ADDRSTRLEN], link[INET6_ADDRSTRLEN];

	*text = '\0';
	if (r->chain.count > 0)
		snprintf(text, PATH_TEXT, " via relay %s (link-address %s)",
			dhcp6_address_format(&r->arrival.source, relay),
			dhcp6_address_format(
				&r->chain.relay[r->chain.count - 1].link_address, link));
	else if (r->arrival.link_name)
		snprintf(text, PATH_TEXT, " on %s", r->arrival.link_name);
	return text;
}

/* An operator must be able to find out why a machine gets no answer. */
static void log_drop(const struct request *r, enum exchange_drop drop)
{
	static struct log_limit limit[EXCHANGE_DROPS];
	bool is_normal = drop == DROP_OTHER_SERVER || drop == DROP_NOT_FOR_SERVERS;
	const char *type = dhcp6_message_name(r->facts.type);
	char client[CLIENT_TEXT], path[PATH_TEXT];

	log_limited(&limit[drop], is_normal ? LOG_LEVEL_DEBUG : LOG_LEVEL_NOTICE,
		"no answer to %s from %s%s: %s: %s", type ? type : "a datagram",
		client_text(r, client), path_text(r, path), exchange_drop_name(drop),
		exchange_drop_text(drop));
}

/* False for a datagram sent to a multicast group on a link that is not served. */
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
	arrived->received_s = now_s();
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

static void flush(struct dhcp_service *service)
{
	service->counters.answered += service->queue.answers;
	send_queue_flush(&service->queue, service->fd);
	service->counters.send_failed = service->queue.failed;
}

/*
 * A client on a link of ours gets its answer at the MAC that its message came from. That needs no
 * entry in the kernel's table of neighbours, which a flood of made-up clients may have filled.
 */
static bool send_to_mac(struct dhcp_service *service, const struct request *r)
{
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

/* The answer is in a buffer of the send queue that is taken. */
static void finish(struct dhcp_service *service, const struct udp_datagram *datagram,
	const struct request *r, enum exchange_drop drop)
{
	if (drop == EXCHANGE_ANSWERED && send_to_mac(service, r))
		service->counters.answered++;
	else if (drop == EXCHANGE_ANSWERED)
		send_queue_add(&service->queue, datagram, &r->answer);
	else if (drop < EXCHANGE_DROPS)
		log_drop(r, drop);
}

/* Handles a datagram; an answer, pending or not, keeps its buffer of the send queue. */
static enum exchange_drop handle(struct dhcp_service *service, const struct udp_datagram *datagram,
	const struct arrived *arrived, struct request *r, unsigned retries, uint64_t now_ms)
{
	enum exchange_drop drop = exchange_retry(service->exchange, r, &arrived->arrival,
		wire_in_of(datagram->data, datagram->len), now_ms,
		send_queue_buffer(&service->queue), retries);

	if (drop == EXCHANGE_ANSWERED || drop == EXCHANGE_PENDING)
		send_queue_take(&service->queue);
	finish(service, datagram, r, drop);
	return drop;
}

/* --- leases ------------------------------------------------------------------------ */

static void report_commit(struct dhcp_service *service, int rc)
{
	const struct lease_journal *leases = &service->exchange->leases;
	const char *name = leases->store ? leases->store->name : "";

	if (rc < 0)
		log_limited_with(&service->failing_limit, LOG_LEVEL_ERROR,
			&(struct log_fields){.event = LOG_EVENT_LEASES_NOT_WRITABLE,
				.reason = lease_journal_error(leases)},
			"lease store %s not writable (%s): no new leases; existing leases are "
			"renewed until their stored expiry",
			name, lease_journal_error(leases));
	else if (service->is_failing)
		log_notice("lease store %s writable again", name);
	if (rc == 0)
		service->failing_limit = (struct log_limit){.every_ms = FAILING_EVERY_MS};
	service->is_failing = rc < 0;
	if (service->commit_began_s > 0) /* otherwise it was an operator's */
		histogram_add(&service->counters.commit_s, now_s() - service->commit_began_s, 1);
	service->commit_began_s = 0;
}

/* One transaction for all changes that were collected. True if it has ended already. */
static bool commit(struct dhcp_service *service, uint64_t now_ms)
{
	int rc;

	if (!lease_journal_has_changes(&service->exchange->leases))
		return true;
	service->commit_began_s = now_s();
	rc = exchange_commit(service->exchange, now_ms);
	if (rc == -EINPROGRESS)
		return false;
	report_commit(service, rc);
	return true;
}

static void append_or_drop(
	struct dhcp_service *service, struct pending_list *list, struct pending *pending)
{
	static struct log_limit limit;

	if (pending) {
		pending_append(list, pending);
		return;
	}
	service->counters.no_room++;
	log_limited(&limit, LOG_LEVEL_WARNING,
		"requests that wait for the lease store exceed %d MiB: more are not answered, "
		"their "
		"clients retransmit",
		PENDING_OCTETS >> 20);
}

static void defer(struct dhcp_service *service, const struct udp_datagram *datagram,
	const struct arrived *arrived, unsigned retries)
{
	append_or_drop(service, &service->deferred,
		pending_new(&service->memory, datagram, arrived, retries));
}

static void await_commit(struct dhcp_service *service, const struct udp_datagram *datagram,
	const struct arrived *arrived, const struct request *r)
{
	append_or_drop(service, &service->collecting,
		pending_of_request(&service->memory, datagram, arrived, r));
}

/* How long a message waited for its answer, if that left after its batch. */
static void add_late_answer(
	struct dhcp_service *service, const struct arrived *arrived, enum exchange_drop drop)
{
	if (drop == EXCHANGE_ANSWERED)
		histogram_add(&service->counters.answer_s, now_s() - arrived->received_s, 1);
}

/* The commit has ended: the request is answered or dropped, or deferred to be handled again. */
static enum exchange_drop complete(struct dhcp_service *service,
	const struct udp_datagram *datagram, const struct arrived *arrived, struct request *r,
	uint64_t now_ms)
{
	enum exchange_drop drop = exchange_complete(r, now_ms);

	finish(service, datagram, r, drop);
	if (drop == EXCHANGE_RETRY)
		defer(service, datagram, arrived, r->retries + 1);
	return drop;
}

/* The answer is copied to the send queue, because the block that holds it is freed. */
static void complete_all(struct dhcp_service *service, struct pending_list *list, uint64_t now_ms)
{
	struct pending *pending;

	while ((pending = pending_pop(list))) {
		struct exchange_answer *answer = &pending->request->answer;
		struct wire_out out;

		if (send_queue_is_full(&service->queue))
			flush(service);
		out = send_queue_buffer(&service->queue);
		send_queue_take(&service->queue);
		wire_put_bytes(&out, answer->out.buf, answer->out.len);
		answer->out = out;
		add_late_answer(service, &pending->arrived,
			complete(service, &pending->datagram, &pending->arrived, pending->request,
				now_ms));
		pending_free(&service->memory, pending);
	}
}

static void handle_deferred(struct dhcp_service *service, uint64_t now_ms)
{
	struct pending_list deferred = service->deferred;
	struct pending *pending;

	/* What is deferred once more goes to a list of its own. */
	service->deferred = (struct pending_list){0};
	for (int i = 0; i < DEFERRED_BATCH && (pending = pending_pop(&deferred)); i++) {
		struct request *r = &service->slot[0].request;
		enum exchange_drop drop;

		if (send_queue_is_full(&service->queue))
			flush(service);
		drop = handle(service, &pending->datagram, &pending->arrived, r, pending->retries,
			now_ms);
		add_late_answer(service, &pending->arrived, drop);
		if (drop == EXCHANGE_PENDING)
			await_commit(service, &pending->datagram, &pending->arrived, r);
		else if (drop == EXCHANGE_RETRY)
			defer(service, &pending->datagram, &pending->arrived, pending->retries);
		pending_free(&service->memory, pending);
	}
	pending_prepend(&service->deferred, &deferred);
}

/* While no commit is in flight: handles deferred datagrams and commits, until one is. */
static void go_on(struct dhcp_service *service, uint64_t now_ms)
{
	do {
		handle_deferred(service, now_ms);
		if (commit(service, now_ms)) {
			complete_all(service, &service->collecting, now_ms);
		} else {
			service->committing = service->collecting;
			service->collecting = (struct pending_list){0};
		}
	} while (!service->exchange->leases.is_busy && service->deferred.first);
}

void dhcp_service_committed(struct dhcp_service *service, int rc, const bool *refused)
{
	uint64_t now_ms = loop_now_ms();

	exchange_committed(service->exchange, rc, refused, now_ms);
	report_commit(service, rc);
	complete_all(service, &service->committing, now_ms);
	go_on(service, now_ms);
	flush(service);
}

/* --- the socket -------------------------------------------------------------------- */

/* Handles, commits and completes the batch: each datagram has a slot, and the queue is empty. */
static void handle_batch(
	struct dhcp_service *service, const struct udp_datagram *datagram, int n, uint64_t now_ms)
{
	bool is_busy = service->exchange->leases.is_busy, is_committed;
	int pending[BATCH], waiting = 0;

	for (int i = 0; i < n; i++) {
		struct slot *slot = &service->slot[i];
		enum exchange_drop drop;

		if (!read_arrival(service, &datagram[i], &slot->arrived)) {
			service->counters.not_served++;
			continue;
		}
		drop = handle(service, &datagram[i], &slot->arrived, &slot->request, 0, now_ms);
		if (drop == EXCHANGE_PENDING)
			pending[waiting++] = i;
		else if (drop == EXCHANGE_RETRY)
			defer(service, &datagram[i], &slot->arrived, 1);
	}
	is_committed = !is_busy && commit(service, now_ms);
	for (int k = 0; k < waiting; k++) {
		int i = pending[k];
		struct slot *slot = &service->slot[i];

		if (is_committed)
			complete(service, &datagram[i], &slot->arrived, &slot->request, now_ms);
		else
			await_commit(service, &datagram[i], &slot->arrived, &slot->request);
	}
	if (!is_busy && !is_committed) {
		service->committing = service->collecting;
		service->collecting = (struct pending_list){0};
	}
}

static void readable(int fd, int what, void *arg)
{
	static struct log_limit limit;
	struct dhcp_service *service = arg;
	const struct udp_datagram *datagram;
	int n = udp_receive(service->receiver, fd, &datagram);
	uint64_t now_ms = loop_now_ms();
	uint64_t answered = service->counters.answered;
	double began_s = now_s();

	(void)what;
	if (n < 0)
		log_limited(
			&limit, LOG_LEVEL_ERROR, "DHCPv6 socket: receive failed: %s", strerror(-n));
	client_mac_drain(service->macs);
	lease_journal_set_time(&service->exchange->leases, now_ms, loop_unix_ms());
	handle_batch(service, datagram, n, now_ms);
	if (n > 0)
		service->counters.datagrams += (unsigned)n;
	flush(service);
	histogram_add(&service->counters.answer_s, now_s() - began_s,
		service->counters.answered - answered);
	if (service->deferred.first && !service->exchange->leases.is_busy) {
		go_on(service, now_ms);
		flush(service);
	}
}

/* If all clients are behind relays, no frame is read. */
static enum client_mac_method best_method(const struct boot_config *config)
{
	return config->listen.count > 0 ? CLIENT_MAC_EBPF : CLIENT_MAC_NONE;
}

/* Bound to one address, the socket leaves the port on other addresses to a relay on this host. */
static int open_port(const struct boot_config *config, const struct sockaddr_in6 *at)
{
	return IN6_IS_ADDR_UNSPECIFIED(&config->dhcp.sin6_addr)
		       ? udp_open(at, RECEIVE_BUFFER)
		       : udp_open_shared(at, RECEIVE_BUFFER);
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
	service->group_fd = open_port(service->exchange->config, &at);
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

	service->receiver = udp_receiver_new(BATCH);
	service->slot = calloc(BATCH, sizeof(*service->slot));
	if (send_queue_init(&service->queue, BATCH) < 0 || !service->receiver || !service->slot)
		return -ENOMEM;
	service->fd = open_port(config, &config->dhcp);
	if (service->fd < 0)
		return service->fd;
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
		/* Files wait for messages, which take microseconds, and not the other way. */
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
	pending_free_all(&service->memory, &service->committing);
	pending_free_all(&service->memory, &service->collecting);
	pending_free_all(&service->memory, &service->deferred);
	pending_memory_fini(&service->memory);
	if (service->fd >= 0)
		close(service->fd);
	if (service->group_fd >= 0)
		close(service->group_fd);
	udp_receiver_free(service->receiver);
	send_queue_fini(&service->queue);
	free(service->slot);
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
	service->memory.max = PENDING_OCTETS;
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

size_t dhcp_service_waiting(const struct dhcp_service *service)
{
	return service->committing.count + service->collecting.count + service->deferred.count;
}

const struct dhcp_service_counters *dhcp_service_counters(const struct dhcp_service *service)
{
	return &service->counters;
}

uint32_t dhcp_service_queue_drops(const struct dhcp_service *service)
{
	return udp_queue_drops(service->fd);
}
