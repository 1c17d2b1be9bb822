/* SPDX-License-Identifier: ISC */
/*
 * The route filter, run by the kernel: it is attached to one end of a pair of
 * local datagram sockets, where it runs before send() returns: what is not there
 * to be received then was dropped. No privilege is needed.
 */
#include "netlink/route_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/nexthop.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/random.h"
#include "tests/unit/rtnl_message.h"

static int sockets[2];

static int set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, sockets);
}

static int tear_down(void **state)
{
	(void)state;
	close(sockets[0]);
	close(sockets[1]);
	return 0;
}

static struct in6_addr address_of(const char *text)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

static void attach(const struct in6_addr *addresses, size_t n)
{
	static struct sock_filter code[ROUTE_FILTER_SIZE];
	struct sock_fprog program = {.filter = code};

	program.len = (unsigned short)route_filter_make(code, addresses, n);
	assert_true(program.len > 0);
	assert_int_equal(
		setsockopt(sockets[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
}

static bool octets_pass(const void *octets, size_t len)
{
	uint8_t received[2048];

	assert_int_equal(send(sockets[0], octets, len, 0), len);
	if (recv(sockets[1], received, sizeof(received), 0) < 0) {
		assert_int_equal(errno, EAGAIN);
		return false;
	}
	assert_memory_equal(received, octets, len);
	return true;
}

static bool passes(const struct rtnl_message *m)
{
	return octets_pass(m, m->nlh.nlmsg_len);
}

/* As Linux makes it: RTA_TABLE comes first. */
static struct rtnl_message route_to(uint16_t type, const struct in6_addr *prefix, uint8_t len)
{
	struct rtmsg header = {.rtm_family = AF_INET6,
		.rtm_dst_len = len,
		.rtm_table = 254,
		.rtm_protocol = 186,
		.rtm_type = RTN_UNICAST};
	struct rtnl_message m = message_of(type, &header, sizeof(header));

	message_put_u32(&m, RTA_TABLE, 254);
	if (len)
		message_put(&m, RTA_DST, prefix, sizeof(*prefix));
	message_put_u32(&m, RTA_PRIORITY, 20);
	message_put_u32(&m, RTA_OIF, 3);
	return m;
}

static bool route_passes(const char *prefix, uint8_t len)
{
	struct in6_addr address = address_of(prefix);
	struct rtnl_message new = route_to(RTM_NEWROUTE, &address, len);
	struct rtnl_message gone = route_to(RTM_DELROUTE, &address, len);

	assert_int_equal(passes(&new), passes(&gone));
	return passes(&new);
}

static void test_routes_that_cover_a_server_pass(void **state)
{
	struct in6_addr servers[] = {address_of("2001:db8:d::547"), address_of("fd00:1:2:3::1")};

	(void)state;
	attach(servers, 2);
	assert_true(route_passes("::", 0));
	assert_true(route_passes("2000::", 3));
	assert_true(route_passes("2001:db8::", 31));
	assert_true(route_passes("2001:db8::", 32));
	assert_true(route_passes("2001:db8::", 33));
	assert_true(route_passes("2001:db8:d::", 48));
	assert_true(route_passes("2001:db8:d::", 64));
	assert_true(route_passes("2001:db8:d::540", 124));
	assert_true(route_passes("2001:db8:d::546", 127));
	assert_true(route_passes("2001:db8:d::547", 128));
	assert_true(route_passes("fd00::", 8));
	assert_true(route_passes("fd00:1:2:3::1", 128));
}

static void test_other_routes_are_dropped(void **state)
{
	struct in6_addr servers[] = {address_of("2001:db8:d::547"), address_of("fd00:1:2:3::1")};

	(void)state;
	attach(servers, 2);
	assert_false(route_passes("4000::", 2));
	assert_false(route_passes("2001:db9::", 32));
	assert_false(route_passes("2001:db8:8000::", 33));
	assert_false(route_passes("2001:db8:c::", 48));
	assert_false(route_passes("2001:db8:d:0:8000::", 65));
	assert_false(route_passes("2001:db8:d::546", 128));
	assert_false(route_passes("2001:db8:d::544", 127));
	assert_false(route_passes("fe80::", 64));
	assert_false(route_passes("ff00::", 8));
	assert_false(route_passes("fd00:1:2:4::", 64));
}

static void test_with_no_server_all_but_the_default_route_are_dropped(void **state)
{
	(void)state;
	attach(NULL, 0);
	assert_true(route_passes("::", 0));
	assert_false(route_passes("8000::", 1));
	assert_false(route_passes("2001:db8::", 32));
}

static bool covers(const struct in6_addr *prefix, unsigned len, const struct in6_addr *address)
{
	unsigned bit;

	for (bit = 0; bit < len; bit++) {
		if ((prefix->s6_addr[bit / 8] ^ address->s6_addr[bit / 8]) & (0x80 >> bit % 8))
			return false;
	}
	return true;
}

/* Every length, and beside each the prefix that differs in its last bit only. */
static void test_every_prefix_of_random_servers(void **state)
{
	struct in6_addr servers[5], prefix;
	unsigned len, s, bit, flip;

	(void)state;
	random_start("test_route_filter");
	random_fill(servers, sizeof(servers));
	attach(servers, 5);
	for (len = 1; len <= 128; len++) {
		for (flip = 0; flip < 2; flip++) {
			struct rtnl_message m;
			bool covered = false;

			prefix = servers[random_below(5)];
			for (bit = len; bit < 128; bit++)
				prefix.s6_addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
			if (flip)
				prefix.s6_addr[(len - 1) / 8] ^= 0x80 >> (len - 1) % 8;
			for (s = 0; s < 5; s++)
				covered |= covers(&prefix, len, &servers[s]);
			m = route_to(RTM_NEWROUTE, &prefix, (uint8_t)len);
			if (passes(&m) != covered)
				fail_msg("prefix length %u, last bit %s", len,
					flip ? "flipped" : "the server's");
		}
	}
}

static void test_unexpected_input_passes(void **state)
{
	struct in6_addr server = address_of("2001:db8:d::547"), other = address_of("2001:db9::");
	struct rtnl_message m, two;
	struct nhmsg nexthop = {.nh_family = AF_INET6};
	struct rtmsg ipv4 = {.rtm_family = AF_INET, .rtm_dst_len = 24};
	struct rtmsg no_dst = {.rtm_family = AF_INET6, .rtm_dst_len = 32};

	(void)state;
	attach(&server, 1);
	m = route_to(RTM_NEWROUTE, &other, 32);
	assert_false(passes(&m));
	m = route_to(RTM_NEWROUTE, &other, 129);
	assert_true(passes(&m));
	m = message_of(RTM_NEWNEXTHOP, &nexthop, sizeof(nexthop));
	assert_true(passes(&m));
	m = message_of(RTM_NEWRULE, &no_dst, sizeof(no_dst));
	assert_true(passes(&m));
	m = message_of(RTM_NEWROUTE, &ipv4, sizeof(ipv4));
	message_put(&m, RTA_DST, "\xc0\0\x02", 4);
	assert_true(passes(&m));
	m = message_of(RTM_NEWROUTE, &no_dst, sizeof(no_dst));
	assert_true(passes(&m));
	message_put(&m, RTA_DST, &other, 4); /* of a wrong size */
	assert_true(passes(&m));
	/* Two messages in one datagram: the second might cover. */
	m = route_to(RTM_NEWROUTE, &other, 32);
	two = m;
	memcpy(two.octets + m.nlh.nlmsg_len, m.octets, m.nlh.nlmsg_len);
	assert_true(octets_pass(two.octets, 2 * m.nlh.nlmsg_len));
	m.nlh.nlmsg_len += 0x10000; /* a length that lies in its upper half: as the low half says */
	assert_false(octets_pass(&m, m.nlh.nlmsg_len - 0x10000));
}

static void test_the_prefix_is_found_wherever_it_stands(void **state)
{
	struct in6_addr server = address_of("2001:db8:d::547"), other = address_of("2001:db9::");
	struct rtmsg header = {.rtm_family = AF_INET6, .rtm_dst_len = 32};
	struct rtnl_message m = message_of(RTM_NEWROUTE, &header, sizeof(header));

	(void)state;
	attach(&server, 1);
	message_put(&m, RTA_DST, &other, sizeof(other));
	assert_false(passes(&m));
	m = message_of(RTM_NEWROUTE, &header, sizeof(header));
	message_put(&m, RTA_GATEWAY, &server, sizeof(server));
	message_put(&m, RTA_METRICS, "12345", 5);
	message_put(&m, RTA_DST, &other, sizeof(other));
	message_put_u32(&m, RTA_OIF, 3);
	assert_false(passes(&m));
	memcpy(m.octets + NLMSG_HDRLEN + sizeof(header) + 20 + 12 + NLA_HDRLEN, &server, 4);
	assert_true(passes(&m));
}

/* The kernel refuses a program that is longer than it may be. */
static void test_the_maximum_number_of_servers(void **state)
{
	static struct sock_filter code[ROUTE_FILTER_SIZE];
	struct in6_addr servers[ROUTE_FILTER_ADDRESSES_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i <= ROUTE_FILTER_ADDRESSES_MAX; i++) {
		servers[i] = address_of("2001:db8:d::");
		servers[i].s6_addr[15] = (uint8_t)i;
	}
	attach(servers, ROUTE_FILTER_ADDRESSES_MAX);
	assert_true(route_passes("2001:db8:d::", 128));
	assert_true(route_passes("2001:db8:d::7f", 128)); /* the last of 128 */
	assert_false(route_passes("2001:db8:d::80", 128));
	assert_int_equal(route_filter_make(code, servers, ROUTE_FILTER_ADDRESSES_MAX + 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_routes_that_cover_a_server_pass),
		TEST(test_other_routes_are_dropped),
		TEST(test_with_no_server_all_but_the_default_route_are_dropped),
		TEST(test_every_prefix_of_random_servers),
		TEST(test_unexpected_input_passes),
		TEST(test_the_prefix_is_found_wherever_it_stands),
		TEST(test_the_maximum_number_of_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
