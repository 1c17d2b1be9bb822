/* SPDX-License-Identifier: ISC */
/*
 * A routing daemon with a full table that cannot make up its mind: adds N routes, takes
 * them away, and again, as fast as the kernel does it, until SIGTERM; then the round is ended. Runs
 * in the router's namespace. Says "churning" when the first round begins, and at the end one line
 * of JSON: how many changes the kernel made, and in how many seconds.
 *
 * Prefixes are of 48 bits under 2600::/8, as most of the Internet's are. Requests go in
 * datagrams of hundreds, of which the last one alone is acknowledged; a change that the
 * kernel refuses is an error.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench_env.h"

enum { DATAGRAM = 64 << 10, REQUEST_MAX = 128, ANSWER_MAX = 8192 };

struct churn {
	struct mnl_socket *nl;
	struct in6_addr gateway;
	unsigned ifindex, routes;
	uint64_t changes;
};

static volatile sig_atomic_t ended;

static void on_end(int number)
{
	(void)number;
	ended = 1;
}

static struct nlmsghdr *put_change(const struct churn *c, void *at, uint16_t type, uint32_t route)
{
	struct in6_addr prefix = {.s6_addr = {0x26}};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct rtmsg *header;

	route = htonl(route * 251); /* spread over the prefixes; 251 is odd: none comes twice */
	memcpy(prefix.s6_addr + 2, &route, sizeof(route));
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | (type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0);
	header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	header->rtm_family = AF_INET6;
	header->rtm_dst_len = 48;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = RTPROT_BGP;
	header->rtm_type = RTN_UNICAST;
	mnl_attr_put(nlh, RTA_DST, sizeof(prefix), &prefix);
	mnl_attr_put(nlh, RTA_GATEWAY, sizeof(c->gateway), &c->gateway);
	mnl_attr_put_u32(nlh, RTA_OIF, c->ifindex);
	return nlh;
}

static void send_acknowledged(struct churn *c, const void *datagram, size_t len)
{
	char answer[ANSWER_MAX];
	ssize_t n;

	if (mnl_socket_sendto(c->nl, datagram, len) < 0)
		bench_fail("routes: send");
	do
		n = mnl_socket_recvfrom(c->nl, answer, sizeof(answer));
	while (n < 0 && errno == EINTR);
	if (n < 0 || mnl_cb_run(answer, (size_t)n, 0, 0, NULL, NULL) < 0)
		bench_fail("routes: the kernel refused a change");
}

/* All routes, one after the other: there or gone. */
static void change_all(struct churn *c, uint16_t type)
{
	static char datagram[DATAGRAM] __attribute__((aligned(8)));
	struct nlmsghdr *last = NULL;
	size_t len = 0;

	for (uint32_t route = 0; route < c->routes; route++) {
		last = put_change(c, datagram + len, type, route);
		len += last->nlmsg_len;
		c->changes++;
		if (len + REQUEST_MAX > sizeof(datagram) || route + 1 == c->routes) {
			last->nlmsg_flags |= NLM_F_ACK;
			send_acknowledged(c, datagram, len);
			len = 0;
		}
	}
}

int main(int argc, char *argv[])
{
	struct churn c = {0};
	uint64_t begin;

	if (argc != 4 || (c.routes = (unsigned)strtoul(argv[1], NULL, 10)) == 0 ||
		(c.ifindex = if_nametoindex(argv[2])) == 0 ||
		inet_pton(AF_INET6, argv[3], &c.gateway) != 1) {
		fputs("routes NUMBER LINK GATEWAY\n", stderr);
		return EXIT_FAILURE;
	}
	signal(SIGTERM, on_end);
	c.nl = mnl_socket_open(NETLINK_ROUTE);
	if (!c.nl || mnl_socket_bind(c.nl, 0, MNL_SOCKET_AUTOPID) < 0)
		bench_fail("routes: netlink");
	puts("churning");
	fflush(stdout);
	begin = bench_now_ns();
	while (!ended) {
		change_all(&c, RTM_NEWROUTE);
		change_all(&c, RTM_DELROUTE);
	}
	printf("{\"changes\": %llu, \"seconds\": %.3f}\n", (unsigned long long)c.changes,
		(double)(bench_now_ns() - begin) / 1e9);
	mnl_socket_close(c.nl);
	return 0;
}
