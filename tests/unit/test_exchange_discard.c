/* SPDX-License-Identifier: ISC */
/*
 * What the exchange discards: by RFC 9915 section 16, by where it came from, and what is cut short.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/exchange_bench.h"

enum { OURS = 1, OTHERS, IA = 4, NO_CLIENT = 8, TO_UNICAST = 16, FOREIGN = 32, NO_LINK = 64 };

static void test_discarded(void **state)
{
	static const struct {
		const char *what;
		uint8_t type;
		int how;
		enum exchange_drop drop;
	} row[] = {
		{"Solicit without Client Identifier", DHCP6_SOLICIT, IA | NO_CLIENT,
			DROP_NO_CLIENT_ID},
		{"Solicit with a Server Identifier", DHCP6_SOLICIT, IA | OURS, DROP_WITH_SERVER_ID},
		{"Solicit that wants nothing", DHCP6_SOLICIT, 0, DROP_NOTHING_ASKED},
		{"Request without Server Identifier", DHCP6_REQUEST, IA, DROP_NO_SERVER_ID},
		{"Request for another server", DHCP6_REQUEST, IA | OTHERS, DROP_OTHER_SERVER},
		{"Confirm with a Server Identifier", DHCP6_CONFIRM, IA | OURS, DROP_WITH_SERVER_ID},
		{"Renew for another server", DHCP6_RENEW, IA | OTHERS, DROP_OTHER_SERVER},
		{"Renew without Server Identifier", DHCP6_RENEW, IA, DROP_NO_SERVER_ID},
		{"Rebind with a Server Identifier", DHCP6_REBIND, IA | OURS, DROP_WITH_SERVER_ID},
		{"Release for another server", DHCP6_RELEASE, IA | OTHERS, DROP_OTHER_SERVER},
		{"Decline without Server Identifier", DHCP6_DECLINE, IA, DROP_NO_SERVER_ID},
		{"Information-request with an IA", DHCP6_INFORMATION_REQUEST, IA, DROP_WITH_IA},
		{"Information-request for another", DHCP6_INFORMATION_REQUEST, OTHERS,
			DROP_OTHER_SERVER},
		{"Advertise", DHCP6_ADVERTISE, IA | OTHERS, DROP_NOT_FOR_SERVERS},
		{"Reply", DHCP6_REPLY, IA | OTHERS, DROP_NOT_FOR_SERVERS},
		{"Reconfigure", DHCP6_RECONFIGURE, OTHERS, DROP_NOT_FOR_SERVERS},
		{"type 0", 0, IA, DROP_NOT_FOR_SERVERS},
		{"type 99", 99, IA, DROP_NOT_FOR_SERVERS},
		{"type 255", 255, IA, DROP_NOT_FOR_SERVERS},
		{"unicast from a client", DHCP6_SOLICIT, IA | TO_UNICAST, DROP_UNICAST},
		{"a subnet that is not ours", DHCP6_SOLICIT, IA | FOREIGN, DROP_NO_SUBNET},
		{"no link-address at all", DHCP6_SOLICIT, IA | NO_LINK, DROP_NO_SUBNET},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bench b;
		enum exchange_drop drop;

		(void)state;
		bench_start(&b, exchange_conf);
		if (row[i].how & NO_CLIENT)
			b.duid.len = 0;
		bench_message(&b, row[i].type);
		if (row[i].how & 3)
			bench_put_server_id(&b);
		if ((row[i].how & 3) == OTHERS)
			b.ask[b.out.len - 1] ^= 1;
		if (row[i].how & IA)
			bench_put_ia(&b, 1, NULL);
		if (row[i].how & FOREIGN)
			b.link.s6_addr[7] = 0x77;
		if (row[i].how & NO_LINK)
			b.link = (struct in6_addr){0};
		b.arrival.multicast = !(row[i].how & TO_UNICAST);
		drop = row[i].how & TO_UNICAST ? bench_direct(&b) : bench_relay(&b);
		if (drop != row[i].drop)
			fail_msg("%s: %s, not %s", row[i].what, exchange_drop_name(drop),
				exchange_drop_name(row[i].drop));
		assert_int_equal(b.exchange.counters.dropped[drop], 1);
		assert_int_equal(b.told, 0);
		bench_stop(&b);
	}
}

static void test_malformed(void **state)
{
	struct bench *b = *state;
	uint8_t whole[2048];
	size_t len;

	/* every cut of a Solicit is discarded or a shorter whole message: none may be read past */
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	bench_put_arch(b, 7);
	bench_put_user_class(b, "iPXE");
	bench_put_oro(b, 59);
	len = b->out.len;
	memcpy(whole, b->ask, len);
	for (size_t cut = 0; cut < len; cut++) {
		enum exchange_drop drop;

		memcpy(b->ask, whole, cut);
		b->out.len = cut;
		drop = bench_relay(b);
		assert_true(drop == DROP_MALFORMED || cut >= 4);
	}
	assert_true(b->exchange.counters.dropped[DROP_MALFORMED] > len / 2);

	bench_message(b, DHCP6_SOLICIT);
	dhcp6_put_option(&b->out, DHCP6_OPT_IA_NA, "\0\0\0\1", 4);
	assert_int_equal(bench_relay(b), DROP_MALFORMED);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	dhcp6_put_option(&b->out, DHCP6_OPT_CLIENT_ARCH, "\0", 1);
	assert_int_equal(bench_relay(b), DROP_MALFORMED);
	b->duid.len = 2; /* too short to be one */
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), DROP_MALFORMED);
}

int main(void)
{
#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, exchange_bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_discarded),
		WITH_BENCH(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
