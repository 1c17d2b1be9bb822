/* SPDX-License-Identifier: ISC */
/*
 * How soon a relay does what the kernel's news ask for, seen by somebody who gets
 * the same news: a netlink listener beside the relay, on another CPU, that never sleeps.
 *
 *	made	a link is requested; until the kernel has created it, notified of it and answered
 *	joins	the same; until ff02::1:2 is joined on it. It may be joined before the kernel
 *		answers, so the question is where both begin
 *	moves	the address of a link changes; a Solicit at once; until the server has it
 *	still	a Solicit without any change, for comparison
 *
 * In each turn of "moves" the link gets A, gets B and loses A, loses B. A Solicit follows
 * the news of each: it must come with link-address A, then B, and the last not at all. Each has
 * a transaction id of its own, so that errors can be told apart: one with another address is
 * `stale`, one that must not come `unwanted`, one that does not come `missing`.
 *
 * Result: one line of JSON, times in ns.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/client_frames.h"
#include "tests/bench/bench_env.h"

#define LINK "lan1"
#define NEW_LINK "lan-new"
#define ALL_RELAYS "ff020000000000000000000000010002"
#define LIMIT_NS 1000000000u /* until what did not happen is taken not to happen */

enum {
	TURNS_MAX = 10000,
	ANSWER_MAX = 65536,
	LINK_ADDRESS_AT = 2,
	INNER_AT = 34, /* of the first option */
	RELAY_MSG = 9,
};

struct events {
	const char *clients_ns, *router_ns, *server_ns;
	unsigned turns;
	int cpu, packet_fd, server_fd, groups_fd;
	struct mnl_socket *requests, *news;
	struct sockaddr_ll client_link, other_link;
	struct client_frame solicit;
	uint16_t transaction;
	unsigned ifindex; /* of LINK */
	unsigned stale, unwanted, missing, unjoined;
};

/* Times of one kind. */
struct times {
	uint64_t ns[TURNS_MAX];
	unsigned count;
};

/* --- changes ---------------------------------------------------------------------------- */

static char request[4096] __attribute__((aligned(8)));

static struct nlmsghdr *start_request(uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return nlh;
}

static void ask(struct events *e, const struct nlmsghdr *nlh)
{
	static char answer[ANSWER_MAX];
	ssize_t len;

	if (mnl_socket_sendto(e->requests, nlh, nlh->nlmsg_len) < 0)
		bench_fail("netlink request");
	len = mnl_socket_recvfrom(e->requests, answer, sizeof(answer));
	if (len < 0 || mnl_cb_run(answer, (size_t)len, 0, 0, NULL, NULL) < 0)
		bench_fail("the kernel refused a change");
}

static void make_link(struct events *e)
{
	struct nlmsghdr *nlh = start_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data, *peer;

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, NEW_LINK);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "far-new");
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	ask(e, nlh);
}

static void delete_link(struct events *e)
{
	struct nlmsghdr *nlh = start_request(RTM_DELLINK, 0);
	struct ifinfomsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));

	header->ifi_index = (int)if_nametoindex(NEW_LINK);
	ask(e, nlh);
}

static void change_address(struct events *e, uint16_t type, const struct in6_addr *address)
{
	struct nlmsghdr *nlh =
		start_request(type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));

	header->ifa_family = AF_INET6;
	header->ifa_prefixlen = 64;
	header->ifa_index = e->ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, sizeof(*address), address);
	mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NODAD);
	ask(e, nlh);
}

/* --- news ------------------------------------------------------------------------------- */

struct awaited {
	uint16_t type;
	const char *link;               /* RTM_NEWLINK */
	const struct in6_addr *address; /* RTM_NEWADDR, RTM_DELADDR */
	bool seen;
};

static int on_message(const struct nlmsghdr *nlh, void *arg)
{
	struct awaited *awaited = arg;
	struct nlattr *attr;

	if (nlh->nlmsg_type != awaited->type)
		return MNL_CB_OK;
	mnl_attr_for_each(
		attr, nlh, awaited->link ? sizeof(struct ifinfomsg) : sizeof(struct ifaddrmsg))
	{
		uint16_t type = mnl_attr_get_type(attr);
		const void *value = mnl_attr_get_payload(attr);

		if (awaited->link ? type == IFLA_IFNAME && strcmp(value, awaited->link) == 0
				  : type == IFA_ADDRESS && memcmp(value, awaited->address, 16) == 0)
			awaited->seen = true;
	}
	return MNL_CB_OK;
}

/* Without sleeping. Returns when the news came, in ns. */
static uint64_t await_news(struct events *e, struct awaited awaited)
{
	static char buffer[ANSWER_MAX];
	uint64_t begin = bench_now_ns();

	while (!awaited.seen) {
		ssize_t len =
			recv(mnl_socket_get_fd(e->news), buffer, sizeof(buffer), MSG_DONTWAIT);

		if (len < 0 && errno != EAGAIN)
			bench_fail("listener");
		if (len > 0)
			mnl_cb_run(buffer, (size_t)len, 0, 0, on_message, &awaited);
		if (bench_now_ns() - begin > LIMIT_NS)
			bench_fail("the kernel's news did not come");
	}
	return bench_now_ns();
}

static void drain_news(struct events *e)
{
	static char buffer[ANSWER_MAX];

	while (recv(mnl_socket_get_fd(e->news), buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
}

/* --- joins ------------------------------------------------------------------------------ */

static bool is_joined(const struct events *e)
{
	static char text[16384];
	ssize_t len = pread(e->groups_fd, text, sizeof(text) - 1, 0);
	const char *at;

	if (len < 0)
		bench_fail("/proc/net/igmp6");
	text[len] = '\0';
	for (at = text; (at = strstr(at, NEW_LINK)); at += strlen(NEW_LINK)) {
		const char *group = strstr(at, ALL_RELAYS);

		if (group && group < at + strcspn(at, "\n"))
			return true;
	}
	return false;
}

static void time_join(struct events *e, struct times *made, struct times *joins)
{
	uint64_t asked, joined;

	drain_news(e);
	asked = bench_now_ns();
	make_link(e);
	made->ns[made->count++] =
		await_news(e, (struct awaited){.type = RTM_NEWLINK, .link = NEW_LINK}) - asked;
	do
		joined = bench_now_ns();
	while (!is_joined(e) && joined - asked < LIMIT_NS);
	if (joined - asked < LIMIT_NS)
		joins->ns[joins->count++] = joined - asked;
	else
		e->unjoined++;
	delete_link(e);
}

/* --- moves ------------------------------------------------------------------------------ */

static uint16_t send_solicit(struct events *e, const struct sockaddr_ll *link)
{
	client_frame_renew(&e->solicit, ++e->transaction);
	if (sendto(e->packet_fd, e->solicit.octets, CLIENT_FRAME_LEN, 0,
		    (const struct sockaddr *)link, sizeof(*link)) < 0)
		bench_fail("client");
	return e->transaction;
}

/* The inner message of a Relay-forward, by its lower 16 bits of transaction id; -1: none. */
static int inner_transaction(const uint8_t *message, size_t len)
{
	for (size_t at = INNER_AT; at + 8 <= len;) {
		size_t size = (size_t)(message[at + 2] << 8 | message[at + 3]);

		if ((message[at] << 8 | message[at + 1]) == RELAY_MSG)
			return message[at + 6] << 8 | message[at + 7];
		at += 4 + size;
	}
	return -1;
}

/* When the Solicit of this transaction came to the server with this link-address; 0: it did not. */
static uint64_t await_relayed(
	struct events *e, uint16_t transaction, const struct in6_addr *link_address)
{
	uint64_t begin = bench_now_ns();
	uint8_t message[2048];

	while (bench_now_ns() - begin < LIMIT_NS) {
		ssize_t len = recv(e->server_fd, message, sizeof(message), MSG_DONTWAIT);

		if (len < INNER_AT)
			continue;
		if (inner_transaction(message, (size_t)len) != transaction)
			e->unwanted++; /* its link had no address */
		else if (memcmp(message + LINK_ADDRESS_AT, link_address, 16) == 0)
			return bench_now_ns();
		else {
			e->stale++;
			return 0;
		}
	}
	e->missing++;
	return 0;
}

static void time_solicit(
	struct events *e, struct times *times, uint64_t from, const struct in6_addr *link_address)
{
	uint64_t relayed = await_relayed(e, send_solicit(e, &e->client_link), link_address);

	if (relayed)
		times->ns[times->count++] = relayed - from;
}

static uint64_t move(struct events *e, uint16_t type, const struct in6_addr *address)
{
	drain_news(e);
	change_address(e, type, address);
	return await_news(e, (struct awaited){.type = type, .address = address});
}

/* LINK has no address at the begin and at the end. */
static void play_turn(struct events *e, struct times *gets, struct times *loses,
	struct times *still, const struct in6_addr *a, const struct in6_addr *b,
	const struct in6_addr *other)
{
	time_solicit(e, gets, move(e, RTM_NEWADDR, a), a);
	time_solicit(e, still, bench_now_ns(), a);
	move(e, RTM_NEWADDR, b);
	time_solicit(e, loses, move(e, RTM_DELADDR, a), b);
	move(e, RTM_DELADDR, b);
	send_solicit(e, &e->client_link);
	/* When this one, of a link that keeps its address, is there, that one was handled. */
	await_relayed(e, send_solicit(e, &e->other_link), other);
}

/* --- start, result -------------------------------------------------------------------------- */

static struct sockaddr_ll packet_address(const char *link)
{
	return (struct sockaddr_ll){.sll_family = AF_PACKET,
		.sll_protocol = htons(0x86dd),
		.sll_ifindex = (int)if_nametoindex(link)};
}

static void open_sockets(struct events *e)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(547)};

	bench_enter_netns(e->clients_ns);
	e->packet_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	e->client_link = packet_address("c1");
	e->other_link = packet_address("c2");
	client_frame_make(&e->solicit, 0);
	bench_enter_netns(e->server_ns);
	e->server_fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (e->packet_fd < 0 || bind(e->server_fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		bench_fail("sockets");
	bench_enter_netns(e->router_ns);
	e->groups_fd = open("/proc/thread-self/net/igmp6", O_RDONLY | O_CLOEXEC);
	e->ifindex = if_nametoindex(LINK);
	if (e->groups_fd < 0 || e->ifindex == 0)
		bench_fail("router");
}

static void open_netlink(struct events *e)
{
	static int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV6_IFADDR};

	e->requests = mnl_socket_open(NETLINK_ROUTE);
	e->news = mnl_socket_open(NETLINK_ROUTE);
	if (!e->requests || !e->news || mnl_socket_bind(e->requests, 0, MNL_SOCKET_AUTOPID) < 0 ||
		mnl_socket_bind(e->news, 0, MNL_SOCKET_AUTOPID) < 0)
		bench_fail("netlink");
	for (unsigned i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		mnl_socket_setsockopt(
			e->news, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i]));
}

static void print_times(const char *name, const struct times *times)
{
	printf("\"%s\": [", name);
	for (unsigned i = 0; i < times->count; i++)
		printf("%s%llu", i ? ", " : "", (unsigned long long)times->ns[i]);
	printf("], ");
}

static bool parse(struct events *e, int argc, char *argv[])
{
	int option;

	while ((option = getopt(argc, argv, "c:r:s:n:u:")) != -1) {
		if (option == 'c')
			e->clients_ns = optarg;
		else if (option == 'r')
			e->router_ns = optarg;
		else if (option == 's')
			e->server_ns = optarg;
		else if (option == 'n')
			e->turns = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'u')
			e->cpu = atoi(optarg);
		else
			return false;
	}
	return e->clients_ns && e->router_ns && e->server_ns && e->turns && e->turns <= TURNS_MAX;
}

int main(int argc, char *argv[])
{
	static struct times made, joins, gets, loses, still;
	struct events e = {0};
	struct in6_addr a, b, other;

	if (!parse(&e, argc, argv)) {
		fputs("events -c CLIENTS -r ROUTER -s SERVER (namespaces) -n TURNS [-u CPU]\n",
			stderr);
		return EXIT_FAILURE;
	}
	inet_pton(AF_INET6, "2001:db8:1:1::1", &a);
	inet_pton(AF_INET6, "2001:db8:1:1::2", &b);
	inet_pton(AF_INET6, "2001:db8:1:2::1", &other);
	open_sockets(&e);
	open_netlink(&e);
	bench_run_first(e.cpu);
	for (unsigned i = 0; i < e.turns; i++)
		time_join(&e, &made, &joins);
	move(&e, RTM_DELADDR, &a);
	for (unsigned i = 0; i < e.turns; i++)
		play_turn(&e, &gets, &loses, &still, &a, &b, &other);
	move(&e, RTM_NEWADDR, &a);
	time_solicit(&e, &still, bench_now_ns(), &a);
	printf("{");
	print_times("made", &made);
	print_times("joins", &joins);
	print_times("gets", &gets);
	print_times("loses", &loses);
	print_times("still", &still);
	printf("\"turns\": %u, \"stale\": %u, \"unwanted\": %u, \"missing\": %u, \"unjoined\": "
	       "%u}\n",
		e.turns, e.stale, e.unwanted, e.missing, e.unjoined);
	return 0;
}
