/* SPDX-License-Identifier: ISC */
/*
 * Which servers get a message, as servers fall silent and come back.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dhcp6/option.h"
#include "relayd/servers/server_choice.h"

enum { SERVERS = 3, CLIENTS = 1000 };

static struct relay_conf conf;

static void set_up(struct server_list *list, enum relay_forward mode)
{
	char text[32];

	conf.forward = mode;
	*list = (struct server_list){
		.count = SERVERS, .sendable = (1 << SERVERS) - 1, .conf = &conf};
	for (int i = 0; i < SERVERS; i++) {
		snprintf(text, sizeof(text), "2001:db8::%x", i + 1);
		inet_pton(AF_INET6, text, &list->server[i].address);
	}
}

/* A Solicit of client `number`, in a nest of `relays`. */
static struct wire_in message_of(int number, int relays, uint8_t *buf, size_t size)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;
	uint8_t inner[512];
	struct wire_out out = wire_out_of(buf, size);
	uint8_t duid[] = {0, 3, 0, 1, 2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number};

	if (relays == 0) {
		dhcp6_put_message_header(&out, DHCP6_SOLICIT, (uint32_t)number);
		dhcp6_put_option(&out, DHCP6_OPT_CLIENTID, duid, sizeof(duid));
	} else {
		struct wire_in in = message_of(number, relays - 1, inner, sizeof(inner));

		dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &any, &any);
		dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, inner, wire_left(&in));
	}
	assert_false(out.bad);
	return wire_in_of(buf, out.len);
}

static unsigned choose(const struct server_list *list, int number, int64_t now_ms)
{
	uint8_t buf[512];

	return server_choice(list, ~0u, message_of(number, 0, buf, sizeof(buf)), now_ms);
}

/* As many messages as it takes, and none answered. */
static void fall_silent(struct server_path *server, int64_t now_ms)
{
	for (int i = 0; i < SERVER_SILENT_AFTER; i++)
		server_path_sent(server, now_ms);
}

static void test_silence_is_reported_once(void **state)
{
	struct server_path server = {.text = "2001:db8::1"};
	int64_t now_ms = 1000;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_false(server_path_sent(&server, now_ms)); /* a burst is no silence */
	now_ms += SERVER_SILENT_AFTER_MS - 1;
	assert_false(server_path_sent(&server, now_ms));
	assert_true(server_path_sent(&server, now_ms + 1));
	assert_false(server_path_sent(&server, now_ms + 2));
	assert_true(server_path_answered(&server));
	assert_false(server_path_answered(&server));
	assert_false(server_path_sent(&server, now_ms + 3));
}

static void test_all(void **state)
{
	struct server_list list;

	(void)state;
	set_up(&list, RELAY_FORWARD_ALL);
	fall_silent(&list.server[0], 0);
	assert_int_equal(choose(&list, 1, 1000000), 7);
}

static void test_an_unusable_server_is_not_tried(void **state)
{
	static const enum relay_forward modes[] = {
		RELAY_FORWARD_ALL, RELAY_FORWARD_FIRST, RELAY_FORWARD_HASH};
	struct server_list list;

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		set_up(&list, modes[i]);
		for (int j = 0; j < SERVERS; j++)
			list.server[j].error = 113;
		list.sendable = 5;
		assert_int_equal(choose(&list, 1, 0), 5);
		list.sendable = 0;
		assert_int_equal(choose(&list, 1, 0), 0);
	}
}

static void test_first_reachable(void **state)
{
	struct server_list list;
	int64_t later = SERVER_SILENT_AFTER_MS + 1;

	(void)state;
	set_up(&list, RELAY_FORWARD_FIRST);
	assert_int_equal(choose(&list, 1, 0), 1);
	list.server[0].error = 113; /* no route */
	assert_int_equal(choose(&list, 1, 0), 2);
	list.server[0].error = 0;

	fall_silent(&list.server[0], 0);
	assert_int_equal(choose(&list, 1, SERVER_SILENT_AFTER_MS - 1), 1); /* not long enough */
	list.server[0].last_sent_ms = later;
	assert_int_equal(choose(&list, 1, later), 2);
	/* tried again after a while, beside the one that answers */
	assert_int_equal(choose(&list, 1, later + SERVER_TRY_EVERY_MS), 3);
	server_path_answered(&list.server[0]);
	assert_int_equal(choose(&list, 1, later), 1);
}

static void test_all_servers_are_tried_if_none_answers(void **state)
{
	struct server_list list;

	(void)state;
	set_up(&list, RELAY_FORWARD_FIRST);
	for (int i = 0; i < SERVERS; i++)
		fall_silent(&list.server[i], 0);
	assert_int_equal(choose(&list, 1, SERVER_SILENT_AFTER_MS), 7);
}

static void test_hash_moves_only_the_clients_of_a_lost_server(void **state)
{
	struct server_list list;
	unsigned before[CLIENTS], count[1 << SERVERS] = {0};

	(void)state;
	set_up(&list, RELAY_FORWARD_HASH);
	for (int i = 0; i < CLIENTS; i++)
		count[before[i] = choose(&list, i, 0)]++;
	assert_int_equal(count[1] + count[2] + count[4], CLIENTS);
	for (int i = 0; i < SERVERS; i++)
		assert_in_range(count[1 << i], CLIENTS / SERVERS / 2, CLIENTS * 2 / SERVERS);

	list.server[1].error = 113;
	for (int i = 0; i < CLIENTS; i++) {
		unsigned now = choose(&list, i, 0);

		assert_int_not_equal(now, 2);
		if (before[i] != 2)
			assert_int_equal(now, before[i]);
	}
	list.server[1].error = 0;
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(choose(&list, i, 0), before[i]);
}

static void test_hash_is_by_client_wherever_its_message_is(void **state)
{
	struct server_list list;
	uint8_t buf[512];

	(void)state;
	set_up(&list, RELAY_FORWARD_HASH);
	for (int i = 0; i < 50; i++)
		for (int relays = 1; relays < 4; relays++)
			assert_int_equal(choose(&list, i, 0),
				server_choice(&list, ~0u, message_of(i, relays, buf, sizeof(buf)), 0));
}

static void test_hash_of_a_message_without_duid(void **state)
{
	static const uint8_t octets[] = {200, 1, 2, 3, 0xff};
	struct server_list list;

	(void)state;
	set_up(&list, RELAY_FORWARD_HASH);
	for (size_t n = 0; n <= sizeof(octets); n++)
		assert_int_not_equal(server_choice(&list, ~0u, wire_in_of(octets, n), 0), 0);
}

/* In no mode does a message go to a server that its link does not use. */
static void test_servers_of_a_link(void **state)
{
	static const enum relay_forward modes[] = {
		RELAY_FORWARD_ALL, RELAY_FORWARD_FIRST, RELAY_FORWARD_HASH};
	uint8_t buf[256];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct server_list list;

		set_up(&list, modes[i]);
		for (size_t j = 0; j < 3; j++)
			fall_silent(&list.server[j], 0);
		for (int number = 0; number < 20; number++)
			assert_int_equal(server_choice(&list, 2,
						 message_of(number, 0, buf, sizeof(buf)), 1000000),
				2);
		assert_int_equal(
			server_choice(&list, 0, message_of(1, 0, buf, sizeof(buf)), 1000000), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers_of_a_link),
		cmocka_unit_test(test_silence_is_reported_once),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_an_unusable_server_is_not_tried),
		cmocka_unit_test(test_first_reachable),
		cmocka_unit_test(test_all_servers_are_tried_if_none_answers),
		cmocka_unit_test(test_hash_moves_only_the_clients_of_a_lost_server),
		cmocka_unit_test(test_hash_is_by_client_wherever_its_message_is),
		cmocka_unit_test(test_hash_of_a_message_without_duid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
