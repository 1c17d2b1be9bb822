/* SPDX-License-Identifier: ISC */
/* Link and address messages: what is taken from good ones, and which are bad. */
#include "netlink/link_decode.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/rtnl_message.h"

static struct link_event event;

/* Decode from a heap block of exactly the message's size. */
static int decode(const struct rtnl_message *m)
{
	void *copy = malloc(m->nlh.nlmsg_len);
	int err;

	assert_non_null(copy);
	memcpy(copy, m, m->nlh.nlmsg_len);
	err = link_decode(copy, &event);
	free(copy);
	return err;
}

static struct rtnl_message whole_link(void)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};
	struct rtnl_message m = link_message(RTM_NEWLINK, AF_UNSPEC, 7);

	message_put_name(&m, "vlan100");
	message_put_u32(&m, IFLA_MTU, 9000);
	message_put_u32(&m, IFLA_LINK, 3);
	message_put_u32(&m, IFLA_MASTER, 4);
	message_put(&m, IFLA_OPERSTATE, "\x06", 1);
	message_put(&m, IFLA_ADDRESS, mac, sizeof(mac));
	message_put_kind(&m, "vlan");
	return m;
}

static void test_a_whole_link(void **state)
{
	struct rtnl_message m = whole_link();

	(void)state;
	message_put(&m, 4000, "newer", 5); /* an attribute of a newer kernel */
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.type, LINK_EVENT_LINK);
	assert_int_equal(event.ifindex, 7);
	assert_int_equal(event.link.ifindex, 7);
	assert_string_equal(event.link.name, "vlan100");
	assert_string_equal(event.link.kind, "vlan");
	assert_int_equal(event.link.mtu, 9000);
	assert_int_equal(event.link.lower, 3);
	assert_int_equal(event.link.master, 4);
	assert_int_equal(event.link.operstate, 6);
	assert_int_equal(event.link.flags, 0x11043);
	assert_int_equal(event.link.hw_type, 1);
	assert_int_equal(event.link.mac_len, 6);
	assert_memory_equal(event.link.mac, "\x02\0\0\0\0\x07", 6);
}

/* Puts an IFLA_PROP_LIST; in a real message, too, the property comes once for each name. */
static void put_altnames(struct rtnl_message *m, const char *const names[])
{
	uint8_t list[2048];
	size_t len = 0;

	for (size_t i = 0; names[i]; i++) {
		uint16_t head[2] = {(uint16_t)(4 + strlen(names[i]) + 1), IFLA_ALT_IFNAME};

		memcpy(list + len, head, 4);
		memset(list + len + 4, 0, (head[0] + 3u) / 4 * 4 - 4);
		memcpy(list + len + 4, names[i], strlen(names[i]));
		len += (head[0] + 3u) / 4 * 4;
	}
	message_put(m, IFLA_PROP_LIST | NLA_F_NESTED, list, (uint16_t)len);
}

static void test_alternative_names(void **state)
{
	static const char *const two[] = {"enp1s0f0np0", "rack-seventeen-provisioning", NULL};
	static const char *const empty[] = {"good", "", NULL};
	struct rtnl_message m = whole_link();

	(void)state;
	assert_int_equal(decode(&m), 0);
	assert_string_equal(event.link.altnames, "");
	put_altnames(&m, two);
	assert_int_equal(decode(&m), 0);
	assert_memory_equal(
		event.link.altnames, "enp1s0f0np0\0rack-seventeen-provisioning\0", 41);
	m = whole_link();
	put_altnames(&m, empty);
	assert_int_equal(decode(&m), -EBADMSG);
	m = whole_link();
	message_put(&m, IFLA_PROP_LIST, "\x09\0\x35\0x", 6); /* longer than the list */
	assert_int_equal(decode(&m), -EBADMSG);
}

static void test_a_link_with_only_a_name(void **state)
{
	struct rtnl_message m = link_message(RTM_NEWLINK, AF_UNSPEC, 1);

	(void)state;
	message_put_name(&m, "fifteen-letters"); /* the longest */
	assert_int_equal(decode(&m), 0);
	assert_string_equal(event.link.name, "fifteen-letters");
	assert_string_equal(event.link.kind, "");
	assert_int_equal(event.link.mac_len, 0);
	assert_int_equal(event.link.lower, 0);
	assert_int_equal(event.link.master, 0);
}

static void test_lower_is_the_link_below(void **state)
{
	static const char *const pairs[] = {"veth", "netkit"};
	struct rtnl_message m = whole_link();
	size_t i;

	(void)state;
	message_put_u32(&m, IFLA_LINK_NETNSID, 0); /* the lower link is in another namespace */
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.link.lower, 0);
	for (i = 0; i < 2; i++) {
		m = whole_link();
		message_put_kind(&m, pairs[i]); /* the last one counts */
		assert_int_equal(decode(&m), 0);
		assert_string_equal(event.link.kind, pairs[i]);
		assert_int_equal(event.link.lower, 0);
	}
}

static void test_the_kind_of_its_master(void **state)
{
	struct rtnl_message m = whole_link();

	(void)state;
	assert_int_equal(decode(&m), 0);
	assert_string_equal(event.link.port_kind, "");
	message_put_info(&m, IFLA_INFO_SLAVE_KIND, "bridge");
	assert_int_equal(decode(&m), 0);
	assert_string_equal(event.link.port_kind, "bridge");
	m = whole_link();
	message_put_info(&m, IFLA_INFO_SLAVE_KIND, "sixteen-letters!-and-more");
	assert_int_equal(decode(&m), 0);
	assert_string_equal(event.link.port_kind, "sixteen-letters");
}

static void test_kinds(void **state)
{
	struct rtnl_message m = link_message(RTM_NEWLINK, AF_UNSPEC, 1);

	(void)state;
	message_put_name(&m, "a");
	message_put_kind(&m, "a-kind-of-twenty-two-c");
	assert_int_equal(decode(&m), 0);
	assert_string_equal(event.link.kind, "a-kind-of-twent"); /* cut, not refused */
	message_put(&m, IFLA_LINKINFO | NLA_F_NESTED, "", 0);
	assert_int_equal(decode(&m), 0);
	assert_string_equal(event.link.kind, "");
}

static void test_links_of_other_families_are_skipped(void **state)
{
	static const uint8_t families[] = {AF_BRIDGE, AF_INET};
	struct rtnl_message m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(families); i++) {
		m = link_message(RTM_NEWLINK, families[i], 7);
		message_put_name(&m, "port");
		message_put_u32(&m, IFLA_OPERSTATE, 1); /* whatever it means there */
		assert_int_equal(decode(&m), 0);
		assert_int_equal(event.type, LINK_EVENT_NONE);
		m = link_message(RTM_DELLINK, families[i], 7);
		assert_int_equal(decode(&m), 0);
		assert_int_equal(event.type, LINK_EVENT_NONE);
	}
}

static void test_ipv6_of_a_link_changed(void **state)
{
	struct rtnl_message m = link_message(RTM_NEWLINK, AF_INET6, 7);

	(void)state;
	message_put_u32(&m, IFLA_OPERSTATE, 1); /* too long for the other families: not read */
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.type, LINK_EVENT_IPV6);
	assert_int_equal(event.ifindex, 7);
	m = link_message(RTM_NEWLINK, AF_INET6, 0);
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.type, LINK_EVENT_NONE);
	m = link_message(RTM_DELLINK, AF_INET6, 7);
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.type, LINK_EVENT_NONE);
}

static void test_other_messages_are_skipped(void **state)
{
	static const uint16_t types[] = {RTM_NEWROUTE, RTM_NEWNEIGH, RTM_GETLINK, RTM_SETLINK,
		NLMSG_ERROR, NLMSG_NOOP, 9999};
	struct rtnl_message m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		m = message_of(types[i], "", 0);
		assert_int_equal(decode(&m), 0);
		assert_int_equal(event.type, LINK_EVENT_NONE);
	}
}

static void test_a_wireless_event_changes_nothing(void **state)
{
	struct rtnl_message m = link_message(RTM_NEWLINK, AF_UNSPEC, 7);

	(void)state;
	message_put_name(&m, "wlan0");
	message_put(&m, IFLA_WIRELESS, "12345678", 8);
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.type, LINK_EVENT_NONE);
}

static void test_a_link_gone(void **state)
{
	struct rtnl_message m = link_message(RTM_DELLINK, AF_UNSPEC, 7);

	(void)state;
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.type, LINK_EVENT_LINK_GONE);
	assert_int_equal(event.ifindex, 7);
}

static void test_bad_links(void **state)
{
	static const uint8_t long_mac[LINK_MAC_SIZE + 1] = {2};
	static const struct {
		const char *what_is_wrong;
		int ifindex;
		const char *name;
		size_t name_size;
		uint16_t type;
		const void *payload;
		size_t size;
	} rows[] = {
		{"ifindex 0", 0, "a", 2},
		{"ifindex -1", -1, "a", 2},
		{"no name", 1},
		{"empty name", 1, "", 1},
		{"name of no octet", 1, "", 0, IFLA_IFNAME, "", 0},
		{"name not terminated", 1, "abc", 3},
		{"name one too long", 1, "sixteen-letters!", 17},
		{"MAC one too long", 1, "a", 2, IFLA_ADDRESS, long_mac, sizeof(long_mac)},
		{"mtu one short", 1, "a", 2, IFLA_MTU, "123", 3},
		{"mtu one long", 1, "a", 2, IFLA_MTU, "12345", 5},
		{"mtu of no octet", 1, "a", 2, IFLA_MTU, "", 0},
		{"lower of 8 octets", 1, "a", 2, IFLA_LINK, "12345678", 8},
		{"master of 2 octets", 1, "a", 2, IFLA_MASTER, "12", 2},
		{"operstate of 4 octets", 1, "a", 2, IFLA_OPERSTATE, "1234", 4},
		{"netnsid of 1 octet", 1, "a", 2, IFLA_LINK_NETNSID, "1", 1},
		{"info shorter than an attribute", 1, "a", 2, IFLA_LINKINFO, "123", 3},
		{"kind longer than the info", 1, "a", 2, IFLA_LINKINFO, "\x09\0\x01\0abc", 8},
		{"kind shorter than its header", 1, "a", 2, IFLA_LINKINFO, "\x03\0\x01\0abc", 8},
		{"kind not terminated", 1, "a", 2, IFLA_LINKINFO, "\x08\0\x01\0abcd", 8},
		{"port kind not terminated", 1, "a", 2, IFLA_LINKINFO, "\x08\0\x04\0abcd", 8},
		{"kind empty", 1, "a", 2, IFLA_LINKINFO, "\x05\0\x01\0\0\0\0\0", 8},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rtnl_message m = link_message(RTM_NEWLINK, AF_UNSPEC, rows[i].ifindex);

		if (rows[i].name_size)
			message_put(&m, IFLA_IFNAME, rows[i].name, rows[i].name_size);
		if (rows[i].payload)
			message_put(&m, rows[i].type, rows[i].payload, rows[i].size);
		if (decode(&m) != -EBADMSG)
			fail_msg("%s: was taken", rows[i].what_is_wrong);
	}
}

/* The attribute that is cut, or swallows others, is found out wherever the end is put. */
static void test_a_message_cut_anywhere(void **state)
{
	struct rtnl_message m = whole_link(), cut;
	uint32_t whole = m.nlh.nlmsg_len, len;
	int taken = 0;

	(void)state;
	for (len = NLMSG_HDRLEN; len < whole; len++) {
		cut = m;
		cut.nlh.nlmsg_len = len;
		if (decode(&cut) == 0)
			taken++;
		else
			assert_int_equal(event.type, LINK_EVENT_NONE);
	}
	/* After name, mtu, lower and master; after operstate and MAC, with any of their padding. */
	assert_int_equal(taken, 4 + 4 + 3);
	m.octets[NLMSG_HDRLEN + sizeof(struct ifinfomsg)] = 3; /* shorter than its header */
	assert_int_equal(decode(&m), -EBADMSG);
}

static struct rtnl_message whole_address(uint16_t type)
{
	struct rtnl_message m = address_message(type, AF_INET6, 7);
	struct in6_addr address = documentation_address(1);
	struct ifa_cacheinfo life = {.ifa_prefered = 50, .ifa_valid = 100};

	message_put(&m, IFA_ADDRESS, &address, sizeof(address));
	message_put(&m, IFA_CACHEINFO, &life, sizeof(life));
	message_put_u32(&m, IFA_FLAGS, 0x880);
	message_put(&m, IFA_PROTO, "\x12", 1);
	return m;
}

static void test_a_whole_address(void **state)
{
	struct in6_addr one = documentation_address(1);
	struct rtnl_message m = whole_address(RTM_NEWADDR);

	(void)state;
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.type, LINK_EVENT_ADDRESS);
	assert_int_equal(event.ifindex, 7);
	assert_memory_equal(&event.address.address, &one, sizeof(one));
	assert_int_equal(event.address.prefixlen, 64);
	assert_int_equal(event.address.flags, 0x880);
	assert_int_equal(event.address.proto, 0x12);
	assert_int_equal(event.address.preferred_s, 50);
	assert_int_equal(event.address.valid_s, 100);
	m = whole_address(RTM_DELADDR);
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.type, LINK_EVENT_ADDRESS_GONE);
	assert_memory_equal(&event.address.address, &one, sizeof(one));
}

static void test_an_address_without_further_attributes(void **state)
{
	struct in6_addr one = documentation_address(1);
	struct rtnl_message m = address_message(RTM_NEWADDR, AF_INET6, 7);

	(void)state;
	message_put(&m, IFA_ADDRESS, &one, sizeof(one));
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.address.flags, 0x80); /* the header's */
	assert_true(event.address.valid_s == LINK_ADDRESS_FOREVER);
	assert_true(event.address.preferred_s == LINK_ADDRESS_FOREVER);
}

static void test_with_a_peer_the_address_is_the_local_one(void **state)
{
	struct in6_addr local = documentation_address(2);
	struct rtnl_message m = whole_address(RTM_NEWADDR);

	(void)state;
	message_put(&m, IFA_LOCAL, &local, sizeof(local));
	assert_int_equal(decode(&m), 0);
	assert_memory_equal(&event.address.address, &local, sizeof(local));
}

static void test_ipv4_addresses_are_skipped(void **state)
{
	struct rtnl_message m = address_message(RTM_NEWADDR, AF_INET, 7);

	(void)state;
	message_put_u32(&m, IFA_ADDRESS, 0x0100007f);
	assert_int_equal(decode(&m), 0);
	assert_int_equal(event.type, LINK_EVENT_NONE);
}

static void test_bad_addresses(void **state)
{
	static const uint8_t octets[64] = {0x20, 0x01, 0x0d, 0xb8};
	static const struct {
		const char *what_is_wrong;
		uint32_t ifindex;
		uint16_t type;
		size_t size;
	} rows[] = {
		{"no address", 7, 4000, 16},
		{"address one short", 7, IFA_ADDRESS, 15},
		{"address one long", 7, IFA_ADDRESS, 17},
		{"address of IPv4", 7, IFA_ADDRESS, 4},
		{"local one short", 7, IFA_LOCAL, 15},
		{"ifindex 0", 0, IFA_ADDRESS, 16},
		{"ifindex over 31 bits", 0x80000000, IFA_ADDRESS, 16},
	};
	static const struct {
		const char *what_is_wrong;
		uint16_t type;
		size_t size;
	} more[] = {{"flags of 1 octet", IFA_FLAGS, 1}, {"life one short", IFA_CACHEINFO, 15},
		{"proto of 4 octets", IFA_PROTO, 4}};
	struct rtnl_message m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		m = address_message(RTM_NEWADDR, AF_INET6, rows[i].ifindex);
		message_put(&m, rows[i].type, octets, rows[i].size);
		if (decode(&m) != -EBADMSG)
			fail_msg("%s: was taken", rows[i].what_is_wrong);
	}
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		m = whole_address(RTM_NEWADDR);
		message_put(&m, more[i].type, octets, more[i].size);
		if (decode(&m) != -EBADMSG)
			fail_msg("%s: was taken", more[i].what_is_wrong);
	}
	m = whole_address(RTM_NEWADDR);
	m.octets[NLMSG_HDRLEN + 1] = 129;
	assert_int_equal(decode(&m), -EBADMSG); /* prefix length */
	m = whole_address(RTM_NEWADDR);
	message_put(&m, IFA_CACHEINFO, octets, 20); /* a newer kernel's, longer */
	assert_int_equal(decode(&m), 0);
	for (i = 0; i < sizeof(struct ifaddrmsg); i++) {
		m.nlh.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + i);
		assert_int_equal(decode(&m), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_link),
		cmocka_unit_test(test_alternative_names),
		cmocka_unit_test(test_a_link_with_only_a_name),
		cmocka_unit_test(test_lower_is_the_link_below),
		cmocka_unit_test(test_the_kind_of_its_master),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_links_of_other_families_are_skipped),
		cmocka_unit_test(test_ipv6_of_a_link_changed),
		cmocka_unit_test(test_other_messages_are_skipped),
		cmocka_unit_test(test_a_wireless_event_changes_nothing),
		cmocka_unit_test(test_a_link_gone),
		cmocka_unit_test(test_bad_links),
		cmocka_unit_test(test_a_message_cut_anywhere),
		cmocka_unit_test(test_a_whole_address),
		cmocka_unit_test(test_an_address_without_further_attributes),
		cmocka_unit_test(test_with_a_peer_the_address_is_the_local_one),
		cmocka_unit_test(test_ipv4_addresses_are_skipped),
		cmocka_unit_test(test_bad_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
