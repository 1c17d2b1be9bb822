/* SPDX-License-Identifier: ISC */
/*
 * Addr-reg-inform, RFC 9686: what section 4.2.1 discards, what is put down, for how long,
 * and how many.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/progress/boot_log.h"
#include "tests/unit/bootd_bench.h"

#define OWN "2001:db8:1::77"

static const char conf[] =
	"subnet \"2001:db8:1::/64\" {}\n"
	"host \"its-own\" { mac = \"52:54:00:aa:00:01\" address = \"2001:db8:1::a\" }\n"
	"subnet \"2001:db8:2::/64\" { addresses = pool pool = \"2001:db8:2::5-2001:db8:2::6\" }\n";

static int start(void **state)
{
	return bench_setup(state, conf);
}

/* The message, from the address itself. */
static void inform(struct bench *b, const char *text, uint32_t valid_s)
{
	b->peer = bench_in6(text);
	bench_message(b, DHCP6_ADDR_REG_INFORM);
	dhcp6_put_iaaddr(&b->out, &b->peer, valid_s / 2, valid_s);
}

static enum exchange_drop tell(struct bench *b, const char *text, uint32_t valid_s)
{
	inform(b, text, valid_s);
	return bench_relay(b);
}

static struct binding *found(struct bench *b, const char *text)
{
	struct in6_addr address = bench_in6(text);

	return binding_table_find_address(&b->exchange.bindings, &address);
}

static void set_mac(struct bench *b, unsigned number)
{
	b->mac[4] = (uint8_t)(number >> 8);
	b->mac[5] = (uint8_t)number;
}

static void test_reply(void **state)
{
	struct bench *b = *state;
	struct client_facts facts = {.type = DHCP6_ADDR_REG_INFORM};
	struct dhcp6_iaaddr echo;
	char line[BOOT_LOG_LINE];
	struct wire_in data;

	assert_int_equal(tell(b, OWN, 7200), EXCHANGE_ANSWERED);
	assert_int_equal(b->reply.type, DHCP6_ADDR_REG_REPLY);
	assert_true(bench_option(b, DHCP6_OPT_IAADDR, &data));
	assert_int_equal(dhcp6_get_iaaddr(data, &echo), 0);
	assert_string_equal(bench_text(&echo.address), OWN);
	assert_int_equal(echo.valid_s, 7200);
	assert_int_equal(echo.preferred_s, 3600);
	assert_memory_equal(&b->chain.relay[0].peer_address, &b->peer, 16);
	assert_int_equal(found(b, OWN)->state, BINDING_REGISTERED);
	assert_int_equal(b->told, 1);
	b->event.facts = &facts;
	b->event.decision = &b->decision;
	assert_non_null(strstr(boot_log_exchange_text(&b->event, line),
		"-> Addr-reg-reply " OWN " registered for 7200 s"));
}

/* A client on our own link: from its address, back to it by the link it is on. */
static void test_direct(void **state)
{
	struct bench *b = *state;
	struct in6_addr own = bench_in6("2001:db8:1::1");

	b->arrival.on_link = &own;
	b->arrival.on_links = 1;
	b->arrival.source = bench_in6(OWN);
	inform(b, OWN, 60);
	assert_int_equal(bench_direct(b), EXCHANGE_ANSWERED);
	assert_string_equal(bench_text(&b->answer.to), OWN);
	assert_int_equal(b->answer.port, DHCP6_CLIENT_PORT);
	assert_int_equal(b->answer.ifindex, 3);
	b->arrival.source = bench_in6("fe80::2");
	assert_int_equal(bench_direct(b), DROP_NOT_ITS_OWN);
}

static void test_discards(void **state)
{
	struct bench *b = *state;
	struct in6_addr other = bench_in6("2001:db8:1::78");

	inform(b, OWN, 60);
	bench_put_server_id(b);
	assert_int_equal(bench_relay(b), DROP_WITH_SERVER_ID);
	inform(b, OWN, 60);
	bench_put_oro(b, DHCP6_OPT_DNS_SERVERS);
	assert_int_equal(bench_relay(b), DROP_WITH_ORO);
	inform(b, OWN, 60);
	dhcp6_put_iaaddr(&b->out, &other, 1, 1); /* a second one */
	assert_int_equal(bench_relay(b), DROP_NOT_ITS_OWN);
	inform(b, OWN, 60);
	b->peer = other;
	assert_int_equal(bench_relay(b), DROP_NOT_ITS_OWN);
	b->peer = bench_in6(OWN);
	bench_message(b, DHCP6_ADDR_REG_INFORM);
	assert_int_equal(bench_relay(b), DROP_NOT_ITS_OWN);
	dhcp6_put_option(&b->out, DHCP6_OPT_IAADDR, "short", 5);
	assert_int_equal(bench_relay(b), DROP_NOT_ITS_OWN);
	assert_int_equal(tell(b, "2001:db8:77::1", 60), DROP_NOT_ON_LINK);
	b->duid.len = 0;
	assert_int_equal(tell(b, OWN, 60), DROP_NO_CLIENT_ID);
	assert_int_equal(binding_table_count(&b->exchange.bindings), 0);
	b->config->registration = false;
	assert_int_equal(dhcp6_duid_parse("00030001525400123456", &b->duid), 0);
	assert_int_equal(tell(b, OWN, 60), DROP_NOT_FOR_SERVERS);
}

/* What DHCPv6 has given is not to be registered; what it only offered goes to who uses it. */
static void test_assigned(void **state)
{
	struct bench *b = *state;
	char text[INET6_ADDRSTRLEN];

	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	strcpy(text, bench_text(&b->address));
	bench_message(b, DHCP6_REQUEST);
	bench_put_server_id(b);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_int_equal(tell(b, text, 60), DROP_ASSIGNED);
	set_mac(b, 1);
	assert_int_equal(tell(b, text, 60), DROP_ASSIGNED);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	strcpy(text, bench_text(&b->address));
	set_mac(b, 2);
	assert_int_equal(tell(b, text, 60), EXCHANGE_ANSWERED);
	assert_true(binding_is_of(found(b, text), &b->decision.machine));
}

/* The address that DHCPv6 gives a machine is another matter. */
static void test_beside_a_lease(void **state)
{
	struct bench *b = *state;
	struct in6_addr given;

	tell(b, OWN, 60);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	given = b->address;
	assert_int_equal(tell(b, "2001:db8:1::78", 60), EXCHANGE_ANSWERED);
	assert_int_equal(binding_table_count(&b->exchange.bindings), 3);
	assert_int_equal(
		binding_table_find_address(&b->exchange.bindings, &given)->state, BINDING_OFFERED);
	assert_string_not_equal(bench_text(&given), OWN);
}

/* A pool of two, one of which somebody has by hand: only the other one is given. */
static void test_no_pool_assigns_a_registered_address(void **state)
{
	struct bench *b = *state;

	b->link = bench_in6("2001:db8:2::1");
	assert_int_equal(tell(b, "2001:db8:2::5", 60), EXCHANGE_ANSWERED);
	for (unsigned i = 1; i < 5; i++) {
		set_mac(b, i);
		bench_message(b, DHCP6_SOLICIT);
		bench_put_ia(b, 1, NULL);
		assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
		assert_string_equal(bench_text(&b->address), "2001:db8:2::6");
	}
	b->now_ms += 61 * 1000;
	binding_table_expire(&b->exchange.bindings, b->now_ms);
	set_mac(b, 9);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_string_equal(bench_text(&b->address), "2001:db8:2::5");
}

/* Whoever registers a whole pool for ever keeps no machine from its address. */
static void test_a_pool_cannot_be_blocked(void **state)
{
	struct bench *b = *state;
	const char *pool[] = {"2001:db8:2::5", "2001:db8:2::6"};
	struct in6_addr given[2];

	b->link = bench_in6("2001:db8:2::1");
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(tell(b, pool[i], DHCP6_INFINITY), EXCHANGE_ANSWERED);
	for (unsigned i = 0; i < 2; i++) {
		set_mac(b, i + 1);
		bench_message(b, DHCP6_SOLICIT);
		bench_put_ia(b, 1, NULL);
		assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
		assert_true(b->has_address);
		binding_table_set_state(&b->exchange.bindings, found(b, bench_text(&b->address)),
			BINDING_BOUND, 1, 60);
		given[i] = b->address;
	}
	assert_false(IN6_ARE_ADDR_EQUAL(&given[0], &given[1]));
}

/* Nor from the stable address that it had, and will have again. */
static void test_a_stable_address_cannot_be_blocked(void **state)
{
	struct bench *b = *state;
	char text[INET6_ADDRSTRLEN];

	set_mac(b, 1);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	strcpy(text, bench_text(&b->address));
	set_mac(b, 2);
	assert_int_equal(tell(b, text, DHCP6_INFINITY), EXCHANGE_ANSWERED);
	set_mac(b, 1);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_string_equal(bench_text(&b->address), text);
}

static void test_address_of_a_host(void **state)
{
	struct bench *b = *state;

	assert_int_equal(tell(b, "2001:db8:1::a", 60), DROP_ASSIGNED);
	assert_null(found(b, "2001:db8:1::a"));
	assert_int_equal(dhcp6_mac_parse("52:54:00:aa:00:01", b->mac), 0);
	assert_int_equal(tell(b, "2001:db8:1::a", 60), EXCHANGE_ANSWERED);
}

static void test_refresh_and_expiry(void **state)
{
	struct bench *b = *state;
	struct binding_table *bindings = &b->exchange.bindings;

	tell(b, OWN, 60);
	b->now_ms += 50 * 1000;
	tell(b, OWN, 60);
	b->now_ms += 50 * 1000;
	binding_table_expire(bindings, b->now_ms);
	assert_non_null(found(b, OWN));
	assert_int_equal(found(b, OWN)->since_ms, 1000);
	b->now_ms += 11 * 1000;
	binding_table_expire(bindings, b->now_ms);
	assert_null(found(b, OWN));
	/* it says itself that it uses it no more */
	tell(b, OWN, DHCP6_INFINITY);
	assert_non_null(found(b, OWN));
	assert_int_equal(tell(b, OWN, 0), EXCHANGE_ANSWERED);
	assert_null(found(b, OWN));
	assert_int_equal(tell(b, OWN, 0), EXCHANGE_ANSWERED); /* and once more, as it repeats it */
}

static void test_another_machine_takes_over(void **state)
{
	struct bench *b = *state;

	tell(b, OWN, 60);
	assert_false(b->event.taken_over);
	set_mac(b, 7);
	assert_int_equal(tell(b, OWN, 0), EXCHANGE_ANSWERED); /* not its own to give up */
	assert_false(binding_is_of(found(b, OWN), &b->decision.machine));
	tell(b, OWN, 60);
	assert_true(b->event.taken_over);
	assert_true(binding_is_of(found(b, OWN), &b->decision.machine));
	assert_int_equal(binding_table_count(&b->exchange.bindings), 1);
}

/* One client can fill neither the table nor another one's place. */
static void test_bounded_per_machine(void **state)
{
	struct bench *b = *state;
	char text[INET6_ADDRSTRLEN];

	tell(b, OWN, 1);
	set_mac(b, 1);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "2001:db8:1::1:%x", i);
		assert_int_equal(tell(b, text, 60 + i), EXCHANGE_ANSWERED);
	}
	assert_int_equal(binding_table_count(&b->exchange.bindings), 1 + REGISTERED_MAX);
	assert_non_null(found(b, OWN));
	assert_non_null(found(b, text));
	assert_null(found(b, "2001:db8:1::1:0"));
}

/* Nor can many: a quarter of the table, the oldest goes. */
static void test_the_total_is_bounded(void **state)
{
	struct bench *b = *state;
	char text[INET6_ADDRSTRLEN];

	b->exchange.bindings.max = 400;
	for (unsigned i = 0; i < 200; i++) {
		set_mac(b, i);
		snprintf(text, sizeof(text), "2001:db8:1::1:%x", i);
		assert_int_equal(tell(b, text, 60), EXCHANGE_ANSWERED);
	}
	assert_int_equal(binding_table_count(&b->exchange.bindings), 100);
	assert_null(found(b, "2001:db8:1::1:0"));
	assert_non_null(found(b, text));
}

/* Only who asks is told that it may (section 4.4). */
static void test_option_148(void **state)
{
	struct bench *b = *state;
	struct wire_in data;

	for (int asked = 0; asked < 2; asked++)
		for (int on = 0; on < 2; on++) {
			b->config->registration = on;
			bench_message(b, DHCP6_INFORMATION_REQUEST);
			if (asked)
				bench_put_oro(b, DHCP6_OPT_ADDR_REG_ENABLE);
			assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
			assert_int_equal(
				bench_option(b, DHCP6_OPT_ADDR_REG_ENABLE, &data), asked && on);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reply, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_direct, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_discards, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_assigned, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_beside_a_lease, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_no_pool_assigns_a_registered_address, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_pool_cannot_be_blocked, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_stable_address_cannot_be_blocked, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_address_of_a_host, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_refresh_and_expiry, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_another_machine_takes_over, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_bounded_per_machine, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_the_total_is_bounded, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_option_148, start, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
