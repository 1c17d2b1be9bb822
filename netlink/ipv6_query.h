/* SPDX-License-Identifier: ISC */
/*
 * Asks the kernel what no event reports: which links have joined a multicast group, whether IPv6
 * is disabled on a link, and how full the table of neighbours is.
 *
 * The kernel drops all memberships of a link when it destroys the link's IPv6 state: when the
 * MTU falls below 1280, or when the link leaves the network namespace. It sends no event for
 * that, and the sockets go on believing that they are members (a second join fails with
 * EADDRINUSE). The list of memberships here is the kernel's own, as in /proc/net/igmp6.
 */
#ifndef NB6_NETLINK_IPV6_QUERY_H
#define NB6_NETLINK_IPV6_QUERY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct ipv6_query;

/* NULL: no memory. The socket is opened by the first query. */
struct ipv6_query *ipv6_query_new(void);
void ipv6_query_free(struct ipv6_query *q); /* may be NULL */

/* Called for each link that is a member of the group. */
typedef void ipv6_member_cb(void *arg, int ifindex);

/*
 * Call `member` for each link on which some socket has joined `group`. `ifindex`: 0 for all
 * links, or the only link to ask about.
 *
 * Returns 0, -ENODEV (no such link), -EINTR (memberships changed during the answer, which may
 * therefore be incomplete), or another -errno.
 */
int ipv6_query_members(struct ipv6_query *q, const struct in6_addr *group, int ifindex,
	ipv6_member_cb *member, void *arg);

/*
 * Whether IPv6 can be used on a link now. Returns 1 if it can; 0 if it is disabled
 * (net.ipv6.conf.LINK.disable_ipv6) or the link has no IPv6 state at all; or -errno.
 */
int ipv6_query_enabled(struct ipv6_query *q, int ifindex);

/* The kernel's table of IPv6 neighbours, which all network namespaces of the host share. */
struct ipv6_neighbour_table {
	uint32_t entries;
	uint32_t limit;   /* net.ipv6.neigh.default.gc_thresh3 */
	uint64_t refused; /* entries that the kernel refused because the table was full */
};

/* Returns 0 or -errno. */
int ipv6_query_neighbour_table(struct ipv6_query *q, struct ipv6_neighbour_table *table);

#endif
