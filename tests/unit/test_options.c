/* SPDX-License-Identifier: ISC */
/*
 * What is answered because somebody asks: the client by its Option Request (RFC 9915 section
 * 21.7) or by Rapid Commit, a relay by its Echo Request (RFC 4994); and what relays supply for
 * their clients (RFC 6422).
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/bootd_bench.h"

enum { ERP_LOCAL_DOMAIN_NAME = 65, NIS_SERVERS = 27 };

static const char conf[] =
	"dns = {\"2001:db8::53\"}\n"
	"sol-max-rt = \"2h\" inf-max-rt = \"3h\" information-refresh = \"4h\" rapid-commit = true\n"
	"relay-supplied-options = {23, 27, 65}\n"
	"subnet \"2001:db8:1::/64\" {}\n"
	"subnet \"2001:db8:2::/64\" { addresses = none }\n";

static int start(void **state)
{
	return bench_setup(state, conf);
}

static bool has(const struct bench *b, uint16_t code)
{
	struct wire_in data;

	return bench_option(b, code, &data);
}

/* The data of the answer's option as text; "" where there is none. */
static const char *text_of(const struct bench *b, uint16_t code)
{
	static char text[64];
	struct wire_in data;

	memset(text, 0, sizeof(text));
	if (bench_option(b, code, &data))
		memcpy(text, data.pos, wire_left(&data));
	return text;
}

/* A relay around what b->out has so far, with these options of its own before the message. */
static void wrap(struct bench *b, const void *options, size_t len)
{
	uint8_t inner[sizeof(b->ask)];
	size_t inner_len = b->out.len;

	memcpy(inner, b->ask, inner_len);
	b->out = wire_out_of(b->ask, sizeof(b->ask));
	dhcp6_put_relay_header(&b->out, DHCP6_RELAY_FORW, 0, &b->link, &b->peer);
	wire_put_bytes(&b->out, options, len);
	dhcp6_put_option(&b->out, DHCP6_OPT_RELAY_MSG, inner, inner_len);
}

static enum exchange_drop hand_in(struct bench *b)
{
	assert_false(b->out.bad);
	return bench_octets(b, b->ask, b->out.len);
}

/* --- what the client asks for ---------------------------------------------------- */

static void test_timers_are_told_to_who_asks(void **state)
{
	static const struct {
		uint16_t code;
		uint32_t seconds;
		bool of_information;
	} timer[] = {
		{DHCP6_OPT_SOL_MAX_RT, 7200, false},
		{DHCP6_OPT_INF_MAX_RT, 10800, false},
		{DHCP6_OPT_INFO_REFRESH_TIME, 14400, true},
	};
	struct bench *b = *state;
	struct wire_in data;

	for (size_t i = 0; i < sizeof(timer) / sizeof(timer[0]); i++)
		for (int asked = 0; asked < 2; asked++) {
			bench_message(b, DHCP6_INFORMATION_REQUEST);
			if (asked)
				bench_put_oro(b, timer[i].code);
			assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
			assert_int_equal(bench_option(b, timer[i].code, &data), asked);
			if (asked)
				assert_int_equal(wire_get_u32(&data), timer[i].seconds);
			bench_message(b, DHCP6_SOLICIT);
			bench_put_ia(b, 1, NULL);
			if (asked)
				bench_put_oro(b, timer[i].code);
			assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
			assert_int_equal(has(b, timer[i].code), asked && !timer[i].of_information);
		}
}

/* SOL_MAX_RT is for those above all that get nothing (section 18.2.9). */
static void test_timer_beside_no_address(void **state)
{
	struct bench *b = *state;

	inet_pton(AF_INET6, "2001:db8:2::1", &b->link);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	bench_put_oro(b, DHCP6_OPT_SOL_MAX_RT);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_ADDRS_AVAIL);
	assert_true(has(b, DHCP6_OPT_SOL_MAX_RT));
}

/* --- Rapid Commit, section 18.3.1 -------------------------------------------------- */

static enum exchange_drop solicit(struct bench *b, bool rapid, const struct in6_addr *hint)
{
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, hint);
	if (rapid)
		dhcp6_put_option(&b->out, DHCP6_OPT_RAPID_COMMIT, NULL, 0);
	return bench_relay(b);
}

static void test_rapid_commit(void **state)
{
	struct bench *b = *state;
	struct in6_addr elsewhere;

	inet_pton(AF_INET6, "2001:db8:77::1", &elsewhere);
	assert_int_equal(solicit(b, true, &elsewhere), EXCHANGE_ANSWERED); /* a hint, no more */
	assert_int_equal(b->reply.type, DHCP6_REPLY);
	assert_true(has(b, DHCP6_OPT_RAPID_COMMIT));
	assert_true(b->has_address);
	assert_false(has(b, DHCP6_OPT_PREFERENCE));
	assert_int_equal(binding_table_find_address(&b->exchange.bindings, &b->address)->state,
		BINDING_BOUND);
	assert_int_equal(b->event.answer_type, DHCP6_REPLY);
	assert_int_equal(b->exchange.counters.sent[DHCP6_REPLY], 1);
}

static void test_no_rapid_commit(void **state)
{
	struct bench *b = *state;

	assert_int_equal(solicit(b, false, NULL), EXCHANGE_ANSWERED);
	assert_int_equal(b->reply.type, DHCP6_ADVERTISE); /* it does not ask */
	b->config->rapid_commit = false;
	assert_int_equal(solicit(b, true, NULL), EXCHANGE_ANSWERED);
	assert_int_equal(b->reply.type, DHCP6_ADVERTISE);
	assert_false(has(b, DHCP6_OPT_RAPID_COMMIT));
	b->config->rapid_commit = true;
	inet_pton(AF_INET6, "2001:db8:2::1", &b->link); /* nothing is there to be committed */
	assert_int_equal(solicit(b, true, NULL), EXCHANGE_ANSWERED);
	assert_int_equal(b->reply.type, DHCP6_ADVERTISE);
}

/* --- what the relay asks for, RFC 4994 ----------------------------------------------- */

static void test_echo_request(void **state)
{
	struct bench *b = *state;
	uint8_t options[256];
	struct wire_out own = wire_out_of(options, sizeof(options));
	struct wire_in data;
	size_t mark;

	dhcp6_put_option(&own, DHCP6_OPT_REMOTE_ID, "\0\0\0\1port", 8);
	dhcp6_put_option(&own, DHCP6_OPT_SUBSCRIBER_ID, "silent", 6);
	mark = dhcp6_open_option(&own, DHCP6_OPT_ERO);
	wire_put_u16(&own, DHCP6_OPT_REMOTE_ID);
	wire_put_u16(&own, DHCP6_OPT_RELAY_MSG);
	wire_put_u16(&own, DHCP6_OPT_ERO);
	wire_put_u16(&own, DHCP6_OPT_RELAY_ID); /* which it has not sent */
	dhcp6_close_option(&own, mark);
	bench_message(b, DHCP6_INFORMATION_REQUEST);
	wrap(b, "", 0);
	wrap(b, options, own.len);
	assert_int_equal(hand_in(b), EXCHANGE_ANSWERED);
	assert_int_equal(b->chain.count, 2);
	assert_true(dhcp6_option_find(b->chain.relay[0].options, DHCP6_OPT_REMOTE_ID, &data));
	assert_int_equal(wire_left(&data), 8);
	assert_false(dhcp6_option_find(b->chain.relay[0].options, DHCP6_OPT_SUBSCRIBER_ID, &data));
	assert_false(dhcp6_option_find(b->chain.relay[0].options, DHCP6_OPT_ERO, &data));
	assert_false(dhcp6_option_find(b->chain.relay[0].options, DHCP6_OPT_RELAY_ID, &data));
	/* each relay gets back its own */
	assert_false(dhcp6_option_find(b->chain.relay[1].options, DHCP6_OPT_REMOTE_ID, &data));
}

/* --- what relays supply, RFC 6422 ------------------------------------------------------ */

static void put_supplied(struct wire_out *out, uint16_t code, const char *text)
{
	size_t mark = dhcp6_open_option(out, DHCP6_OPT_RSOO);

	dhcp6_put_option(out, code, text, strlen(text));
	dhcp6_close_option(out, mark);
}

static void ask_through(
	struct bench *b, uint16_t asked, uint16_t code, const char *inner, const char *outer)
{
	uint8_t octets[64];
	struct wire_out options = wire_out_of(octets, sizeof(octets));

	bench_message(b, DHCP6_INFORMATION_REQUEST);
	bench_put_oro(b, asked);
	if (inner)
		put_supplied(&options, code, inner);
	wrap(b, octets, options.len);
	options = wire_out_of(octets, sizeof(octets));
	if (outer)
		put_supplied(&options, code, outer);
	wrap(b, octets, options.len);
	assert_int_equal(hand_in(b), EXCHANGE_ANSWERED);
}

static void test_relay_supplied(void **state)
{
	static const struct {
		uint16_t asked, code;
		const char *inner, *outer, *got;
	} row[] = {
		{ERP_LOCAL_DOMAIN_NAME, ERP_LOCAL_DOMAIN_NAME, NULL, "outer", "outer"},
		{ERP_LOCAL_DOMAIN_NAME, ERP_LOCAL_DOMAIN_NAME, "inner", NULL, "inner"},
		{ERP_LOCAL_DOMAIN_NAME, ERP_LOCAL_DOMAIN_NAME, "inner", "outer", "inner"},
		{NIS_SERVERS, NIS_SERVERS, "as configured", NULL, "as configured"},
		{DHCP6_OPT_DNS_SERVERS, ERP_LOCAL_DOMAIN_NAME, "not asked for", NULL, ""},
		{DHCP6_OPT_DOMAIN_LIST, DHCP6_OPT_DOMAIN_LIST, "not allowed", NULL, ""},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		ask_through(b, row[i].asked, row[i].code, row[i].inner, row[i].outer);
		assert_string_equal(text_of(b, row[i].code), row[i].got);
	}
}

static void test_the_servers_value_wins(void **state)
{
	struct bench *b = *state;
	struct in6_addr dns;
	struct wire_in data;

	inet_pton(AF_INET6, "2001:db8::53", &dns);
	ask_through(b, DHCP6_OPT_DNS_SERVERS, DHCP6_OPT_DNS_SERVERS, "an evil resolver", NULL);
	assert_true(bench_option(b, DHCP6_OPT_DNS_SERVERS, &data));
	assert_int_equal(wire_left(&data), sizeof(dns));
	assert_memory_equal(data.pos, &dns, sizeof(dns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_timers_are_told_to_who_asks, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_timer_beside_no_address, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_rapid_commit, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_no_rapid_commit, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_echo_request, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_relay_supplied, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_the_servers_value_wins, start, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
