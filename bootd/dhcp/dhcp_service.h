/* SPDX-License-Identifier: ISC */
/*
 * The DHCPv6 socket. It receives a batch of datagrams; dhcp_batch.h has each of them answered. One
 * socket on [::]:547 receives from relays by unicast and from the clients of the served links by
 * multicast. A filter on that socket reads the MACs of those clients from their frames
 * (frame/client_mac.h).
 */
#ifndef NB6_BOOTD_DHCP_DHCP_SERVICE_H
#define NB6_BOOTD_DHCP_DHCP_SERVICE_H

#include "bootd/dhcp/dhcp_batch.h"
#include "frame/client_mac.h"

struct dhcp_service;

/* `exchange` is borrowed. Returns 0; or -errno, of bind() for example. */
int dhcp_service_new(struct dhcp_service **service, struct loop *loop, struct exchange *exchange);
void dhcp_service_free(struct dhcp_service *service); /* NULL is fine */

/* The exchange has another configuration: serve the links of its `listen`. */
void dhcp_service_set_config(struct dhcp_service *service, const struct boot_config *config);

/* How bootd learns the MAC addresses of clients on links of this host. */
enum client_mac_method dhcp_service_mac_method(const struct dhcp_service *service);

/* The commit of the lease store that was in flight has ended (lease_store.h). */
void dhcp_service_committed(struct dhcp_service *service, int rc, const bool *refused);
/* The number of datagrams that wait for the lease store. */
size_t dhcp_service_waiting(const struct dhcp_service *service);

const struct dhcp_counters *dhcp_service_counters(const struct dhcp_service *service);
/* Datagrams that the kernel dropped because the receive buffer was full. */
uint32_t dhcp_service_queue_drops(const struct dhcp_service *service);

#endif
