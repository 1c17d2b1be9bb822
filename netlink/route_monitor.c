/* SPDX-License-Identifier: ISC */
/*
 * One socket, three groups (routes, nexthop objects, rules), a filter, and no state. The filter
 * is attached before the groups are joined, so that the queue never holds a message that the
 * filter drops.
 */
#include "netlink/route_monitor.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "netlink/route_filter.h"
#include "netlink/rtnl_socket.h"

enum {
	RECEIVE_BUFFER = 256 * 1024, /* an overrun does no harm */
	DATAGRAMS_PER_READ = 512,
};

static int detach_filter(int fd)
{
	int unused = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) == 0)
		return 0;
	return errno == ENOENT ? 0 : -errno;
}

int route_monitor_set_servers(struct route_monitor *m, const struct in6_addr *servers, size_t n)
{
	struct sock_filter code[ROUTE_FILTER_SIZE];
	struct sock_fprog program = {.filter = code};
	int fd = mnl_socket_get_fd(m->events);

	program.len = (unsigned short)route_filter_make(code, servers, n);
	if (program.len > 0 &&
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0)
		return 0;
	/* The filter of other servers would drop what these need. */
	return detach_filter(fd);
}

static int join_groups(struct mnl_socket *events)
{
	static const int groups[] = {RTNLGRP_IPV6_ROUTE, RTNLGRP_NEXTHOP, RTNLGRP_IPV6_RULE};
	int err = 0;
	size_t i;

	for (i = 0; !err && i < sizeof(groups) / sizeof(groups[0]); i++)
		err = rtnl_socket_join(events, groups[i]);
	return err;
}

int route_monitor_init(struct route_monitor *m, const struct in6_addr *servers, size_t n)
{
	int err;

	*m = (struct route_monitor){.buffer = malloc(RTNL_BUFFER_SIZE)};
	if (!m->buffer)
		return -ENOMEM;
	err = rtnl_socket_open(&m->events, SOCK_NONBLOCK);
	if (!err)
		err = rtnl_socket_set_receive_buffer(m->events, RECEIVE_BUFFER);
	if (!err)
		err = route_monitor_set_servers(m, servers, n);
	if (!err)
		err = join_groups(m->events);
	if (err)
		route_monitor_fini(m);
	return err;
}

void route_monitor_fini(struct route_monitor *m)
{
	if (m->events)
		mnl_socket_close(m->events);
	free(m->buffer);
	*m = (struct route_monitor){.counters = m->counters};
}

int route_monitor_fd(const struct route_monitor *m)
{
	return mnl_socket_get_fd(m->events);
}

int route_monitor_read(struct route_monitor *m)
{
	int changed = 0, i;
	ssize_t len;

	for (i = 0; i < DATAGRAMS_PER_READ; i++) {
		len = rtnl_socket_receive(m->events, m->buffer);
		if (len == -EAGAIN)
			break;
		if (len == -EPROTO)
			continue;
		if (len < 0 && len != -ENOBUFS)
			return (int)len;
		changed = 1;
		if (len < 0)
			m->counters.overruns++;
		else
			m->counters.messages++;
	}
	return changed;
}
