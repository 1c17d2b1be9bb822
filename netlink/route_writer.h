/* SPDX-License-Identifier: ISC */
/*
 * Adds, replaces and removes IPv6 routes of this daemon, which have a protocol number of their own.
 * The kernel answers each request before the send returns, so nothing here waits.
 */
#ifndef NB6_NETLINK_ROUTE_WRITER_H
#define NB6_NETLINK_ROUTE_WRITER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct route_writer;

struct written_route {
	struct in6_addr destination; /* bits past `len` are zero */
	uint8_t len;
	bool is_unreachable; /* packets are answered by ICMPv6 unreachable; no link, no next hop */
	struct in6_addr next_hop; /* ::, with ifindex 0: any, for a removal */
	int ifindex;
	uint32_t table;  /* RT_TABLE_*; 254 main */
	uint32_t metric; /* 1 or more */
};

/*
 * `protocol`: the RTPROT_* of these routes, as /etc/iproute2/rt_protos names them. Changing routes
 * needs CAP_NET_ADMIN when the writer is created and later. Returns 0 or -errno.
 */
int route_writer_new(struct route_writer **writer, uint8_t protocol);
void route_writer_free(struct route_writer *writer); /* NULL is fine; the routes stay */

/*
 * Returns 0; -EEXIST: there is a route with this destination, metric and table; or another -errno of
 * the kernel: -ENETDOWN, -ENODEV, -EPERM ...
 */
int route_writer_add(struct route_writer *writer, const struct written_route *route);
/* In the place of the route with the same destination, metric and table, if there is one. */
int route_writer_replace(struct route_writer *writer, const struct written_route *route);
/* Only a route of our protocol. Returns 0, -ESRCH: there is none; or another -errno. */
int route_writer_remove(struct route_writer *writer, const struct written_route *route);

/*
 * Calls `cb` for each route of our protocol that the kernel has, in all tables. `cb` must not write
 * routes. Walks the kernel's whole routing table: for the start. Returns 0 or -errno.
 */
typedef void route_writer_cb(void *arg, const struct written_route *route);
int route_writer_dump(struct route_writer *writer, route_writer_cb *cb, void *arg);

#endif
