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
	"relay-supplied-options = {23, nis-servers, 65}\n"
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

static void test_timers_are_sent_on_request(void **state)
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
	struct dhcp6_option option;
	struct in6_addr dns;
	struct wire_in data, options;
	unsigned count = 0;

	inet_pton(AF_INET6, "2001:db8::53", &dns);
	ask_through(b, DHCP6_OPT_DNS_SERVERS, DHCP6_OPT_DNS_SERVERS, "an evil resolver", NULL);
	options = b->reply.options;
	while (dhcp6_option_next(&options, &option))
		count += option.code == DHCP6_OPT_DNS_SERVERS;
	assert_int_equal(count, 1);
	assert_true(bench_option(b, DHCP6_OPT_DNS_SERVERS, &data));
	assert_int_equal(wire_left(&data), sizeof(dns));
	assert_memory_equal(data.pos, &dns, sizeof(dns));
}

/* --- options of the configuration ---------------------------------------------------------- */

#define HOST_MAC "52:54:00:12:34:56" /* the bench's machine */

static const char scopes_conf[] =
	"dns = {\"2001:db8::1\"}\n"
	"option \"tzdb-timezone\" = \"Etc/UTC\"\n"
	"option \"ntp-servers\" = {\"2001:db8::123\", \"ff05::101\", \"ntp.example.org\"}\n"
	"option \"sztp-redirect\" = {\"https://a.example/\", \"https://b.example/\"}\n"
	"option \"vendor-options\" = {\"4491/1=text:abc\", \"9/2=u16:7\", \"4491/3=hex:00ff\"}\n"
	"option \"200\" = {\"u8:1\", \"u32:0x10\", \"text:x\", \"domain:a.b\"}\n"
	"group \"g1\" { option \"41\" = \"of the first group\" }\n"
	"group \"g2\" { option \"41\" = \"of the second\" option \"103\" = \"of the second\" }\n"
	"host \"h\" { mac = \"" HOST_MAC "\" group = {\"g1\", \"g2\"}\n"
	"  option \"dns-servers\" = \"2001:db8::4\" }\n"
	"subnet \"2001:db8:1::/64\" { option \"dns-servers\" = \"2001:db8::2\"\n"
	"  option \"tzdb-timezone\" = \"Europe/Berlin\"\n"
	"  class \"c\" { user-class = \"c\" option \"dns-servers\" = \"2001:db8::3\" } }\n"
	"subnet \"2001:db8:2::/64\" {}\n";

static int start_scopes(void **state)
{
	return bench_setup(state, scopes_conf);
}

/* The data of the option in the answer to a machine, which requests it. */
static struct wire_in requested(
	struct bench *b, uint16_t code, const char *link, bool is_host, const char *user_class)
{
	struct wire_in data = wire_in_of(NULL, 0);

	b->mac[5] = is_host ? 0x56 : 0x77;
	inet_pton(AF_INET6, link, &b->link);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	bench_put_oro(b, code);
	if (user_class)
		bench_put_user_class(b, user_class);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	bench_option(b, code, &data);
	return data;
}

/* Host before group before class before subnet before all clients. */
static void test_narrowest_scope_decides(void **state)
{
	static const struct {
		const char *link;
		bool is_host;
		const char *user_class, *dns;
	} row[] = {
		{"2001:db8:2::1", false, NULL, "2001:db8::1"},
		{"2001:db8:1::1", false, NULL, "2001:db8::2"},
		{"2001:db8:1::1", false, "c", "2001:db8::3"},
		{"2001:db8:1::1", true, "c", "2001:db8::4"},
		{"2001:db8:2::1", true, NULL, "2001:db8::4"},
	};
	struct bench *b = *state;
	struct wire_in data;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct in6_addr dns = bench_in6(row[i].dns);

		data = requested(
			b, DHCP6_OPT_DNS_SERVERS, row[i].link, row[i].is_host, row[i].user_class);
		assert_int_equal(wire_left(&data), sizeof(dns));
		assert_memory_equal(data.pos, &dns, sizeof(dns));
	}
	data = requested(b, 41, "2001:db8:1::1", true, NULL);
	assert_int_equal(wire_left(&data), 18);
	assert_memory_equal(data.pos, "of the first group", 18);
	data = requested(b, 103, "2001:db8:1::1", true, NULL);
	assert_memory_equal(data.pos, "of the second", 13);
	data = requested(b, 42, "2001:db8:1::1", true, NULL);
	assert_memory_equal(data.pos, "Europe/Berlin", 13);
	data = requested(b, 41, "2001:db8:1::1", false, NULL);
	assert_int_equal(wire_left(&data), 0);
	assert_false(has(b, DHCP6_OPT_DNS_SERVERS)); /* it did not ask */
}

static void same_octets(struct wire_in data, const char *octets, size_t len)
{
	assert_int_equal(wire_left(&data), len);
	assert_memory_equal(data.pos, octets, len);
}

#define OCTETS(text) text, sizeof(text) - 1

static void test_values_on_the_wire(void **state)
{
	struct bench *b = *state;
	struct dhcp6_option option;
	struct wire_in options;
	unsigned vendors = 0;

	/* RFC 5908 section 4 */
	same_octets(requested(b, DHCP6_OPT_NTP_SERVER, "2001:db8:2::1", false, NULL),
		OCTETS("\0\1\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\1\x23"
		       "\0\2\0\x10\xff\5\0\0\0\0\0\0\0\0\0\0\0\0\1\1"
		       "\0\3\0\x11\3ntp\7example\3org\0"));
	/* RFC 8572 section 8.3 */
	same_octets(requested(b, 136, "2001:db8:2::1", false, NULL),
		OCTETS("\0\x12https://a.example/\0\x12https://b.example/"));
	same_octets(
		requested(b, 200, "2001:db8:2::1", false, NULL), OCTETS("\1\0\0\0\x10x\1a\1b\0"));
	/* RFC 9915 section 21.17: one option per enterprise, each with its suboptions */
	same_octets(requested(b, DHCP6_OPT_VENDOR_OPTS, "2001:db8:2::1", false, NULL),
		OCTETS("\0\0\x11\x8b\0\1\0\3abc\0\3\0\2\0\xff"));
	options = b->reply.options;
	while (dhcp6_option_next(&options, &option))
		if (option.code == DHCP6_OPT_VENDOR_OPTS && ++vendors == 2)
			same_octets(option.data, OCTETS("\0\0\0\x9\0\2\0\2\0\7"));
	assert_int_equal(vendors, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_timers_are_sent_on_request, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_timer_beside_no_address, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_rapid_commit, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_no_rapid_commit, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_echo_request, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_relay_supplied, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_the_servers_value_wins, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_narrowest_scope_decides, start_scopes, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_values_on_the_wire, start_scopes, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
