/* SPDX-License-Identifier: ISC */
/*
 * The states of a client-facing link and its forward template, and what is
 * put in front of a message with it.
 */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "dhcp6/option.h"
#include "relayd/config/relay_conf_read.h"
#include "relayd/packet/forward.h"
#include "relayd/links/client_link.h"

static struct relay_conf *conf_of(const char *more)
{
	char text[512] = "interfaces = {\"lan*\"}\nserver \"2001:db8::547\" {}\n";
	struct config_problems problems = {0};
	struct relay_conf *conf = NULL;

	strcat(text, more);
	assert_int_equal(relay_conf_read_text("test", text, &conf, &problems), 0);
	return conf;
}

/* A link that is up, with a link-local address and one more. */
struct fixture {
	struct client_link cl;
	struct link link;
	struct link_address local, global;
};

static void set_up(struct fixture *f, const char *global, uint32_t flags)
{
	*f = (struct fixture){
		.link = {.ifindex = 5,
			.name = "lan1",
			.flags = IFF_UP | IFF_RUNNING,
			.hw_type = 1,
			.mac_len = 6},
		.cl = {.name = "lan1"},
	};
	f->local = (struct link_address){.prefixlen = 64, .next = global ? &f->global : NULL};
	inet_pton(AF_INET6, "fe80::1", &f->local.address);
	f->link.addresses = &f->local;
	if (global) {
		f->global = (struct link_address){.prefixlen = 64, .flags = flags, .seq = 1};
		inet_pton(AF_INET6, global, &f->global.address);
	}
	f->cl.link = &f->link;
}

static bool update(struct client_link *cl, const struct relay_conf *conf)
{
	client_link_identify(cl, conf, "rout");
	return client_link_update(cl, conf, "rout", true);
}

static void expect_state(
	struct fixture *f, const char *more, enum client_link_state state, const char *reason)
{
	struct relay_conf *conf = conf_of(more);

	update(&f->cl, conf);
	assert_int_equal(f->cl.state, state);
	assert_string_equal(f->cl.reason, reason);
	relay_conf_free(conf);
}

static void test_states(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, "2001:db8:1::1", 0);
	expect_state(&f, "", CLIENT_LINK_READY, "");
	assert_true(f.cl.forward.len > 0);

	f.link.flags = 0;
	expect_state(&f, "", CLIENT_LINK_DOWN, "administratively down");
	f.link.flags = IFF_UP;
	expect_state(&f, "", CLIENT_LINK_DOWN, "no carrier");

	f.link.flags = IFF_UP | IFF_RUNNING;
	f.link.master = 9;
	strcpy(f.link.port_kind, "bridge");
	expect_state(&f, "", CLIENT_LINK_PORT,
		"port of a bridge: messages arrive on the bridge");
	strcpy(f.link.port_kind, "vrf");
	expect_state(&f, "", CLIENT_LINK_READY, "");

	f.cl.link = NULL;
	expect_state(&f, "", CLIENT_LINK_ABSENT, "there is no link of this name");
	assert_int_equal(f.cl.forward.len, 0);

	set_up(&f, "2001:db8:1::1", IFA_F_TENTATIVE);
	expect_state(&f, "", CLIENT_LINK_TENTATIVE,
		"2001:db8:1::1 is under duplicate address detection");
	assert_int_equal(f.cl.forward.len, 0);

	set_up(&f, "2001:db8:1::1", IFA_F_DADFAILED | IFA_F_TENTATIVE);
	expect_state(&f, "", CLIENT_LINK_NO_ADDRESS, "2001:db8:1::1 is a duplicate on the link");

	set_up(&f, NULL, 0);
	expect_state(&f, "", CLIENT_LINK_NO_ADDRESS,
		"no global address on the link");
	expect_state(&f, "without-address = unspecified\n", CLIENT_LINK_READY,
		"no global address: link-address is ::");
	assert_true(f.cl.forward.len > 0);

	set_up(&f, "2001:db8:1::1", 0);
	f.cl.holder = -1;
	f.cl.join_error = 12;
	expect_state(&f, "", CLIENT_LINK_DOWN, "cannot join ff02::1:2: Cannot allocate memory");
}

static void test_a_section_that_turns_relaying_off(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, "2001:db8:1::1", 0);
	expect_state(&f, "link \"lan1\" { relay = false }\n", CLIENT_LINK_STANDBY,
		"relay = false in its section link");
	assert_int_equal(f.cl.forward.len, 0);
	expect_state(&f, "link \"lan1\" { relay = true }\n", CLIENT_LINK_READY, "");
}

/* Ready means that a client can be served both ways. */
static void test_states_without_ipv6_or_link_local_address(void **state)
{
	static const char *const configs[] = {"", "without-address = unspecified\n"};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		set_up(&f, "2001:db8:1::1", 0);
		f.local.flags = IFA_F_TENTATIVE;
		expect_state(&f, configs[i], CLIENT_LINK_TENTATIVE,
			"fe80::1 is under duplicate address detection");
		assert_true(f.cl.forward.len > 0);
		f.local.flags |= IFA_F_OPTIMISTIC;
		expect_state(&f, configs[i], CLIENT_LINK_READY, "");
		f.local.flags = IFA_F_TENTATIVE | IFA_F_DADFAILED;
		expect_state(&f, configs[i], CLIENT_LINK_NO_ADDRESS,
			"fe80::1 is a duplicate on the link");
		f.link.addresses = &f.global;
		expect_state(&f, configs[i], CLIENT_LINK_NO_ADDRESS,
			"no link-local address on the link: clients may drop replies");

		set_up(&f, NULL, 0);
		f.link.addresses = NULL;
		f.cl.ipv6_disabled = true;
		expect_state(&f, configs[i], CLIENT_LINK_DOWN,
			"IPv6 is disabled on the link (net.ipv6.conf.lan1.disable_ipv6)");
		f.link.mtu = 1279;
		f.cl.ipv6_disabled = false;
		expect_state(&f, configs[i], CLIENT_LINK_DOWN,
			"MTU 1279 is below 1280: the kernel has no IPv6 on the link");
	}
}

/* VRRP: relaying goes with an address, here the one that all VLANs share. */
static void test_standby_while_another_router_has_the_address(void **state)
{
	static const char rule[] = "link \"lan*\" { while-address = \"fe80::f\" }\n";
	struct link_address vip = {.prefixlen = 64, .seq = 9};
	struct link vmac_link = {
		.ifindex = 9, .name = "vrrp6.1", .mac_len = 6, .mac = {0, 0, 0x5e, 0, 2, 1}};
	struct fixture f;

	(void)state;
	inet_pton(AF_INET6, "fe80::f", &vip.address);
	set_up(&f, "2001:db8:1::1", 0);
	expect_state(&f, rule, CLIENT_LINK_STANDBY, "fe80::f is not assigned on this router: standby");
	assert_int_equal(f.cl.forward.len, 0);

	f.global.next = &vip;
	expect_state(&f, rule, CLIENT_LINK_READY, "");
	assert_true(f.cl.forward.len > 0);
	vip.flags = IFA_F_TENTATIVE;
	expect_state(&f, rule, CLIENT_LINK_STANDBY, "fe80::f is not assigned on this router: standby");
	f.global.next = NULL;

	vip.flags = 0;
	vmac_link.addresses = &vip;
	f.cl.vmacs = &vmac_link;
	expect_state(&f, rule, CLIENT_LINK_READY, "");
	f.cl.vmacs = NULL;

	expect_state(&f, "link \"vlan*\" { while-address = \"fe80::f\" }\n", CLIENT_LINK_READY, "");
}

static void test_addresses_of_a_macvlan_count(void **state)
{
	struct link_address vip = {.prefixlen = 128, .flags = IFA_F_DEPRECATED, .seq = 9};
	struct link vmac_link = {.ifindex = 9,
		.name = "vrrp6.1",
		.addresses = &vip,
		.mac_len = 6, .mac = {0, 0, 0x5e, 0, 2, 1}};
	struct relay_conf *conf = conf_of("");
	struct fixture f;

	(void)state;
	inet_pton(AF_INET6, "2001:db8:1::f", &vip.address);
	set_up(&f, NULL, 0);
	f.cl.vmacs = &vmac_link;
	assert_true(update(&f.cl, conf));
	assert_int_equal(f.cl.state, CLIENT_LINK_READY);
	assert_memory_equal(&f.cl.link_address, &vip.address, 16);
	assert_false(update(&f.cl, conf));

	/* The link's own goes first, so that a failover does not change the link-address. */
	vip.flags = 0;
	set_up(&f, "fd00::1", 0);
	f.cl.vmacs = &vmac_link;
	update(&f.cl, conf);
	assert_memory_equal(&f.cl.link_address, &f.global.address, 16);
	f.global.flags = IFA_F_DEPRECATED;
	update(&f.cl, conf);
	assert_memory_equal(&f.cl.link_address, &vip.address, 16);

	/* A macvlan that is not VRRP's does not count. */
	set_up(&f, NULL, 0);
	f.cl.vmacs = &vmac_link;
	vmac_link.mac[4] = 1;
	update(&f.cl, conf);
	assert_int_equal(f.cl.state, CLIENT_LINK_NO_ADDRESS);
	relay_conf_free(conf);
}

static void expect_link_address(struct fixture *f, const char *more, const char *expected)
{
	struct relay_conf *conf = conf_of(more);
	char text[INET6_ADDRSTRLEN];

	update(&f->cl, conf);
	inet_ntop(AF_INET6, &f->cl.link_address, text, sizeof(text));
	assert_string_equal(text, expected);
	relay_conf_free(conf);
}

static void test_a_configured_link_address(void **state)
{
	static const char suffix[] = "link \"lan*\" { link-address = \"::f\" }\n";
	static const char address[] = "link \"lan*\" { link-address = \"2001:db8:9::9\" }\n";
	struct fixture f;

	(void)state;
	set_up(&f, "2001:db8:1:2:3:4:5:6", 0);
	expect_link_address(&f, suffix, "2001:db8:1:2::f");
	f.global.prefixlen = 48;
	expect_link_address(&f, suffix, "2001:db8:1::f");
	expect_link_address(&f, address, "2001:db8:9::9");
	expect_link_address(&f, "link \"vlan*\" { link-address = \"::f\" }\n",
		"2001:db8:1:2:3:4:5:6");
	/* A suffix needs a prefix; an address needs nothing. */
	set_up(&f, NULL, 0);
	expect_link_address(&f, suffix, "::");
	assert_int_equal(f.cl.state, CLIENT_LINK_NO_ADDRESS);
	expect_link_address(&f, address, "2001:db8:9::9");
	assert_int_equal(f.cl.state, CLIENT_LINK_READY);
	assert_true(f.cl.forward.len > 0);
}

/* --- forwarding ---------------------------------------------------------------- */

static const uint8_t solicit[] = {1, 0xaa, 0xbb, 0xcc};
static const uint8_t mac[] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

static struct udp_datagram datagram_of(const uint8_t *data, size_t len, const char *to)
{
	struct udp_datagram d = {.data = data, .len = len, .ifindex = 5};

	inet_pton(AF_INET6, "fe80::5054:ff:fe12:3456", &d.peer.sin6_addr);
	inet_pton(AF_INET6, to, &d.local);
	return d;
}

/* The header as it must be, octet for octet. */
static void test_header_of_a_client_message(void **state)
{
	static const uint8_t expected[] = {
		12, 0, /* Relay-forward, hop-count */
		0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, /* link-address */
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0, 0xff, 0xfe, 0x12, 0x34,
		0x56,                                               /* peer */
		0, 18, 0, 4, 'l', 'a', 'n', '1',                    /* Interface-Id */
		0, 37, 0, 8, 0, 0, 0x7e, 0xd9, 'r', 'o', 'u', 't',  /* Remote-ID */
		0, 79, 0, 8, 0, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56, /* client link-layer address */
		0, 9, 0, 4,                                         /* Relay Message */
	};
	struct udp_datagram d = datagram_of(solicit, sizeof(solicit), "ff02::1:2");
	struct relay_conf *conf = conf_of("remote-id = \"%h\"\nenterprise-number = 32473\n");
	uint8_t header[FORWARD_HEADER_MAX];
	struct fixture f;
	size_t len;

	(void)state;
	set_up(&f, "2001:db8:1::1", 0);
	update(&f.cl, conf);
	assert_int_equal(forward_client_message(&f.cl, &d, mac, header, &len), RELAY_PASS);
	assert_int_equal(len, sizeof(expected));
	assert_memory_equal(header, expected, len);

	assert_int_equal(forward_client_message(&f.cl, &d, NULL, header, &len), RELAY_PASS);
	assert_int_equal(len, sizeof(expected) - 12);
	assert_memory_equal(header + len - 4, expected + sizeof(expected) - 4, 4);
	relay_conf_free(conf);
}

static void test_types_that_clients_must_not_send(void **state)
{
	struct relay_conf *conf = conf_of("");
	static const uint8_t server_types[] = {2, 7, 10};
	uint8_t header[FORWARD_HEADER_MAX];
	struct fixture f;
	struct udp_datagram d = datagram_of(solicit, sizeof(solicit), "2001:db8:1::1");
	size_t len;

	(void)state;
	set_up(&f, "2001:db8:1::1", 0);
	update(&f.cl, conf);
	assert_int_equal(forward_client_message(&f.cl, &d, mac, header, &len), RELAY_DROP_UNICAST);
	for (size_t i = 0; i < sizeof(server_types); i++) {
		const uint8_t message[] = {server_types[i], 0, 0, 0};

		d = datagram_of(message, sizeof(message), "ff02::1:2");
		assert_int_equal(forward_client_message(&f.cl, &d, mac, header, &len),
			RELAY_DROP_SERVER_TYPE);
	}
	relay_conf_free(conf);
}

static void test_the_longest_message(void **state)
{
	struct relay_conf *conf = conf_of("");
	static const uint8_t octets[65535] = {1};
	uint8_t header[FORWARD_HEADER_MAX];
	struct fixture f;
	size_t len;
	/* relay header, Interface-Id "lan1", option 79, option 9 */
	const size_t most = 65527 - (34 + 8 + 12 + 4);
	struct udp_datagram d = datagram_of(octets, most, "ff02::1:2");

	(void)state;
	set_up(&f, "2001:db8:1::1", 0);
	update(&f.cl, conf);
	assert_int_equal(forward_client_message(&f.cl, &d, mac, header, &len), RELAY_PASS);
	assert_int_equal(len + most, 65527);
	d.len++;
	assert_int_equal(forward_client_message(&f.cl, &d, mac, header, &len), RELAY_DROP_TOO_LONG);
	relay_conf_free(conf);
}

static void test_relays_below(void **state)
{
	struct relay_conf *conf = conf_of("");
	uint8_t message[DHCP6_RELAY_HEADER_LEN] = {12, 7};
	uint8_t header[FORWARD_HEADER_MAX];
	struct udp_datagram d = datagram_of(message, sizeof(message), "2001:db8:100::1");
	struct fixture f;
	size_t len;

	(void)state;
	set_up(&f, "2001:db8:1::1", 0);
	update(&f.cl, conf);
	assert_int_equal(
		forward_relayed_message(&f.cl,
			(struct forward_policy){.trusted = false, .rsoo = true}, &d, header, &len),
		RELAY_DROP_UNTRUSTED_RELAY);
	/* link-local: link-address and Interface-Id of the link, never option 79 */
	assert_int_equal(
		forward_relayed_message(&f.cl,
			(struct forward_policy){.trusted = true, .rsoo = true}, &d, header, &len),
		RELAY_PASS);
	assert_int_equal(header[1], 8);
	assert_memory_equal(header + 2, &f.global.address, 16);
	assert_int_equal(len, 34 + 8 + 4);
	/* from a link without clients, with no global address: a reply could not reach it */
	assert_int_equal(
		forward_relayed_message(NULL,
			(struct forward_policy){.trusted = true, .rsoo = true}, &d, header, &len),
		RELAY_DROP_NOT_SERVED);
	/* from there, and not configured */
	assert_int_equal(
		forward_relayed_message(NULL,
			(struct forward_policy){.trusted = false, .rsoo = true}, &d, header, &len),
		RELAY_DROP_UNTRUSTED_RELAY);
	/* global: link-address zero */
	inet_pton(AF_INET6, "2001:db8:5::1", &d.peer.sin6_addr);
	assert_int_equal(
		forward_relayed_message(NULL,
			(struct forward_policy){.trusted = true, .rsoo = true}, &d, header, &len),
		RELAY_PASS);
	assert_int_equal(len, 34 + 4);
	assert_int_equal(header[2], 0);
	message[1] = 8;
	assert_int_equal(
		forward_relayed_message(NULL,
			(struct forward_policy){.trusted = true, .rsoo = true}, &d, header, &len),
		RELAY_DROP_HOP_LIMIT);
	d.len--;
	assert_int_equal(
		forward_relayed_message(NULL,
			(struct forward_policy){.trusted = true, .rsoo = true}, &d, header, &len),
		RELAY_DROP_SHORT);
	relay_conf_free(conf);
}

/* RFC 8357: what follows the Interface-Id, by the relay's own port and that of one below. */
static void test_ports_of_relays(void **state)
{
	static const struct {
		const char *more;
		bool is_relay;
		uint16_t port; /* that it came from */
		int value;     /* of the option, -1: none */
	} rows[] = {
		{"", false, 546, -1},
		{"", false, 1234, -1}, /* a client may send from any port */
		{"", true, 547, -1},
		{"", true, 1547, 1547},
		{"source-port = 2547", false, 546, 0},
		{"source-port = 2547", true, 547, 0},
		{"source-port = 2547", true, 1547, 1547},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct relay_conf *conf = conf_of(rows[i].more);
		struct forward_policy policy = {.trusted = true, .own_port = *rows[i].more};
		uint8_t message[DHCP6_RELAY_HEADER_LEN] = {12, 0};
		uint8_t header[FORWARD_HEADER_MAX];
		struct udp_datagram d = datagram_of(message, sizeof(message), "ff02::1:2");
		struct wire_in options, port;
		struct fixture f;
		size_t len;

		set_up(&f, "2001:db8:1::1", 0);
		update(&f.cl, conf);
		d.peer.sin6_port = htons(rows[i].port);
		if (!rows[i].is_relay)
			message[0] = DHCP6_SOLICIT;
		policy.rsoo = true;
		assert_int_equal(rows[i].is_relay
					 ? forward_relayed_message(&f.cl, policy, &d, header, &len)
					 : forward_client_message(&f.cl, &d, NULL, header, &len),
			RELAY_PASS);
		options = wire_in_of(
			header + DHCP6_RELAY_HEADER_LEN, len - DHCP6_RELAY_HEADER_LEN - 4);
		assert_int_equal(len, 34 + 8 + (rows[i].value < 0 ? 0 : 6) + 4);
		if (dhcp6_option_find(options, DHCP6_OPT_RELAY_PORT, &port) != (rows[i].value >= 0))
			fail_msg("row %zu", i);
		if (rows[i].value >= 0)
			assert_int_equal(wire_get_u16(&port), rows[i].value);
		relay_conf_free(conf);
	}
}

static void test_options_that_relays_supply(void **state)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;
	struct relay_conf *conf = conf_of("");
	struct forward_policy strict = {.trusted = true, .rsoo = false};
	struct forward_policy open = {.trusted = true, .rsoo = true};
	uint8_t inner[128], outer[256], header[FORWARD_HEADER_MAX];
	struct wire_out out = wire_out_of(inner, sizeof(inner));
	struct udp_datagram d;
	struct fixture f;
	size_t len;

	(void)state;
	set_up(&f, "2001:db8:1::1", 0);
	update(&f.cl, conf);
	/* a nest of two without, then with the option at the inner level */
	for (int with = 0; with < 2; with++) {
		struct wire_out nest = wire_out_of(outer, sizeof(outer));

		out = wire_out_of(inner, sizeof(inner));
		dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &any, &any);
		if (with)
			dhcp6_put_option(&out, DHCP6_OPT_RSOO, "", 0);
		dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, solicit, sizeof(solicit));
		dhcp6_put_relay_header(&nest, DHCP6_RELAY_FORW, 1, &any, &any);
		dhcp6_put_option(&nest, DHCP6_OPT_RELAY_MSG, inner, out.len);
		d = datagram_of(outer, nest.len, "ff02::1:2");
		assert_int_equal(
			forward_relayed_message(&f.cl, open, &d, header, &len), RELAY_PASS);
		assert_int_equal(forward_relayed_message(&f.cl, strict, &d, header, &len),
			with ? RELAY_DROP_RSOO : RELAY_PASS);
	}
	/* what cannot be read cannot be said to have none */
	d.len -= 2;
	assert_int_equal(forward_relayed_message(&f.cl, strict, &d, header, &len), RELAY_DROP_RSOO);
	relay_conf_free(conf);
}

/* What may be in a message of a client: at the client's link, and inside what relays below send. */
static void test_types_that_no_client_sends(void **state)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;
	static const uint8_t relayed[] = {1, 3, 4, 5, 6, 8, 9, 11, 20, 36, 38, 99, 255};
	struct relay_conf *conf = conf_of("");
	struct forward_policy policy = {.trusted = true, .rsoo = true};
	uint8_t outer[128], header[FORWARD_HEADER_MAX];
	struct fixture f;
	size_t len;

	(void)state;
	set_up(&f, "2001:db8:1::1", 0);
	update(&f.cl, conf);
	for (unsigned type = 1; type < 256; type++) {
		uint8_t message[] = {(uint8_t)type, 1, 2, 3};
		struct udp_datagram d = datagram_of(message, sizeof(message), "ff02::1:2");
		enum relay_drop wanted = RELAY_DROP_SERVER_TYPE;
		struct wire_out out = wire_out_of(outer, sizeof(outer));

		if (type > 37 || memchr(relayed, (int)type, sizeof(relayed)))
			wanted = RELAY_PASS;
		else if (type == DHCP6_LEASEQUERY)
			wanted = RELAY_DROP_LEASEQUERY;
		if (type == DHCP6_RELAY_FORW || type == DHCP6_RELAY_REPL)
			continue; /* go by other paths */
		assert_int_equal(
			forward_client_message(&f.cl, &d, NULL, header, &len), wanted);
		dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &any, &any);
		dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, message, sizeof(message));
		d = datagram_of(outer, out.len, "ff02::1:2");
		assert_int_equal(
			forward_relayed_message(&f.cl, policy, &d, header, &len), wanted);
	}
	relay_conf_free(conf);
}

static void test_the_link_on_which_an_address_is_on_link(void **state)
{
	static const struct {
		const char *own, *vmacs, *client;
		uint8_t own_len, vmacs_len;
		int ifindex;
	} rows[] = {
		{"2001:db8:1::1", "2001:db8:1::f", "2001:db8:1::abcd", 64, 64, 5},
		{"2001:db8:2::1", "2001:db8:1::f", "2001:db8:1::abcd", 64, 64, 6},
		{"2001:db8:2::1", "2001:db8:1::f", "2001:db8:3::1", 64, 64, 5},
		{"2001:db8:0::1", "2001:db8:1::f", "2001:db8:1::abcd", 47, 64, 5},
		{"2001:db8:0::1", "2001:db8:1::f", "2001:db8:1::abcd", 48, 64, 6},
		{"2001:db8:1::2", "2001:db8:1::4", "2001:db8:1::3", 127, 64, 5},
		{"2001:db8:1::1", "2001:db8:1::4", "2001:db8:1::3", 127, 126, 5},
		{"2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::3", 127, 126, 6},
		{"2001:db8:1::3", "2001:db8:1::2", "2001:db8:1::3", 128, 120, 6},
		{"2001:db8:1::1", "2001:db8:1::2", "ffff::", 0, 64, 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f, above;
		struct in6_addr client;

		set_up(&f, rows[i].own, 0);
		set_up(&above, rows[i].vmacs, 0);
		f.global.prefixlen = rows[i].own_len;
		above.global.prefixlen = rows[i].vmacs_len;
		above.link.ifindex = 6;
		f.cl.vmacs = &above.link;
		inet_pton(AF_INET6, rows[i].client, &client);
		if (client_link_ifindex_for(&f.cl, &client) != rows[i].ifindex)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_a_section_that_turns_relaying_off),
		cmocka_unit_test(test_states_without_ipv6_or_link_local_address),
		cmocka_unit_test(test_standby_while_another_router_has_the_address),
		cmocka_unit_test(test_addresses_of_a_macvlan_count),
		cmocka_unit_test(test_a_configured_link_address),
		cmocka_unit_test(test_the_link_on_which_an_address_is_on_link),
		cmocka_unit_test(test_header_of_a_client_message),
		cmocka_unit_test(test_types_that_clients_must_not_send),
		cmocka_unit_test(test_the_longest_message),
		cmocka_unit_test(test_relays_below),
		cmocka_unit_test(test_ports_of_relays),
		cmocka_unit_test(test_options_that_relays_supply),
		cmocka_unit_test(test_types_that_no_client_sends),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
