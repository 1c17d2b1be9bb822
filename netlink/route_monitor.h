/* SPDX-License-Identifier: ISC */
/*
 * Says when the way to one of a few servers may have changed: a route that
 * covers one was added, replaced or removed, a nexthop object was, or a rule.
 * What the way is now, ask route_query.h.
 *
 * Nothing is kept and nothing is dumped, so that losing messages costs nothing:
 * lost messages mean "may have changed". Route messages that cover no server
 * are dropped in the kernel (route_filter.h).
 *
 * Not told of: links that go down or lose their carrier, addresses that come and
 * go. These change ways too, and link_monitor.h tells of them.
 */
#ifndef NB6_NETLINK_ROUTE_MONITOR_H
#define NB6_NETLINK_ROUTE_MONITOR_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct mnl_socket;

struct route_monitor_counters {
	uint64_t messages; /* that passed the filter */
	uint64_t overruns; /* times that the kernel dropped some for want of room */
};

/* Embed it; all members are private, but for `counters`. */
struct route_monitor {
	struct route_monitor_counters counters;
	struct mnl_socket *events;
	void *buffer;
};

/*
 * From now on; ask for all ways once after this. Returns 0 or -errno (-EAFNOSUPPORT,
 * -ENOMEM ...); after an error nothing is left open.
 */
int route_monitor_init(struct route_monitor *m, const struct in6_addr *servers, size_t n);
void route_monitor_fini(struct route_monitor *m);

/*
 * Other servers, copied; with more than ROUTE_FILTER_ADDRESSES_MAX no route
 * message is dropped. Ask for all ways once after this. Returns 0, or -errno
 * and the former servers stay.
 */
int route_monitor_set_servers(struct route_monitor *m, const struct in6_addr *servers, size_t n);

/* Readable when route_monitor_read() has something to do; the monitor's own. */
int route_monitor_fd(const struct route_monitor *m);

/*
 * Take what the kernel sent, a bounded number of messages per call; never blocks.
 *
 * Returns 1: ways may have changed, once however many messages said so;
 * 0: nothing of the kind; -errno: the socket broke.
 */
int route_monitor_read(struct route_monitor *m);

#endif
