/* SPDX-License-Identifier: ISC */
/*
 * Datagrams of events into the table: several messages in one, bad ones
 * between good ones, and what a real kernel said (tests/data/corpus/netlink).
 * Then the monitor itself, on whatever links there are here.
 */
#include "netlink/link_monitor.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/rtnl_message.h"

static struct link_table table;
static struct link_monitor_counters counters;
static unsigned synced;

static void on_synced(void *arg)
{
	(void)arg;
	synced++;
}

static const struct link_table_ops ops = {.synced = on_synced};

static int set_up(void **state)
{
	(void)state;
	synced = 0;
	memset(&counters, 0, sizeof(counters));
	return link_table_init(&table, &ops, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	link_table_fini(&table);
	return 0;
}

static struct rtnl_message new_link(int ifindex, const char *name)
{
	struct rtnl_message m = link_message(RTM_NEWLINK, AF_UNSPEC, ifindex);

	message_put_name(&m, name);
	return m;
}

static struct rtnl_message address_event(uint16_t type, uint32_t ifindex, uint8_t last)
{
	struct rtnl_message m = address_message(type, AF_INET6, ifindex);
	struct in6_addr address = documentation_address(last);

	message_put(&m, IFA_ADDRESS, &address, sizeof(address));
	return m;
}

/* One datagram of all these messages, `cut` octets short, in a block of exactly its size. */
static void feed(const struct rtnl_message *messages, size_t n, size_t cut)
{
	uint8_t *datagram;
	size_t len = 0, i;

	for (i = 0; i < n; i++)
		len += messages[i].nlh.nlmsg_len;
	datagram = malloc(len);
	assert_non_null(datagram);
	for (len = 0, i = 0; i < n; i++) {
		memcpy(datagram + len, &messages[i], messages[i].nlh.nlmsg_len);
		len += messages[i].nlh.nlmsg_len;
	}
	datagram = realloc(datagram, len - cut);
	assert_int_equal(link_monitor_feed(&table, &counters, datagram, len - cut), 0);
	free(datagram);
}

static size_t count_addresses(int ifindex)
{
	const struct link_address *a;
	size_t n = 0;

	for (a = link_table_find(&table, ifindex)->addresses; a; a = a->next)
		n++;
	return n;
}

static void test_several_messages_in_a_datagram(void **state)
{
	const struct rtnl_message messages[] = {new_link(1, "a"), new_link(2, "b"),
		address_event(RTM_NEWADDR, 2, 1), address_event(RTM_NEWADDR, 2, 2),
		address_event(RTM_DELADDR, 2, 1), link_message(RTM_DELLINK, AF_UNSPEC, 1),
		link_message(RTM_DELLINK, AF_BRIDGE, 2)};

	(void)state;
	feed(messages, 7, 0);
	assert_int_equal(counters.events, 7);
	assert_int_equal(counters.malformed, 0);
	assert_null(link_table_find(&table, 1));
	assert_non_null(link_table_find_name(&table, "b"));
	assert_int_equal(count_addresses(2), 1);
}

static void test_a_bad_message_does_not_take_others_along(void **state)
{
	struct rtnl_message messages[] = {new_link(1, "a"), new_link(0, "bad"), new_link(2, "b")};

	(void)state;
	feed(messages, 3, 0);
	assert_int_equal(counters.malformed, 1);
	assert_int_equal(link_table_count(&table), 2);
}

static void test_a_datagram_cut_short(void **state)
{
	const struct rtnl_message messages[] = {new_link(1, "a"), new_link(2, "b")};

	(void)state;
	feed(messages, 2, 1);
	assert_int_equal(counters.events, 1);
	assert_int_equal(counters.malformed, 1);
	assert_int_equal(link_table_count(&table), 1);
	feed(messages, 1, messages[0].nlh.nlmsg_len - 15);
	assert_int_equal(counters.malformed, 2);
}

static void test_lengths_that_are_wrong(void **state)
{
	struct rtnl_message m = new_link(1, "a");
	uint32_t whole = m.nlh.nlmsg_len;
	static const uint32_t lies[] = {0, 1, 15, 0x7fffffff, 0x80000000, 0xffffffff};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		m.nlh.nlmsg_len = lies[i];
		assert_int_equal(link_monitor_feed(&table, &counters, &m, whole), 0);
		assert_int_equal(counters.malformed, i + 1);
	}
	assert_int_equal(link_monitor_feed(&table, &counters, &m, 0), 0);
	assert_int_equal(counters.malformed, i);
	assert_int_equal(link_table_count(&table), 0);
}

static void test_an_address_before_its_link_is_left_to_the_dump(void **state)
{
	const struct rtnl_message messages[] = {
		address_event(RTM_NEWADDR, 1, 1), new_link(1, "a")};

	(void)state;
	feed(messages, 2, 0);
	assert_int_equal(count_addresses(1), 0);
	assert_int_equal(counters.malformed, 0);
}

/* --- as a kernel said it --------------------------------------------------- */

static void feed_file(const char *name)
{
	static uint8_t octets[65536] __attribute__((aligned(8)));
	const char *srcdir = getenv("srcdir");
	char path[4096];
	FILE *file;
	size_t len;

	snprintf(
		path, sizeof(path), "%s/tests/data/corpus/netlink/%s", srcdir ? srcdir : ".", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	len = fread(octets, 1, sizeof(octets), file);
	fclose(file);
	assert_int_equal(link_monitor_feed(&table, &counters, octets, len), 0);
}

static void test_a_dump_of_linux_6_18(void **state)
{
	struct in6_addr vip = documentation_address(0x0a);
	const struct link *va, *vb, *mv, *br;
	const struct link_address *a;

	(void)state;
	feed_file("dump_links");
	feed_file("dump_addresses");
	assert_int_equal(counters.malformed, 0);
	va = link_table_find_name(&table, "va");
	vb = link_table_find_name(&table, "vb");
	mv = link_table_find_name(&table, "mv0");
	br = link_table_find_name(&table, "br0");
	assert_true(va && vb && mv && br);
	assert_string_equal(va->kind, "veth");
	assert_string_equal(mv->kind, "macvlan");
	assert_string_equal(br->kind, "bridge");
	assert_int_equal(mv->lower, va->ifindex);
	assert_int_equal(va->lower, 0);
	assert_int_equal(vb->master, br->ifindex);
	assert_memory_equal(va->mac, "\x02\0\0\0\0\x0a", 6);
	assert_memory_equal(mv->mac, "\0\0\x5e\0\x02\x01", 6);
	assert_int_equal(va->mtu, 1500);
	a = link_find_address(mv, &vip);
	assert_non_null(a);
	assert_int_equal(a->prefixlen, 128); /* of 2001:db8::a peer 2001:db8::b/128 */
}

static void test_a_life_of_linux_6_18_ends_with_nothing(void **state)
{
	(void)state;
	feed_file("dump_links");
	feed_file("dump_addresses");
	feed_file("life");
	assert_int_equal(counters.malformed, 0);
	assert_null(link_table_find_name(&table, "mv0"));
	assert_null(link_table_find_name(&table, "vrrp1"));
}

/* --- the monitor ----------------------------------------------------------- */

/* Reading links needs no privilege; each namespace has a loopback link. */
static void test_the_table_is_complete_after_init(void **state)
{
	struct link_monitor m;
	struct pollfd readable;
	const struct link *lo;

	(void)state;
	assert_int_equal(link_monitor_init(&m, &table, NULL), 0);
	assert_true(link_monitor_is_synced(&m));
	assert_int_equal(synced, 1);
	assert_int_equal(m.counters.resyncs, 1);
	assert_int_equal(m.counters.malformed, 0);
	lo = link_table_find(&table, 1);
	assert_non_null(lo);
	assert_int_equal(lo->hw_type, 772); /* ARPHRD_LOOPBACK */
	assert_int_equal(link_monitor_read(&m), 0);
	readable.fd = link_monitor_fd(&m);
	readable.events = POLLIN;
	assert_int_equal(poll(&readable, 1, 0), 0);
	link_monitor_fini(&m);
	assert_non_null(link_table_find(&table, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_several_messages_in_a_datagram),
		TEST(test_a_bad_message_does_not_take_others_along),
		TEST(test_a_datagram_cut_short),
		TEST(test_lengths_that_are_wrong),
		TEST(test_an_address_before_its_link_is_left_to_the_dump),
		TEST(test_a_dump_of_linux_6_18),
		TEST(test_a_life_of_linux_6_18_ends_with_nothing),
		TEST(test_the_table_is_complete_after_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
