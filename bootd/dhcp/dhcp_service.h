/* SPDX-License-Identifier: ISC */
/*
 * The DHCPv6 socket: receives a batch of datagrams, has the exchange answer each, commits the
 * leases of the batch in one transaction, and sends the answers with one system call. If the
 * lease store takes time, only the answers that promise a lease wait for it. One socket on
 * [::]:547 receives from relays by unicast and from the clients of the served links by
 * multicast; a filter on that socket reads the MACs of the latter from their frames
 * (frame/client_mac.h).
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

/* A commit of the lease store that was under way has ended (lease_store.h). */
void dhcp_service_committed(struct dhcp_service *service, int rc, const bool *refused);
/* The number of datagrams that wait for the lease store. */
size_t dhcp_service_waiting(const struct dhcp_service *service);

/* Since the start. */
struct dhcp_service_counters {
	uint64_t datagrams;
	uint64_t not_served; /* by multicast on a link that is not in `listen` */
	uint64_t answered;
	uint64_t send_failed;
	uint64_t no_room;          /* dropped: too many wait for the lease store */
	struct histogram answer_s; /* of each message that was answered at once */
	struct histogram commit_s; /* of the lease store */
};
const struct dhcp_service_counters *dhcp_service_counters(const struct dhcp_service *service);
/* Datagrams that the kernel dropped because the receive buffer was full. */
uint32_t dhcp_service_queue_drops(const struct dhcp_service *service);

#endif
