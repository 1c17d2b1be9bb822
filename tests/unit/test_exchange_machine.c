/* SPDX-License-Identifier: ISC */
/*
 * Which machine asks, and that it has one address, whatever it calls itself at each stage of its
 * boot.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
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
static void test_one_address_from_hint_to_proof(void **state)
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

/* --- hosts and keys ---------------------------------------------------------- */

/* Whoever sits on it, whatever it did before: its host gets what the operator wrote. */
static void test_host_never_lacks_its_address(void **state)
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
		bench_ask(b, i % 2 ? DHCP6_DECLINE : DHCP6_RELEASE, i, &host);
	}
	bench_set_mac(b, "52:54:00:12:34:56");
	other = bench_ask(b, DHCP6_SOLICIT, 1, &host);
	assert_memory_not_equal(&host, &other, sizeof(host));
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
		WITH_BENCH(test_one_machine_one_address),
		WITH_BENCH(test_without_mac_the_duid_counts),
		WITH_BENCH(test_mac_sources_of_a_relayed_client),
		WITH_BENCH(test_mac_of_a_direct_client_is_its_frames),
		WITH_BENCH(test_one_address_from_hint_to_proof),
		WITH_BENCH(test_host_never_lacks_its_address),
		WITH_BENCH(test_host_address),
		WITH_BENCH(test_uuid_is_the_same_of_uefi_and_ipxe),
		WITH_BENCH(test_chain_of_relays),
		WITH_BENCH(test_same_key_same_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
