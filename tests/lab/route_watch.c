/* SPDX-License-Identifier: ISC */
/*
 * Watches the ways to the addresses given, and says of each what the kernel
 * answers, at first and whenever the route monitor says that ways may have changed:
 *
 *	changed MESSAGES OVERRUNS
 *	way ADDRESS ERRNO IFINDEX NEXTHOP SOURCE METRIC TABLE PROTOCOL
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/route_monitor.h"
#include "netlink/route_query.h"

enum { SERVERS_MAX = 32 };

static void tell_way(struct route_query *query, const struct in6_addr *server)
{
	char to[INET6_ADDRSTRLEN], next_hop[INET6_ADDRSTRLEN], source[INET6_ADDRSTRLEN];
	struct route_answer way = {0};
	int err = route_query_flow(
		query, &(struct route_flow){.destination = *server}, &way);

	inet_ntop(AF_INET6, server, to, sizeof(to));
	inet_ntop(AF_INET6, &way.next_hop, next_hop, sizeof(next_hop));
	inet_ntop(AF_INET6, &way.source, source, sizeof(source));
	printf("way %s %d %d %s %s %u %u %u\n", to, -err, way.ifindex, next_hop, source, way.metric,
		way.table, way.protocol);
}

static int watch(struct route_monitor *monitor, struct route_query *query,
	const struct in6_addr *servers, int n)
{
	struct pollfd readable = {.fd = route_monitor_fd(monitor), .events = POLLIN};
	int changed = 1, i;

	while (changed >= 0) {
		if (changed) {
			printf("changed %llu %llu\n",
				(unsigned long long)monitor->counters.messages,
				(unsigned long long)monitor->counters.overruns);
			for (i = 0; i < n; i++)
				tell_way(query, &servers[i]);
			fflush(stdout);
		}
		if (poll(&readable, 1, -1) < 0)
			return EXIT_FAILURE;
		changed = route_monitor_read(monitor);
	}
	fprintf(stderr, "route monitor: %s\n", strerror(-changed));
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct in6_addr servers[SERVERS_MAX];
	struct route_query *query = route_query_new();
	struct route_monitor monitor;
	int err, i;

	for (i = 1; i < argc; i++) {
		if (i > SERVERS_MAX || inet_pton(AF_INET6, argv[i], &servers[i - 1]) != 1)
			return 2;
	}
	err = route_monitor_init(&monitor, servers, (size_t)(argc - 1));
	if (!query || err) {
		fprintf(stderr, "route_watch: %s\n", strerror(-err));
		return EXIT_FAILURE;
	}
	return watch(&monitor, query, servers, argc - 1);
}
