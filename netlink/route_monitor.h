/* SPDX-License-Identifier: ISC */
/*
 * Reports when the path to one of a few servers may have changed: a route that covers a server,
 * a nexthop object, or a rule was added, replaced or removed. route_query.h returns the path
 * that the kernel uses now.
 *
 * The monitor keeps no state and dumps nothing, so that losing messages does no harm: a loss
 * means "may have changed". Route messages that cover no server are dropped in the kernel
 * (route_filter.h).
 *
 * Links that go down or lose their carrier, and addresses that come and go, also change paths.
 * This monitor does not report them; link_monitor.h does.
 */
#ifndef NB6_NETLINK_ROUTE_MONITOR_H
#define NB6_NETLINK_ROUTE_MONITOR_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct mnl_socket;

struct route_monitor_counters {
	uint64_t messages; /* that passed the filter */
	uint64_t overruns; /* times the kernel dropped messages because the buffer was full */
};

/* Embed it; all members are private, but for `counters`. */
struct route_monitor {
	struct route_monitor_counters counters;
	struct mnl_socket *events;
	void *buffer;
};

/*
 * Start to monitor. Query all paths once after this. Returns 0 or -errno (-EAFNOSUPPORT,
 * -ENOMEM ...); after an error nothing is left open.
 */
int route_monitor_init(struct route_monitor *m, const struct in6_addr *servers, size_t n);
void route_monitor_fini(struct route_monitor *m);

/*
 * Replace the servers (copied). With more than ROUTE_FILTER_ADDRESSES_MAX of them no route
 * message is dropped, nor if the kernel has no memory for the filter: then more messages wake the
 * daemon, and none is missed. Query all paths once after this. Returns 0, or -errno of a broken
 * socket.
 */
int route_monitor_set_servers(struct route_monitor *m, const struct in6_addr *servers, size_t n);

/* Readable when route_monitor_read() has something to do; the monitor's own. */
int route_monitor_fd(const struct route_monitor *m);

/*
 * Read queued messages, a bounded number per call; never blocks.
 *
 * Returns 1 if paths may have changed, 0 if not, or -errno of a broken socket.
 */
int route_monitor_read(struct route_monitor *m);

#endif
