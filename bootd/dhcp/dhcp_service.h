/* SPDX-License-Identifier: ISC */
/*
 * The DHCPv6 socket: receives in batches, has each datagram answered by the exchange, commits
 * the leases of the batch at once, sends the answers in one batch; where the lease store takes its
 * time, those that promise a lease wait for it, and nothing else does. One socket on [::]:547 hears
 * relays by unicast and the clients of the served links by multicast. Of the latter the frame
 * tells the MAC (frame/client_mac.h), by a filter on the same socket.
 */
#ifndef NB6_BOOTD_DHCP_DHCP_SERVICE_H
#define NB6_BOOTD_DHCP_DHCP_SERVICE_H

#include "bootd/dhcp/exchange.h"
#include "bootd/dhcp/served_links.h"
#include "daemon/histogram.h"
#include "frame/client_mac.h"

struct dhcp_service;

/* `exchange` is the owner's and must outlive the service. Returns 0 or -errno of bind() and such.
 */
int dhcp_service_new(struct dhcp_service **service, struct loop *loop, struct exchange *exchange);
void dhcp_service_free(struct dhcp_service *service); /* NULL is fine */

/* The exchange has another configuration. */
void dhcp_service_set_config(struct dhcp_service *service, const struct boot_config *config);

/* How the MAC addresses of clients on links of ours are learnt. */
enum client_mac_method dhcp_service_mac_method(const struct dhcp_service *service);

/* The lease store has ended a commit that was under way (lease_store.h). */
void dhcp_service_committed(struct dhcp_service *service, int rc, const bool *refused);
/* How many datagrams wait for that. */
size_t dhcp_service_waiting(const struct dhcp_service *service);

/* Since the start. */
struct dhcp_service_counters {
	uint64_t datagrams;
	uint64_t not_served; /* by multicast on a link that is not in `listen` */
	uint64_t answered;
	uint64_t send_failed;
	uint64_t no_room;          /* not answered: too many wait for the lease store */
	struct histogram answer_s; /* of each message that was answered at once */
	struct histogram commit_s; /* of the lease store */
};
const struct dhcp_service_counters *dhcp_service_counters(const struct dhcp_service *service);
/* What the kernel dropped before it came to us. */
uint32_t dhcp_service_queue_drops(const struct dhcp_service *service);

#endif
