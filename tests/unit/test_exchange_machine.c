/* SPDX-License-Identifier: ISC */
/*
 * Which machine asks, and that it has one address, whatever it calls itself at each stage of its
 * boot.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/exchange_bench.h"

static void test_one_machine_one_address(void **state)
{
	struct bench *b = *state;
	struct in6_addr uefi = bench_bind(b), ipxe, other;

	assert_int_equal(dhcp6_duid_parse("000400112233445566778899aabbccddeeff", &b->duid), 0);
	ipxe = bench_ask(b, DHCP6_SOLICIT, 99, NULL);
	assert_memory_equal(&uefi, &ipxe, sizeof(uefi));
	ipxe = bench_ask(b, DHCP6_REQUEST, 99, &ipxe);
	assert_memory_equal(&uefi, &ipxe, sizeof(uefi));
	bench_set_mac(b, "52:54:00:99:99:99");
	other = bench_ask(b, DHCP6_SOLICIT, 99, NULL);
	assert_memory_not_equal(&uefi, &other, sizeof(uefi));
	assert_int_equal(binding_table_count(&b->exchange.bindings), 2);
}

static void test_without_mac_the_duid_counts(void **state)
{
	struct bench *b = *state;
	struct in6_addr first, second;

	b->with_mac = false;
	assert_int_equal(dhcp6_duid_parse("0002000000090001", &b->duid), 0);
	first = bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_int_equal(b->event.facts == NULL, false);
	assert_false(b->decision.machine.is_mac);
	assert_int_equal(dhcp6_duid_parse("0002000000090002", &b->duid), 0);
	second = bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_memory_not_equal(&first, &second, sizeof(first));
}

/* --- where the MAC comes from ------------------------------------------------ */

static void check_mac(const struct bench *b, enum client_mac_source source, const char *mac)
{
	char text[MACHINE_TEXT];

	assert_int_equal(b->mac_source, source);
	assert_string_equal(machine_format(&b->decision.machine, text), mac);
}

/* Option 79 before the EUI-64 of the address before the DUID; none of them: the DUID itself. */
static void test_mac_sources_of_a_relayed_client(void **state)
{
	struct bench *b = *state;

	inet_pton(AF_INET6, "fe80::5054:ff:fe00:e064", &b->peer);
	assert_int_equal(dhcp6_duid_parse("0003000152540000d01d", &b->duid), 0);
	bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	check_mac(b, CLIENT_MAC_RELAY, "52:54:00:12:34:56");
	b->with_mac = false;
	bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	check_mac(b, CLIENT_MAC_EUI64, "52:54:00:00:e0:64");
	inet_pton(AF_INET6, "fe80::1:2:3:4", &b->peer);
	bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	check_mac(b, CLIENT_MAC_DUID, "52:54:00:00:d0:1d");
	assert_int_equal(dhcp6_duid_parse("0002000000090001", &b->duid), 0);
	bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	check_mac(b, CLIENT_MAC_UNKNOWN, "0002000000090001");
	assert_false(client_mac_is_hint(CLIENT_MAC_RELAY) || client_mac_is_hint(CLIENT_MAC_FRAME));
	assert_true(client_mac_is_hint(CLIENT_MAC_EUI64) && client_mac_is_hint(CLIENT_MAC_DUID));
}

/* On a link of ours the frame counts; a client cannot say option 79 itself. */
static void test_mac_of_a_direct_client_is_its_frames(void **state)
{
	static const uint8_t framed[] = {0x52, 0x54, 0, 0, 0xf7, 0xa3},
			     forged[] = {2, 2, 2, 2, 2, 2};
	struct bench *b = *state;
	struct in6_addr own;

	inet_pton(AF_INET6, "2001:db8:1::1", &own);
	b->arrival.on_link = &own;
	b->arrival.on_links = 1;
	b->arrival.mac = framed;
	inet_pton(AF_INET6, "fe80::5054:ff:fe00:e064", &b->arrival.source);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	dhcp6_put_linklayer(&b->out, 1, forged, 6);
	assert_int_equal(bench_direct(b), EXCHANGE_ANSWERED);
	check_mac(b, CLIENT_MAC_FRAME, "52:54:00:00:f7:a3");
}

/*
 * A whole boot: each stage with a DUID and IAID of its own; the relay that tells the MAC
 * comes only later, and before that the MAC is read from the client's address.
 */
static void test_one_address_when_the_mac_gets_verified(void **state)
{
	static const struct stage {
		const char *duid;
		uint32_t iaid;
		bool with_mac;
	} stage[] = {
		{"000433221100554477668899aabbccddeeff", 0x11111111, false}, /* UEFI */
		{"000433221100554477668899aabbccddeeff", 0x22222222, true},
		{"000400112233445566778899aabbccddeeff", 0xaa55b0df, true}, /* iPXE */
		{"00030001525400123456", 0, true},                          /* GRUB */
		{"000200000ab11234567890abcdef", 0x33333333, false},        /* systemd */
		{"000100012a2b2c2d525400123456", 0x33333333, true},         /* another installer */
	};
	struct bench *b = *state;
	struct in6_addr first = {0}, got;

	inet_pton(AF_INET6, "fe80::5054:ff:fe12:3456", &b->peer);
	for (size_t i = 0; i < sizeof(stage) / sizeof(stage[0]); i++) {
		assert_int_equal(dhcp6_duid_parse(stage[i].duid, &b->duid), 0);
		b->with_mac = stage[i].with_mac;
		got = bench_ask(b, DHCP6_SOLICIT, stage[i].iaid, NULL);
		check_mac(b, stage[i].with_mac ? CLIENT_MAC_RELAY : CLIENT_MAC_EUI64,
			"52:54:00:12:34:56");
		got = bench_ask(b, DHCP6_REQUEST, stage[i].iaid, &got);
		if (i == 0)
			first = got;
		assert_memory_equal(&first, &got, sizeof(got));
		/* EDK2 releases what the next stage goes on using. */
		bench_ask(b, DHCP6_RELEASE, stage[i].iaid, &got);
		b->now_ms += 20000;
		binding_table_expire(&b->exchange.bindings, b->now_ms);
	}
	assert_int_equal(binding_table_count(&b->exchange.bindings), 1);
}

/* Only the relay next to the client knows the MAC; the innermost link-address that is one counts.
 */
static void test_chain_of_relays(void **state)
{
	static const uint8_t inner_mac[] = {0x52, 0x54, 0, 0, 0, 1},
			     outer_mac[] = {2, 2, 2, 2, 2, 2};
	static const struct in6_addr none;
	struct bench *b = *state;
	uint8_t inner[1024], outer[2048];
	struct wire_out in = wire_out_of(inner, sizeof(inner)),
			out = wire_out_of(outer, sizeof(outer));
	struct wire_in data;

	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	dhcp6_put_relay_header(&in, DHCP6_RELAY_FORW, 0, &none, &b->peer);
	dhcp6_put_linklayer(&in, 1, inner_mac, 6);
	dhcp6_put_option(&in, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 1, &b->link, &b->arrival.source);
	dhcp6_put_linklayer(&out, 1, outer_mac, 6);
	dhcp6_put_u16_option(&out, DHCP6_OPT_RELAY_PORT, 0);
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, inner, in.len);
	b->arrival.multicast = false;
	b->arrival.source_port = 33333;
	assert_int_equal(bench_octets(b, outer, out.len), EXCHANGE_ANSWERED);
	assert_int_equal(b->chain.count, 2);
	assert_int_equal(b->chain.relay[0].hop_count, 1);
	assert_int_equal(b->chain.relay[1].hop_count, 0);
	assert_memory_equal(b->decision.machine.octets, inner_mac, 6);
	assert_true(dhcp6_option_find(b->chain.relay[0].options, DHCP6_OPT_RELAY_PORT, &data));
	assert_false(dhcp6_option_find(b->chain.relay[1].options, DHCP6_OPT_RELAY_PORT, &data));
	assert_int_equal(b->answer.port, 33333); /* RFC 8357 */
}

/* RFC 9915 section 13.1: the link-address next to the client that is not :: says where it is. */
static void test_innermost_link_address(void **state)
{
	struct in6_addr other = bench_in6("2001:db8:2::1");
	struct bench *b = *state;
	uint8_t inner[1024], outer[2048];
	struct wire_out in = wire_out_of(inner, sizeof(inner)),
			out = wire_out_of(outer, sizeof(outer));

	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	dhcp6_put_relay_header(&in, DHCP6_RELAY_FORW, 0, &b->link, &b->peer);
	dhcp6_put_option(&in, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 1, &other, &b->arrival.source);
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, inner, in.len);
	assert_int_equal(bench_octets(b, outer, out.len), EXCHANGE_ANSWERED);
	assert_string_equal(b->decision.subnet->text, "2001:db8:1::/64");
}

/* --- relays without a link-address --------------------------------------------------------- */

static const char unnumbered_conf[] =
	"subnet \"2001:db8:1::/64\" { interface-id = \"vlan100\" relay-id = "
	"\"00030001525400aaaaaa\" }\n"
	"subnet \"2001:db8:2::/64\" { interface-id = \"vlan100\" }\n"
	"subnet \"2001:db8:3::/64\" { remote-id = \"port-7\" }\n"
	"subnet \"2001:db8:4::/64\" { interface = \"eth0\" }\n"
	"host \"at-port\" { interface-id = \"ge-0/0/1\" remote-id = \"rack-3\" "
	"address = \"2001:db8:4::99\" }\n";

/* A Solicit through one relay with link-address :: and these options. */
static enum exchange_drop ask_unnumbered(struct bench *b, const char *interface_id,
	const char *remote_id, const char *relay_id, bool multicast)
{
	uint8_t datagram[1024];
	struct wire_out out = wire_out_of(datagram, sizeof(datagram));
	struct dhcp6_duid duid;
	size_t mark;

	b->arrival.multicast = multicast;
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &in6addr_any, &b->peer);
	if (interface_id)
		dhcp6_put_option(&out, DHCP6_OPT_INTERFACE_ID, interface_id, strlen(interface_id));
	if (remote_id) {
		mark = dhcp6_open_option(&out, DHCP6_OPT_REMOTE_ID);
		wire_put_u32(&out, 9);
		wire_put_bytes(&out, remote_id, strlen(remote_id));
		dhcp6_close_option(&out, mark);
	}
	if (relay_id) {
		assert_int_equal(dhcp6_duid_parse(relay_id, &duid), 0);
		dhcp6_put_option(&out, DHCP6_OPT_RELAY_ID, duid.octets, duid.len);
	}
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
	return bench_octets(b, datagram, out.len);
}

static void test_relay_without_link_address(void **state)
{
	static const struct {
		const char *interface_id, *remote_id, *relay_id, *subnet; /* NULL: none */
	} row[] = {
		{"vlan100", NULL, "00030001525400aaaaaa", "2001:db8:1::/64"},
		{"vlan100", NULL, "00030001525400bbbbbb", "2001:db8:2::/64"},
		{"vlan100", NULL, NULL, "2001:db8:2::/64"},
		{"vlan1000", NULL, NULL, NULL},
		{"vlan10", NULL, "00030001525400aaaaaa", NULL},
		{NULL, "port-7", NULL, "2001:db8:3::/64"},
		{NULL, NULL, "00030001525400aaaaaa", NULL},
		{NULL, NULL, NULL, NULL},
	};
	struct bench b;

	(void)state;
	bench_start(&b, unnumbered_conf);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		enum exchange_drop drop = ask_unnumbered(
			&b, row[i].interface_id, row[i].remote_id, row[i].relay_id, false);

		assert_int_equal(drop, row[i].subnet ? EXCHANGE_ANSWERED : DROP_NO_SUBNET);
		if (row[i].subnet)
			assert_string_equal(b.decision.subnet->text, row[i].subnet);
	}
	bench_stop(&b);
}

/* RFC 6221: a switch on the client's link, which has no address; its options say the port. */
static void test_ldra_on_our_link(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, unnumbered_conf);
	assert_int_equal(ask_unnumbered(&b, "ge-0/0/1", "rack-3", NULL, true), EXCHANGE_ANSWERED);
	assert_string_equal(b.decision.subnet->text, "2001:db8:4::/64");
	assert_string_equal(bench_text(&b.address), "2001:db8:4::99");
	assert_int_equal(b.chain.count, 1);
	assert_int_equal(b.answer.port, DHCP6_SERVER_PORT);
	assert_int_equal(b.answer.ifindex, 3);
	/* a relay that sends to all servers is not on our link */
	b.arrival.to_servers = true;
	assert_int_equal(ask_unnumbered(&b, "ge-0/0/1", "rack-3", NULL, true), DROP_NO_SUBNET);
	/* and no client sends to these */
	bench_message(&b, DHCP6_SOLICIT);
	bench_put_ia(&b, 1, NULL);
	assert_int_equal(bench_direct(&b), DROP_UNICAST);
	bench_stop(&b);
}

/* --- hosts and keys ---------------------------------------------------------- */

/* Whoever sits on it, whatever it did before: its host gets what the operator wrote. */
static void test_a_host_always_has_an_address(void **state)
{
	struct bench *b = *state;
	struct in6_addr host, other;

	inet_pton(AF_INET6, "2001:db8:1::d1", &host);
	other = bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	binding_table_set_address(&b->exchange.bindings,
		binding_table_find_address(&b->exchange.bindings, &other), &host, false);
	bench_set_mac(b, "52:54:00:00:00:d1");
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(
			dhcp6_duid_parse("000400112233445566778899aabbccddeeff", &b->duid), 0);
		b->duid.octets[17] = (uint8_t)i;
		other = bench_ask(b, DHCP6_SOLICIT, i, NULL);
		assert_memory_equal(&host, &other, sizeof(host));
		other = bench_ask(b, DHCP6_REQUEST, i, &host);
		assert_memory_equal(&host, &other, sizeof(host));
		bench_ask(b, DHCP6_RELEASE, i, &host);
	}
	bench_set_mac(b, "52:54:00:12:34:56");
	other = bench_ask(b, DHCP6_SOLICIT, 1, &host);
	assert_memory_not_equal(&host, &other, sizeof(host));
}

/* --- several interfaces, several IAs ------------------------------------------------ */

/* A message of a system, which sends no architecture, through a relay without option 79. */
static struct in6_addr ask_without_mac(
	struct bench *b, uint8_t type, uint32_t iaid, const char *peer, const struct in6_addr *has)
{
	b->with_mac = false;
	b->peer = bench_in6(peer);
	bench_message(b, type);
	if (type != DHCP6_SOLICIT && type != DHCP6_REBIND)
		bench_put_server_id(b);
	bench_put_ia(b, iaid, has);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	return b->address;
}

/* One DUID on two interfaces, each with its IAID: two addresses, and each keeps its own. */
static void test_one_duid_on_two_interfaces(void **state)
{
	static const char *const duid[] = {"000400112233445566778899aabbccddee01", /* DUID-UUID */
		"0001000112345678525400123456", /* DUID-LLT, with a MAC in it */
		"00020000ab11aabbccddeeff0011"};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(duid) / sizeof(duid[0]); i++) {
		struct in6_addr one, two, again;

		assert_int_equal(dhcp6_duid_parse(duid[i], &b->duid), 0);
		one = ask_without_mac(b, DHCP6_REQUEST, 11, "fe80::a", NULL);
		two = ask_without_mac(b, DHCP6_REQUEST, 22, "fe80::b", NULL);
		assert_memory_not_equal(&one, &two, sizeof(one));
		again = ask_without_mac(b, DHCP6_RENEW, 11, "fe80::a", &one);
		assert_memory_equal(&one, &again, sizeof(one));
		again = ask_without_mac(b, DHCP6_RENEW, 22, "fe80::b", &two);
		assert_memory_equal(&two, &again, sizeof(two));
		/* each releases its own */
		ask_without_mac(b, DHCP6_RELEASE, 11, "fe80::a", &one);
		assert_null(binding_table_find_address(&b->exchange.bindings, &one));
		assert_int_equal(binding_table_find_address(&b->exchange.bindings, &two)->state,
			BINDING_BOUND);
	}
}

/* Firmware changes its IAID at each boot: without a MAC it is its DUID. */
static void test_firmware_without_mac(void **state)
{
	struct bench *b = *state;
	struct in6_addr one, two;

	b->with_mac = false;
	assert_int_equal(dhcp6_duid_parse("000400112233445566778899aabbccddee01", &b->duid), 0);
	one = bench_bind(b);
	two = bench_ask(b, DHCP6_SOLICIT, 99, NULL);
	assert_memory_equal(&one, &two, sizeof(one));
}

/* Cloned machines share DUID and IAID: that is reported once, a new link-local address never. */
static void test_clones_are_reported_once(void **state)
{
	struct bench *b = *state;
	unsigned reports = 0;

	assert_int_equal(dhcp6_duid_parse("0001000112345678525400123456", &b->duid), 0);
	ask_without_mac(b, DHCP6_REQUEST, 1, "fe80::a", NULL);
	ask_without_mac(b, DHCP6_REQUEST, 1, "fe80::b", NULL);
	assert_false(b->event.is_duplicate); /* it may have changed its address */
	for (int i = 0; i < 6; i++) {
		ask_without_mac(b, DHCP6_REQUEST, 1, i % 2 ? "fe80::b" : "fe80::a", NULL);
		reports += b->event.is_duplicate;
	}
	assert_int_equal(reports, 1);
}

struct two_ias {
	struct in6_addr address[2]; /* :: for one with a status */
};

static struct two_ias ask_two(struct bench *b, uint8_t type, uint32_t first,
	const struct in6_addr *has_first, uint32_t second, const struct in6_addr *has_second)
{
	struct two_ias result = {0};
	struct dhcp6_option option;
	struct wire_in options, data;
	struct dhcp6_iaaddr address;
	struct dhcp6_ia_na ia;
	unsigned n = 0;

	bench_message(b, type);
	if (type == DHCP6_REQUEST || type == DHCP6_RENEW)
		bench_put_server_id(b);
	bench_put_ia(b, first, has_first);
	bench_put_ia(b, second, has_second);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	for (options = b->reply.options; dhcp6_option_next(&options, &option);) {
		if (option.code != DHCP6_OPT_IA_NA)
			continue;
		assert_int_equal(dhcp6_get_ia_na(option.data, &ia), 0);
		assert_int_equal(ia.iaid, n == 0 ? first : second);
		if (dhcp6_option_find(ia.options, DHCP6_OPT_IAADDR, &data)) {
			assert_int_equal(dhcp6_get_iaaddr(data, &address), 0);
			assert_true(address.valid_s > 0);
			result.address[n] = address.address;
		}
		n++;
	}
	assert_int_equal(n, 2);
	return result;
}

static bool is_none(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address);
}

/* RFC 9915 section 6.3: a system may have an address for each IA; in any order it keeps them. */
static void test_two_ias_of_a_system(void **state)
{
	struct bench *b = *state;
	struct two_ias first = ask_two(b, DHCP6_REQUEST, 11, NULL, 22, NULL), then;

	assert_false(is_none(&first.address[0]) || is_none(&first.address[1]));
	assert_memory_not_equal(&first.address[0], &first.address[1], 16);
	for (int i = 0; i < 2; i++) {
		uint8_t type = i ? DHCP6_RENEW : DHCP6_REBIND;

		then = ask_two(b, type, 22, &first.address[1], 11, &first.address[0]);
		assert_memory_equal(&then.address[1], &first.address[0], 16);
		assert_memory_equal(&then.address[0], &first.address[1], 16);
	}
	/* an IA alone keeps its own as well */
	bench_message(b, DHCP6_RENEW);
	bench_put_server_id(b);
	bench_put_ia(b, 22, &first.address[1]);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_memory_equal(&b->address, &first.address[1], 16);
	/* one MAC cannot have any number of addresses */
	for (uint32_t iaid = 100; iaid < 120; iaid++)
		ask_two(b, DHCP6_REQUEST, 11, &first.address[0], iaid, NULL);
	assert_int_equal(binding_table_count(&b->exchange.bindings), MACHINE_IAS_MAX);
}

/* Firmware has one address, whatever IAs it sends: the IA that names it keeps it. */
static void test_two_ias_of_firmware(void **state)
{
	static const uint8_t type[] = {DHCP6_REQUEST, DHCP6_RENEW, DHCP6_REBIND};
	struct bench *b = *state;
	struct in6_addr own = bench_bind(b), none = {0};

	for (size_t i = 0; i < sizeof(type); i++)
		for (int order = 0; order < 2; order++) {
			struct dhcp6_option option;
			struct wire_in options, data;
			struct dhcp6_ia_na ia;

			bench_message(b, type[i]);
			if (type[i] != DHCP6_REBIND)
				bench_put_server_id(b);
			bench_put_arch(b, 7);
			bench_put_ia(b, order ? 11 : 22, order ? &own : NULL);
			bench_put_ia(b, order ? 22 : 11, order ? NULL : &own);
			assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
			for (options = b->reply.options; dhcp6_option_next(&options, &option);) {
				if (option.code != DHCP6_OPT_IA_NA)
					continue;
				assert_int_equal(dhcp6_get_ia_na(option.data, &ia), 0);
				assert_int_equal(
					dhcp6_option_find(ia.options, DHCP6_OPT_IAADDR, &data),
					ia.iaid == 11);
			}
		}
	assert_int_equal(binding_table_count(&b->exchange.bindings), 1);
	assert_memory_not_equal(&own, &none, sizeof(own));
}

/* --- one host, two machines ------------------------------------------------------------ */

static const char two_macs_conf[] =
	"subnet \"2001:db8:1::/64\" {}\n"
	"host \"two\" { mac = {\"52:54:00:00:00:01\", \"52:54:00:00:00:02\"}\n"
	"  address = \"2001:db8:1::d1\" }\n";
static const char port_conf[] =
	"subnet \"2001:db8:2::/64\" { addresses = none }\n"
	"host \"port\" { interface-id = \"vlan100\" subnet = \"2001:db8:2::/64\"\n"
	"  address = \"2001:db8:2::d2\" }\n";

/* The second gets another address, or none, as long as the first one renews. */
static void judge_two_machines(struct bench *b, const char *fixed, bool has_other)
{
	struct in6_addr address = bench_in6(fixed), one, two;

	bench_set_mac(b, "52:54:00:00:00:01");
	one = bench_bind(b);
	assert_memory_equal(&one, &address, sizeof(one));
	for (int i = 0; i < 3; i++) {
		b->now_ms += BOOT_LIFETIME_S / 2 * 1000;
		bench_set_mac(b, "52:54:00:00:00:02");
		two = bench_ask(b, DHCP6_REQUEST, 2, NULL);
		assert_int_equal(b->has_address, has_other);
		if (has_other)
			assert_memory_not_equal(&two, &address, sizeof(two));
		assert_memory_equal(b->decision.holder.octets, "\x52\x54\0\0\0\1", 6);
		bench_set_mac(b, "52:54:00:00:00:01");
		one = bench_ask(b, DHCP6_RENEW, 1, &address);
		assert_memory_equal(&one, &address, sizeof(one));
		assert_int_equal(b->decision.holder.len, 0);
	}
	/* the first one is gone: the second has it */
	b->now_ms += (BOOT_LIFETIME_S + 1) * 1000;
	binding_table_expire(&b->exchange.bindings, b->now_ms);
	bench_set_mac(b, "52:54:00:00:00:02");
	two = bench_ask(b, DHCP6_REQUEST, 2, NULL);
	assert_memory_equal(&two, &address, sizeof(two));
}

static void test_host_with_two_macs(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, two_macs_conf);
	judge_two_machines(&b, "2001:db8:1::d1", true);
	bench_stop(&b);
}

/* A BMC and its host behind one port, in a subnet without other addresses. */
static void test_two_machines_behind_one_port(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, port_conf);
	b.link = bench_in6("2001:db8:2::1");
	judge_two_machines(&b, "2001:db8:2::d2", false);
	bench_stop(&b);
}

/* The operator gives a host an address that is leased: the machine that has it is not cut off. */
static void test_a_host_gets_its_address_when_the_lease_ends(void **state)
{
	struct in6_addr leased, got;
	char conf[512];
	struct bench b;

	(void)state;
	bench_start(&b, two_macs_conf);
	bench_set_mac(&b, "52:54:00:00:00:77");
	leased = bench_bind(&b);
	snprintf(conf, sizeof(conf),
		"subnet \"2001:db8:1::/64\" {}\n"
		"host \"new\" { mac = \"52:54:00:00:00:88\" address = \"%s\" }\n",
		bench_text(&leased));
	bench_reload(&b, conf);
	bench_set_mac(&b, "52:54:00:00:00:88");
	got = bench_bind(&b);
	assert_memory_not_equal(&got, &leased, sizeof(got));
	assert_memory_equal(b.decision.holder.octets, "\x52\x54\0\0\0\x77", 6);
	/* the machine that has it moves when it renews */
	bench_set_mac(&b, "52:54:00:00:00:77");
	bench_ask(&b, DHCP6_RENEW, 1, &leased);
	assert_memory_not_equal(&b.address, &leased, sizeof(leased));
	bench_set_mac(&b, "52:54:00:00:00:88");
	got = bench_ask(&b, DHCP6_RENEW, 1, &got);
	assert_memory_equal(&got, &leased, sizeof(got));
	bench_stop(&b);
}

static void test_host_address(void **state)
{
	struct bench *b = *state;
	struct in6_addr got;

	bench_set_mac(b, "52:54:00:00:00:d1");
	got = bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_string_equal(bench_text(&got), "2001:db8:1::d1");
	/* in a subnet without addresses, by a UUID in SMBIOS order */
	bench_set_mac(b, "52:54:00:00:00:d2");
	inet_pton(AF_INET6, "2001:db8:2::1", &b->link);
	assert_int_equal(dhcp6_duid_parse("000433221100554477668899aabbccddeeff", &b->duid), 0);
	got = bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_string_equal(bench_text(&got), "2001:db8:2::d2");
}

/* UEFI sends the octets of SMBIOS, iPXE those of RFC 6355: ${uuid} is the same. */
static void test_uuid_is_the_same_of_uefi_and_ipxe(void **state)
{
	struct bench *b = *state;

	assert_int_equal(dhcp6_duid_parse("000433221100554477668899aabbccddeeff", &b->duid), 0);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	bench_put_arch(b, 11);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_string_equal(
		b->url, "tftp://[2001:db8::69]/00112233-4455-6677-8899-aabbccddeeff.efi");
	assert_int_equal(dhcp6_duid_parse("000400112233445566778899aabbccddeeff", &b->duid), 0);
	bench_message(b, DHCP6_INFORMATION_REQUEST);
	bench_put_arch(b, 11);
	bench_put_user_class(b, "iPXE");
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_string_equal(b->url, "http://[2001:db8::69]/b.ipxe?m=52:54:00:12:34:56"
				    "&u=00112233-4455-6677-8899-aabbccddeeff");
}

/* Two servers with one key, and one after its restart, say the same. */
static void test_same_key_same_address(void **state)
{
	struct bench other, *b = *state;
	struct in6_addr here = bench_ask(b, DHCP6_SOLICIT, 1, NULL), there;

	bench_start(&other, exchange_conf);
	there = bench_ask(&other, DHCP6_SOLICIT, 2, NULL);
	assert_memory_equal(&here, &there, sizeof(here));
	other.config->key[0] ^= 1;
	bench_stop(&other);
	bench_start(&other, exchange_conf);
	other.config->key[0] ^= 1;
	there = bench_ask(&other, DHCP6_SOLICIT, 2, NULL);
	assert_memory_not_equal(&here, &there, sizeof(here));
	bench_stop(&other);
}

int main(void)
{
#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, exchange_bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relay_without_link_address),
		cmocka_unit_test(test_ldra_on_our_link),
		cmocka_unit_test_setup_teardown(
			test_one_duid_on_two_interfaces, exchange_bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_firmware_without_mac, exchange_bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_clones_are_reported_once, exchange_bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_two_ias_of_a_system, exchange_bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_two_ias_of_firmware, exchange_bench_setup, bench_teardown),
		cmocka_unit_test(test_host_with_two_macs),
		cmocka_unit_test(test_two_machines_behind_one_port),
		cmocka_unit_test(test_a_host_gets_its_address_when_the_lease_ends),
		WITH_BENCH(test_one_machine_one_address),
		WITH_BENCH(test_without_mac_the_duid_counts),
		WITH_BENCH(test_mac_sources_of_a_relayed_client),
		WITH_BENCH(test_mac_of_a_direct_client_is_its_frames),
		WITH_BENCH(test_one_address_when_the_mac_gets_verified),
		WITH_BENCH(test_a_host_always_has_an_address),
		WITH_BENCH(test_host_address),
		WITH_BENCH(test_uuid_is_the_same_of_uefi_and_ipxe),
		WITH_BENCH(test_chain_of_relays),
		WITH_BENCH(test_innermost_link_address),
		WITH_BENCH(test_same_key_same_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
