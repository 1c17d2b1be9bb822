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

/* Reads what the test has put behind the message; relayed, unless it is so already. */
static void test_malformed_options(void **state)
{
	struct bench *b = *state;
	static const struct {
		const char *what;
		uint16_t code;
		const char *octets;
		size_t len;
	} row[] = {
#define ROW(what, code, octets) {what, code, octets, sizeof(octets) - 1}
		ROW("two Client Identifiers", DHCP6_OPT_CLIENTID, "\0\3\0\1\x52\x54\0\x12\x34\x57"),
		ROW("ORO of odd length", DHCP6_OPT_ORO, "\0\x3b\0"),
		ROW("Elapsed Time of 3 octets", DHCP6_OPT_ELAPSED_TIME, "\0\0\0"),
		ROW("Rapid Commit with data", DHCP6_OPT_RAPID_COMMIT, "x"),
		ROW("IA Address of 8 octets", DHCP6_OPT_IA_NA,
			"\0\0\0\2\0\0\0\0\0\0\0\0\0\5\0\x8\x20\1\x0d\xb8\0\1\0\0"),
		ROW("an option in an IA cut short", DHCP6_OPT_IA_NA,
			"\0\0\0\2\0\0\0\0\0\0\0\0\0\x0d\0\x8\0"),
		ROW("an option in an IA Address cut short", DHCP6_OPT_IA_NA,
			"\0\0\0\2\0\0\0\0\0\0\0\0\0\5\0\x1b\x20\1\x0d\xb8\0\1\0\0"
			"\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\0\0\x0d\0"),
		ROW("IA_PD of 8 octets", DHCP6_OPT_IA_PD, "\0\0\0\2\0\0\0\0"),
		ROW("IA Prefix of 8 octets", DHCP6_OPT_IA_PD,
			"\0\0\0\2\0\0\0\0\0\0\0\0\0\x1a\0\x8\0\0\0\0\0\0\0\0"),
		ROW("a Vendor Class of 2 octets", DHCP6_OPT_VENDOR_CLASS, "\0\1"),
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		bench_message(b, DHCP6_SOLICIT);
		bench_put_ia(b, 1, NULL);
		assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
		bench_message(b, DHCP6_SOLICIT);
		bench_put_ia(b, 1, NULL);
		dhcp6_put_option(&b->out, row[i].code, row[i].octets, row[i].len);
		if (bench_relay(b) != DROP_MALFORMED)
			fail_msg("%s is answered", row[i].what);
	}
	/* two of what may be there once (RFC 9915 section 24) */
	for (int second = 0; second < 2; second++) {
		bench_message(b, DHCP6_SOLICIT);
		bench_put_ia(b, 1, NULL);
		for (int n = 0; n <= second; n++)
			bench_put_oro(b, DHCP6_OPT_DNS_SERVERS);
		assert_int_equal(bench_relay(b), second ? DROP_MALFORMED : EXCHANGE_ANSWERED);
	}
}

static void test_two_relay_messages(void **state)
{
	struct bench *b = *state;
	uint8_t datagram[1024];

	for (int messages = 0; messages <= 2; messages++) {
		struct wire_out out = wire_out_of(datagram, sizeof(datagram));

		bench_message(b, DHCP6_SOLICIT);
		bench_put_ia(b, 1, NULL);
		dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &b->link, &b->peer);
		for (int i = 0; i < messages; i++)
			dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
		assert_int_equal(bench_octets(b, datagram, out.len),
			messages == 1 ? EXCHANGE_ANSWERED : DROP_MALFORMED);
	}
}

int main(void)
{
#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, exchange_bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_discarded),
		WITH_BENCH(test_malformed),
		WITH_BENCH(test_malformed_options),
		WITH_BENCH(test_two_relay_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
