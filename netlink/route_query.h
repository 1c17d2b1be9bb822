/* SPDX-License-Identifier: ISC */
/*
 * Asks the kernel by which link, next hop and source address a datagram would leave now. For
 * status and logs, and to choose a source address; not called for each packet. There is no
 * cache of routes, because a router may carry a full table.
 */
#ifndef NB6_NETLINK_ROUTE_QUERY_H
#define NB6_NETLINK_ROUTE_QUERY_H

#include <netinet/in.h>
#include <stdbool.h>
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
 * A datagram as far as routing rules and routes look at it (ip-rule(8)). A question that leaves
 * out what the datagram has gets another answer: `from`, `ipproto`, `dport`, `fwmark` and `uidrange`
 * of a rule never match then.
 */
struct route_flow {
	struct in6_addr destination;
	struct in6_addr source; /* :: if the kernel chooses it */
	uint32_t oif;           /* the output link, 0: any; needed for link-local destinations */
	uint8_t protocol;       /* IPPROTO_*, 0: not given */
	uint16_t sport, dport;  /* 0: not given */
	uint32_t mark;          /* SO_MARK of the socket */
	bool has_uid;
	uint32_t uid; /* the owner of the socket; not given: of this process */
};

/*
 * Linux takes `oif` as binding only without a source. With a source, the answer may name another
 * link if the routes to it are better: compare its ifindex.
 *
 * Returns 0, or the kernel's error: -ENETUNREACH (no route), -EHOSTUNREACH (an unreachable
 * route), -EACCES (a prohibit route), -EINVAL (a blackhole route, or a multicast source),
 * -ENODEV (no such link); or why there is no answer: -ENOMEM, -ENOTCONN, -EIO (the socket),
 * -ETIMEDOUT (none within 2 s), -EBADMSG (malformed). A failed query does not affect the next.
 */
int route_query_flow(
	struct route_query *q, const struct route_flow *flow, struct route_answer *out);

#endif
