/* SPDX-License-Identifier: ISC */
/*
 * Requests that wait for the lease store, copied out of their batch: either the whole request
 * with its encoded answer, which is sent once its lease is committed, or the datagram only,
 * which is handled again after the commit. Their memory is limited; a datagram that does not
 * fit is not answered, and its client sends it again.
 */
#ifndef NB6_BOOTD_DHCP_PENDING_H
#define NB6_BOOTD_DHCP_PENDING_H

#include <net/if.h>

#include "bootd/dhcp/request.h"
#include "daemon/udp.h"

enum { ON_LINK_MAX = 16 };

/* An arrival, and what it points to. */
struct arrived {
	struct arrival arrival;
	struct in6_addr on_link[ON_LINK_MAX];
	uint8_t mac[DHCP6_MAC_LEN];
	char link_name[IFNAMSIZ];
	double received_s; /* by the monotonic clock */
};

struct pending {
	struct pending *next;
	struct udp_datagram datagram; /* its octets are behind this struct */
	struct arrived arrived;
	unsigned retries;
	struct request *request; /* NULL: to be handled again */
	size_t size, allocated;
};

struct pending_list {
	struct pending *first, *last;
	size_t count;
};

struct pending_memory {
	size_t octets, max;    /* in use by all lists; the limit */
	struct pending *spare; /* free blocks to use again */
	unsigned spares;
};

/* A copy of a datagram to handle again, in no list yet. NULL: no memory left. */
struct pending *pending_new(struct pending_memory *memory, const struct udp_datagram *datagram,
	const struct arrived *arrived, unsigned retries);
/* A copy of a request that returned EXCHANGE_PENDING; likewise. */
struct pending *pending_of_request(struct pending_memory *memory,
	const struct udp_datagram *datagram, const struct arrived *arrived,
	const struct request *request);
void pending_free(struct pending_memory *memory, struct pending *pending);

/* After all pending ones are freed. */
void pending_memory_fini(struct pending_memory *memory);

/* The first of the list, no longer in it; NULL: the list is empty. */
struct pending *pending_pop(struct pending_list *list);
/* Puts all of `before` in front of the list. */
void pending_prepend(struct pending_list *list, const struct pending_list *before);
void pending_append(struct pending_list *list, struct pending *pending);
void pending_free_all(struct pending_memory *memory, struct pending_list *list);

#endif
