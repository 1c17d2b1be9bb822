/* SPDX-License-Identifier: ISC */
/*
 * Where the message inside a Relay-reply goes, and which Relay-replies go
 * nowhere: rows of octets, each named by what is wrong with it.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "dhcp6/option.h"
#include "relayd/config/relay_conf_read.h"
#include "relayd/packet/relay_state.h"
#include "relayd/packet/reply.h"

struct fixture {
	struct relay_conf *conf;
	struct link_table table;
	struct client_links links;
	struct link link;
};

static int set_up(void **state)
{
	static struct fixture f;
	struct config_problems problems = {0};

	assert_int_equal(relay_conf_read_text("test",
				 "interfaces = {\"lan1\", \"gone\"}\nserver \"2001:db8::547\" {}\n",
				 &f.conf, &problems),
		0);
	assert_int_equal(link_table_init(&f.table, NULL, NULL), 0);
	assert_int_equal(client_links_init(&f.links, &f.table, f.conf, -1), 0);
	/* One link is there, with an address; the other one is awaited. */
	f.link = (struct link){.ifindex = 7, .name = "lan1"};
	f.links.registry.first->link = &f.link;
	inet_pton(AF_INET6, "2001:db8:1::1", &f.links.registry.first->link_address);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	client_links_fini(&f->links);
	link_table_fini(&f->table);
	relay_conf_free(f->conf);
	return 0;
}

/* A Relay-reply with what is asked for; NULL and 0 leave it out. */
static size_t make_reply(uint8_t *to, size_t size, const char *interface_id,
	const char *link_address, const char *peer, const void *inner, size_t inner_len)
{
	struct wire_out out = wire_out_of(to, size);
	struct in6_addr link = {0}, to_peer = {0};

	if (link_address)
		assert_int_equal(inet_pton(AF_INET6, link_address, &link), 1);
	assert_int_equal(inet_pton(AF_INET6, peer, &to_peer), 1);
	dhcp6_put_relay_header(&out, DHCP6_RELAY_REPL, 0, &link, &to_peer);
	if (interface_id)
		dhcp6_put_option(&out, DHCP6_OPT_INTERFACE_ID, interface_id, strlen(interface_id));
	if (inner)
		dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, inner, inner_len);
	assert_false(out.bad);
	return out.len;
}

static void test_destinations_of_replies(void **state)
{
	static const uint8_t advertise[] = {2, 1, 2, 3}, relayed[] = {13, 0}, strange[] = {200};
	static const struct {
		const char *what, *interface_id, *link_address, *peer;
		const uint8_t *inner;
		size_t inner_len;
		enum relay_drop drop;
		uint16_t port;
	} rows[] = {
		{"by Interface-Id", "lan1", NULL, "fe80::9", advertise, 4, RELAY_PASS, 546},
		{"by link-address", NULL, "2001:db8:1::1", "fe80::9", advertise, 4, RELAY_PASS,
			546},
		{"Interface-Id wins", "lan1", "2001:db8:2::1", "fe80::9", advertise, 4, RELAY_PASS,
			546},
		{"to a relay", "lan1", NULL, "fe80::9", relayed, 2, RELAY_PASS, 547},
		{"of unknown type", "lan1", NULL, "fe80::9", strange, 1, RELAY_PASS, 546},
		{"to a registering client", "lan1", NULL, "2001:db8:1::9", advertise, 4, RELAY_PASS,
			546},
		{"unknown name", "lan2", "2001:db8:1::1", "fe80::9", advertise, 4,
			RELAY_DROP_UNKNOWN_LINK, 0},
		{"name too long", "a-name-beyond-any-link", NULL, "fe80::9", advertise, 4,
			RELAY_DROP_UNKNOWN_LINK, 0},
		{"empty name", "", NULL, "fe80::9", advertise, 4, RELAY_DROP_UNKNOWN_LINK, 0},
		{"link that has gone", "gone", NULL, "fe80::9", advertise, 4, RELAY_DROP_LINK_GONE,
			0},
		{"unknown link-address", NULL, "2001:db8:2::1", "fe80::9", advertise, 4,
			RELAY_DROP_UNKNOWN_LINK, 0},
		{"neither", NULL, NULL, "fe80::9", advertise, 4, RELAY_DROP_UNKNOWN_LINK, 0},
		{"neither, to a client with a global address", NULL, NULL, "2001:db8:9::9",
			advertise, 4, RELAY_DROP_UNKNOWN_LINK, 0},
		{"no message", "lan1", NULL, "fe80::9", NULL, 0, RELAY_DROP_NO_RELAY_MESSAGE, 0},
		{"empty message", "lan1", NULL, "fe80::9", advertise, 0,
			RELAY_DROP_NO_RELAY_MESSAGE, 0},
		{"to all nodes", "lan1", NULL, "ff02::1", advertise, 4, RELAY_DROP_MALFORMED, 0},
		{"to nobody", "lan1", NULL, "::", advertise, 4, RELAY_DROP_MALFORMED, 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t octets[128];
		struct udp_datagram d = {.data = octets};
		struct reply reply;
		enum relay_drop drop;

		d.len = make_reply(octets, sizeof(octets), rows[i].interface_id,
			rows[i].link_address, rows[i].peer, rows[i].inner, rows[i].inner_len);
		drop = reply_decide(&f->links, &d, &reply);
		if (drop != rows[i].drop)
			fail_msg("%s: %s", rows[i].what, relay_drop_name(drop));
		if (drop)
			continue;
		assert_ptr_equal(reply.cl, f->links.registry.first);
		assert_int_equal(reply.port, rows[i].port);
		assert_int_equal(wire_left(&reply.message), rows[i].inner_len);
		assert_memory_equal(reply.message.pos, rows[i].inner, rows[i].inner_len);
	}
}

static void test_a_relay_beyond_routers_needs_no_link(void **state)
{
	static const uint8_t relayed[] = {13, 0};
	struct fixture *f = *state;
	uint8_t octets[128];
	struct udp_datagram d = {.data = octets};
	struct reply reply;

	d.len = make_reply(octets, sizeof(octets), NULL, NULL, "2001:db8:5::1", relayed, 2);
	assert_int_equal(reply_decide(&f->links, &d, &reply), RELAY_PASS);
	assert_null(reply.cl);
	assert_int_equal(reply.port, 547);
}

/* RFC 8357: the port of the relay below; nothing that it says is for a client. */
static void test_the_port_of_a_relay_below(void **state)
{
	static const uint8_t advertise[] = {2, 1, 2, 3}, relayed[] = {13, 0};
	static const struct {
		const uint8_t *inner;
		size_t inner_len, option_len;
		enum relay_drop drop;
		uint8_t option[3];
		uint16_t port;
	} rows[] = {
		{relayed, 2, 2, RELAY_PASS, {6, 11}, 1547},
		{relayed, 2, 2, RELAY_PASS, {0, 0}, 547},
		{advertise, 4, 2, RELAY_PASS, {6, 11}, 546},
		{relayed, 2, 0, RELAY_DROP_MALFORMED, {0}, 0},
		{relayed, 2, 1, RELAY_DROP_MALFORMED, {6}, 0},
		{relayed, 2, 3, RELAY_DROP_MALFORMED, {6, 11, 0}, 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t octets[128];
		struct udp_datagram d = {.data = octets};
		struct reply reply;
		struct wire_out more;

		d.len = make_reply(octets, sizeof(octets), "lan1", NULL, "2001:db8:1::9",
			rows[i].inner, rows[i].inner_len);
		more = wire_out_of(octets + d.len, sizeof(octets) - d.len);
		dhcp6_put_option(&more, DHCP6_OPT_RELAY_PORT, rows[i].option, rows[i].option_len);
		d.len += more.len;
		if (reply_decide(&f->links, &d, &reply) != rows[i].drop)
			fail_msg("row %zu", i);
		if (rows[i].drop == RELAY_PASS)
			assert_int_equal(reply.port, rows[i].port);
	}
}

static void test_every_truncation_is_refused(void **state)
{
	static const uint8_t advertise[] = {2, 1, 2, 3};
	struct fixture *f = *state;
	uint8_t octets[128];
	struct udp_datagram d = {.data = octets};
	struct reply reply;
	size_t whole = make_reply(octets, sizeof(octets), "lan1", NULL, "fe80::9", advertise, 4);

	for (d.len = 0; d.len < whole; d.len++)
		assert_int_not_equal(reply_decide(&f->links, &d, &reply), RELAY_PASS);
	assert_int_equal(reply_decide(&f->links, &d, &reply), RELAY_PASS);
}

/* gc_thresh3 = 1024 has 8 hosts for each of 128 links. */
static void test_when_a_small_neighbour_table_is_warned_of(void **state)
{
	struct ipv6_neighbour_table table = {.entries = 10, .limit = 1024};

	(void)state;
	assert_false(neighbours_are_scarce(&table, 128));
	assert_true(neighbours_are_scarce(&table, 129));
	table.entries = 768;
	assert_false(neighbours_are_scarce(&table, 1));
	table.entries = 769;
	assert_true(neighbours_are_scarce(&table, 1));
	table = (struct ipv6_neighbour_table){.limit = UINT32_MAX};
	assert_false(neighbours_are_scarce(&table, 4094));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_destinations_of_replies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_relay_beyond_routers_needs_no_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_port_of_a_relay_below, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_every_truncation_is_refused, set_up, tear_down),
		cmocka_unit_test(test_when_a_small_neighbour_table_is_warned_of),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
