/* SPDX-License-Identifier: ISC */
/*
 * Tracing: what a datagram shows of its client, and whose filter takes it.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dhcp6/option.h"
#include "relayd/view/trace_filter.h"

static const uint8_t frame_mac[] = {2, 0, 0x5e, 0x10, 0, 1};
static const uint8_t duid[] = {0, 3, 0, 1, 2, 0, 0, 0, 0, 9};

static struct in6_addr address_of(const char *text)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

/* A message with a Client Identifier and, where `leased` is given, an address in an IA_NA. */
static struct wire_in message_of(uint8_t type, const char *leased, uint8_t *buf, size_t size)
{
	struct wire_out out = wire_out_of(buf, size);
	struct in6_addr address;

	dhcp6_put_message_header(&out, type, 0x123456);
	dhcp6_put_option(&out, DHCP6_OPT_CLIENTID, duid, sizeof(duid));
	if (leased) {
		size_t mark = dhcp6_open_ia_na(&out, 1, 0, 0);

		address = address_of(leased);
		dhcp6_put_iaaddr(&out, &address, 1, 2);
		dhcp6_close_option(&out, mark);
	}
	assert_false(out.bad);
	return wire_in_of(buf, out.len);
}

/* The same in a relay header. */
static struct wire_in relayed(uint8_t type, const char *peer, const uint8_t *mac,
	struct wire_in inner, uint8_t *buf, size_t size)
{
	struct wire_out out = wire_out_of(buf, size);
	struct in6_addr peer_address = address_of(peer), link = address_of("2001:db8:1::1");

	dhcp6_put_relay_header(&out, type, 0, &link, &peer_address);
	if (mac)
		dhcp6_put_linklayer(&out, 1, mac, 6);
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, inner.pos, wire_left(&inner));
	assert_false(out.bad);
	return wire_in_of(buf, out.len);
}

static void test_facts_of_a_clients_message(void **state)
{
	struct in6_addr peer = address_of("fe80::5"), leased = address_of("2001:db8:1::77");
	struct trace_message facts;
	uint8_t buf[256];

	(void)state;
	trace_message_read(
		&facts, &peer, message_of(DHCP6_REQUEST, "2001:db8:1::77", buf, sizeof(buf)));
	assert_int_equal(facts.type, DHCP6_REQUEST);
	assert_int_equal(facts.xid, 0x123456);
	assert_int_equal(facts.duid.len, sizeof(duid));
	assert_null(facts.mac_by);
	assert_true(trace_message_has_address(&facts, &leased));
	assert_false(trace_message_has_address(&facts, &peer));
	trace_message_guess_mac(&facts);
	assert_string_equal(facts.mac_by, "duid");
	assert_memory_equal(facts.mac, duid + 4, 6);
}

static void test_facts_below_relays(void **state)
{
	struct in6_addr peer = address_of("fe80::99");
	struct trace_message facts;
	uint8_t a[256], b[512], c[512];
	struct wire_in in = message_of(DHCP6_SOLICIT, NULL, a, sizeof(a));

	(void)state;
	in = relayed(DHCP6_RELAY_FORW, "fe80::5", frame_mac, in, b, sizeof(b));
	in = relayed(DHCP6_RELAY_FORW, "2001:db8::5", NULL, in, c, sizeof(c));
	trace_message_read(&facts, &peer, in);
	assert_int_equal(facts.relays, 2);
	assert_int_equal(facts.type, DHCP6_SOLICIT);
	assert_string_equal(facts.mac_by, "relay");
	assert_memory_equal(facts.mac, frame_mac, 6);
	peer = address_of("fe80::5");
	assert_memory_equal(&facts.client, &peer, 16);
}

static void test_facts_of_the_relay_header(void **state)
{
	struct in6_addr peer = address_of("fe80::5"), link = address_of("2001:db8:1::1");
	struct trace_message facts = {0};
	uint8_t header[256];
	struct wire_out out = wire_out_of(header, sizeof(header));

	(void)state;
	memset(header, 0xff, sizeof(header));
	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &link, &peer);
	dhcp6_put_option(&out, DHCP6_OPT_INTERFACE_ID, "lan1", 4);
	dhcp6_put_linklayer(&out, 1, frame_mac, 6);
	wire_put_u16(&out, DHCP6_OPT_RELAY_MSG);
	wire_put_u16(&out, 99); /* what follows is elsewhere */
	trace_message_add_header(&facts, header, sizeof(header), "ebpf");
	assert_memory_equal(&facts.link_address, &link, 16);
	assert_memory_equal(&facts.client, &peer, 16);
	assert_int_equal(wire_left(&facts.interface_id), 4);
	assert_string_equal(facts.mac_by, "ebpf");
}

static void test_broken_messages_have_few_facts(void **state)
{
	static const uint8_t junk[] = {DHCP6_RELAY_FORW, 0, 1, 2, 3};
	struct in6_addr peer = address_of("fe80::5");
	struct trace_message facts;

	(void)state;
	for (size_t len = 0; len <= sizeof(junk); len++) {
		trace_message_read(&facts, &peer, wire_in_of(junk, len));
		assert_int_equal(facts.type, len ? DHCP6_RELAY_FORW : 0);
		assert_int_equal(facts.relays, 0);
		assert_int_equal(facts.duid.len, 0);
		trace_message_add_header(&facts, junk, len, "ebpf");
	}
}

static struct trace_filter filter_of(const char *word, const char *another)
{
	char one[128], two[128], why[256];
	char *words[] = {one, two};
	struct trace_filter filter;

	snprintf(one, sizeof(one), "%s", word);
	snprintf(two, sizeof(two), "%s", another ? another : "");
	assert_int_equal(trace_filter_parse(&filter, another ? 2 : 1, words, why, sizeof(why)), 0);
	return filter;
}

static void test_filter_by_one_attribute(void **state)
{
	static const struct {
		const char *word;
		bool takes;
	} rows[] = {
		{"mac=02:00:5e:10:00:01", true},
		{"mac=02:00:5e:10:00:02", false},
		{"duid=00030001020000000009", true},
		{"duid=00030001020000000008", false},
		{"link=lan1", true},
		{"link=lan2", false},
		{"address=fe80::5", true},
		{"address=2001:db8:1::77", true},
		{"address=2001:db8:1::78", false},
	};
	struct in6_addr peer = address_of("fe80::5");
	struct trace_message facts;
	uint8_t a[256], b[512];
	struct wire_in in = message_of(DHCP6_REQUEST, "2001:db8:1::77", a, sizeof(a));

	(void)state;
	in = relayed(DHCP6_RELAY_FORW, "fe80::5", frame_mac, in, b, sizeof(b));
	trace_message_read(&facts, &peer, in);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trace_filter filter = filter_of(rows[i].word, NULL);

		if (trace_filter_match(&filter, "lan1", &facts) != rows[i].takes)
			fail_msg("%s", rows[i].word);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trace_filter filter = filter_of("mac=02:00:5e:10:00:01", rows[i].word);

		if (trace_filter_match(&filter, "lan1", &facts) != rows[i].takes)
			fail_msg("%s and the right MAC", rows[i].word);
	}
}

/* A Reply has no MAC in it; the client that it goes to has shown its own before. */
static void test_a_filter_learns_where_its_clients_are(void **state)
{
	struct trace_filter filter = filter_of("mac=02:00:5e:10:00:01", NULL);
	struct in6_addr server = address_of("2001:db8::69");
	struct trace_message request, reply;
	uint8_t a[256], b[512], c[512];
	struct wire_in in = message_of(DHCP6_SOLICIT, NULL, a, sizeof(a));

	(void)state;
	trace_message_read(
		&reply, &server, relayed(DHCP6_RELAY_REPL, "fe80::5", NULL, in, b, sizeof(b)));
	trace_message_guess_mac(&reply);
	assert_false(trace_filter_match(&filter, "lan1", &reply));
	trace_message_read(&request, &server,
		relayed(DHCP6_RELAY_FORW, "fe80::5", frame_mac, in, c, sizeof(c)));
	assert_true(trace_filter_match(&filter, "lan1", &request));
	assert_true(trace_filter_match(&filter, "lan1", &reply));
	assert_false(trace_filter_match(&filter, "lan2", &reply));
	for (int i = 0; i < 3 * TRACE_CLIENTS_KNOWN; i++) { /* the oldest are forgotten */
		request.client.s6_addr[14] = (uint8_t)(i + 1);
		assert_true(trace_filter_match(&filter, "lan1", &request));
	}
	assert_false(trace_filter_match(&filter, "lan1", &reply));
}

static void test_words_that_are_no_filter(void **state)
{
	static const char *const bad[] = {"mac=5", "mac", "colour=red", "address=here", "duid=xy",
		"link=", "link=a-name-that-is-too-long", "=", ""};
	struct trace_filter filter;
	char why[512], word[64];
	char *words[] = {word};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(word, sizeof(word), "%s", bad[i]);
		assert_true(trace_filter_parse(&filter, 1, words, why, sizeof(why)) < 0);
		assert_non_null(strstr(why, "expected"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_of_a_clients_message),
		cmocka_unit_test(test_facts_below_relays),
		cmocka_unit_test(test_facts_of_the_relay_header),
		cmocka_unit_test(test_broken_messages_have_few_facts),
		cmocka_unit_test(test_filter_by_one_attribute),
		cmocka_unit_test(test_a_filter_learns_where_its_clients_are),
		cmocka_unit_test(test_words_that_are_no_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
