/* SPDX-License-Identifier: ISC */
/*
 * Asks the kernel by which link, next hop and source address a datagram would leave now. For
 * status and logs, and to choose a source address; not called for each packet. There is no
 * cache of routes, because a router may carry a full table.
 */
#ifndef NB6_NETLINK_ROUTE_QUERY_H
#define NB6_NETLINK_ROUTE_QUERY_H

#include <netinet/in.h>
#include <stdint.h>

struct route_query;

struct route_answer {
	int ifindex;              /* the link it leaves by */
	struct in6_addr next_hop; /* :: when the destination is on that link itself */
	struct in6_addr source;   /* the kernel's choice, or the one asked with; :: if none */
	uint32_t metric;
	uint32_t table;   /* RT_TABLE_*; 254 main */
	uint8_t protocol; /* RTPROT_*: who installed the route (186 BGP, 188 OSPF, 9 RA ...) */
};

/* NULL: no memory, no socket. */
struct route_query *route_query_new(void);
void route_query_free(struct route_query *q); /* NULL is fine */

/*
 * `src`: NULL, or the source address; `oif`: 0, or the output link (needed for link-local
 * destinations).
 *
 * Returns 0, or the kernel's error: -ENETUNREACH (no route), -EHOSTUNREACH (an unreachable
 * route), -EACCES (a prohibit route), -EINVAL (a blackhole route, or a multicast source),
 * -ENODEV (no such link); or why there is no answer: -ENOMEM, -ENOTCONN, -EIO (the socket),
 * -ETIMEDOUT (none within 2 s), -EBADMSG (malformed). A failed query does not affect the next.
 */
int route_query_to(struct route_query *q, const struct in6_addr *dst, const struct in6_addr *src,
	uint32_t oif, struct route_answer *out);

#endif
