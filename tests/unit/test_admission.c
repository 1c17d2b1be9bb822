/* SPDX-License-Identifier: ISC */
/*
 * Which messages are looked at: by relay, by client and by link, on a clock of the test's own.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/bootd_bench.h"

static const char conf[] = "leasequery = {\"2001:db8:100::9/128\"}\n"
			   "trusted-relays = {\"2001:db8:100::/64\", \"fe80::/10\"}\n"
			   "subnet \"2001:db8:1::/64\" {}\n"
			   "subnet \"2001:db8:2::/64\" {}\n";

static int start(void **state)
{
	return bench_setup(state, conf);
}

static enum exchange_drop ask(struct bench *b)
{
	bench_message(b, DHCP6_INFORMATION_REQUEST);
	return bench_relay(b);
}

/* How many of n such messages, all at once, are answered. */
static unsigned answered(struct bench *b, unsigned n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += ask(b) == EXCHANGE_ANSWERED;
	return count;
}

static void test_trusted_relays(void **state)
{
	static const struct {
		const char *relay;
		enum exchange_drop drop;
	} row[] = {
		{"2001:db8:100::1", EXCHANGE_ANSWERED},
		{"2001:db8:101::1", DROP_UNTRUSTED_RELAY},
		{"fe80::99", EXCHANGE_ANSWERED},
		{"::1", DROP_UNTRUSTED_RELAY},
	};
	struct bench *b = *state;
	struct in6_addr own;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		b->arrival.source = bench_in6(row[i].relay);
		assert_int_equal(ask(b), row[i].drop);
	}
	/* nothing in it counts, not even as a message received */
	assert_int_equal(b->exchange.counters.relayed, 2);
	assert_int_equal(b->exchange.counters.dropped[DROP_UNTRUSTED_RELAY], 2);
	/* clients on a link of ours are no relays */
	own = bench_in6(BENCH_LINK);
	b->arrival.on_link = &own;
	b->arrival.on_links = 1;
	b->arrival.source = bench_in6("2001:db8:1::5");
	bench_message(b, DHCP6_INFORMATION_REQUEST);
	assert_int_equal(bench_direct(b), EXCHANGE_ANSWERED);
}

static void test_a_noisy_client(void **state)
{
	struct bench *b = *state;

	b->config->client_rate = 5;
	assert_int_equal(answered(b, 100), 10); /* two seconds' worth */
	assert_int_equal(ask(b), DROP_CLIENT_RATE);
	b->peer = bench_in6("fe80::2");
	assert_int_equal(ask(b), EXCHANGE_ANSWERED);
	b->peer = bench_in6("fe80::1");
	b->link =
		bench_in6("2001:db8:2::1"); /* the same address on another link is another client */
	assert_int_equal(ask(b), EXCHANGE_ANSWERED);
	b->link = bench_in6(BENCH_LINK);
	b->now_ms += 1000;
	assert_int_equal(answered(b, 100), 5);
}

/* Whatever it calls itself in its message. */
static void test_another_duid_is_no_other_client(void **state)
{
	struct bench *b = *state;

	b->config->client_rate = 1;
	for (uint8_t i = 0; i < 2; i++) {
		b->duid.octets[9] = b->mac[5] = i;
		assert_int_equal(ask(b), EXCHANGE_ANSWERED);
	}
	b->duid.octets[9] = b->mac[5] = 99;
	assert_int_equal(ask(b), DROP_CLIENT_RATE);
}

/* No rate limits a requestor of Leasequery; a relay in front of it is limited as a relay. */
static void test_requestors(void **state)
{
	struct bench *b = *state;

	b->config->client_rate = b->config->link_rate = 1;
	b->arrival.source = bench_in6("2001:db8:100::9");
	b->arrival.multicast = false;
	for (int i = 0; i < 100; i++) {
		bench_message(b, DHCP6_LEASEQUERY);
		dhcp6_put_option(&b->out, DHCP6_OPT_LQ_QUERY, "", 0);
		assert_int_equal(bench_direct(b), EXCHANGE_ANSWERED);
	}
	assert_int_equal(answered(b, 100), 2);
}

static void test_a_noisy_link(void **state)
{
	struct bench *b = *state;
	unsigned count = 0;

	b->config->link_rate = 10;
	for (uint16_t i = 0; i < 1000; i++) {
		b->peer.s6_addr16[7] = i; /* forged sources help no more */
		count += ask(b) == EXCHANGE_ANSWERED;
	}
	assert_int_equal(count, 20);
	assert_int_equal(b->exchange.counters.dropped[DROP_LINK_RATE], 980);
	b->link = bench_in6("2001:db8:2::1");
	assert_int_equal(ask(b), EXCHANGE_ANSWERED);
	b->link = bench_in6(BENCH_LINK);
	b->arrival.source = bench_in6("fe80::3"); /* what another relay says of the link */
	assert_int_equal(ask(b), EXCHANGE_ANSWERED);
}

/* Its own share first: the link's is there for the others. */
static void test_a_noisy_client_leaves_its_link(void **state)
{
	struct bench *b = *state;

	b->config->client_rate = 1;
	b->config->link_rate = 10;
	assert_int_equal(answered(b, 1000), 2);
	b->peer = bench_in6("fe80::2");
	assert_int_equal(ask(b), EXCHANGE_ANSWERED);
	assert_int_equal(b->exchange.counters.dropped[DROP_LINK_RATE], 0);
}

/* A message that waited for a commit was admitted when it arrived. */
static void test_retries_are_free(void **state)
{
	struct bench_message message = {0};
	struct bench *b = *state;
	struct wire_out out = wire_out_of(message.octets, sizeof(message.octets));

	b->config->client_rate = 1;
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &b->link, &b->peer);
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
	message.len = out.len;
	for (int i = 0; i < 10; i++)
		assert_int_equal(bench_handle(b, &message, 1), EXCHANGE_ANSWERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_trusted_relays, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_a_noisy_client, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_another_duid_is_no_other_client, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_requestors, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_a_noisy_link, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_noisy_client_leaves_its_link, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_retries_are_free, start, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
