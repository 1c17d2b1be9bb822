/* SPDX-License-Identifier: ISC */
/*
 * One question to the kernel: by which way would a datagram to this address leave now?
 * For what is shown and logged of a server's path, and to choose a source
 * address; not for each packet. No cache is kept: a router may carry a full table.
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
 * Ask. `src`: NULL, or the source to be used; `oif`: 0, or the link to be used
 * (needed for link-local destinations).
 *
 * Returns 0, or what the kernel says of the destination: -ENETUNREACH (no
 * route), -EHOSTUNREACH (an unreachable route), -EACCES (a prohibit route),
 * -EINVAL (a blackhole route, or a source that is multicast), -ENODEV (no such
 * link); or why it was not asked: -ENOMEM, -ENOTCONN, -EIO (the socket), -ETIMEDOUT
 * (no answer within 2 s), -EBADMSG (no answer that makes sense). Nothing is left
 * behind then: the next question is a new one.
 */
int route_query_to(struct route_query *q, const struct in6_addr *dst, const struct in6_addr *src,
	uint32_t oif, struct route_answer *out);

#endif
