/* SPDX-License-Identifier: ISC */
/* The MACs that replies go to: by link, client and transaction, with a share for each link. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "frame/reply_macs.h"

static struct in6_addr client_of(unsigned number)
{
	struct in6_addr client = {{{0xfe, 0x80}}};

	memcpy(&client.s6_addr[8], &number, sizeof(number));
	return client;
}

static void put(struct reply_macs *macs, int ifindex, const struct in6_addr *client,
	const uint8_t *message, const uint8_t mac[6])
{
	reply_macs_put(macs, ifindex, reply_macs_key(macs, ifindex, client, message), mac);
}

static void test_only_the_same_transaction_finds_it(void **state)
{
	static const uint8_t solicit[4] = {1, 7, 8, 9}, advertise[4] = {2, 7, 8, 9};
	static const uint8_t other[4] = {2, 7, 8, 8}, mac[6] = {2, 0, 0, 0, 0, 1};
	struct in6_addr client = client_of(1), stranger = client_of(2);
	struct reply_macs *macs = reply_macs_new();
	uint8_t found[6] = {0};

	(void)state;
	assert_non_null(macs);
	assert_false(reply_macs_find(macs, 5, &client, advertise, found));
	put(macs, 5, &client, solicit, mac);
	assert_false(reply_macs_find(macs, 5, &client, other, found));
	assert_false(reply_macs_find(macs, 6, &client, advertise, found));
	assert_false(reply_macs_find(macs, 5, &stranger, advertise, found));
	/* Several servers reply to one message. */
	for (int i = 0; i < 2; i++) {
		assert_true(reply_macs_find(macs, 5, &client, advertise, found));
		assert_memory_equal(found, mac, 6);
	}
	reply_macs_free(macs);
}

static void test_the_latest_message_counts(void **state)
{
	static const uint8_t message[4] = {1, 7, 8, 9};
	struct in6_addr client = client_of(1);
	struct reply_macs *macs = reply_macs_new();
	uint8_t mac[6] = {2}, found[6];

	(void)state;
	for (uint8_t i = 0; i < 10; i++) {
		mac[5] = i;
		put(macs, 5, &client, message, mac);
	}
	assert_true(reply_macs_find(macs, 5, &client, message, found));
	assert_int_equal(found[5], 9);
	reply_macs_free(macs);
}

static void test_a_flood_displaces_no_other_links_entries(void **state)
{
	static const uint8_t message[4] = {1, 7, 8, 9};
	struct reply_macs *macs = reply_macs_new();
	struct in6_addr client = client_of(1), forged;
	uint8_t mac[6] = {2, 0, 0, 0, 0, 1}, found[6];

	(void)state;
	put(macs, 5, &client, message, mac);
	for (unsigned i = 0; i < 100000; i++) {
		forged = client_of(1000 + i);
		put(macs, 6, &forged, message, mac);
	}
	assert_true(reply_macs_find(macs, 5, &client, message, found));
	/* On the same link the flood displaces it: the table does not grow. */
	for (unsigned i = 0; i < 100000; i++) {
		forged = client_of(1000 + i);
		put(macs, 5, &forged, message, mac);
	}
	assert_false(reply_macs_find(macs, 5, &client, message, found));
	reply_macs_free(macs);
}

/* As many as wait for a server that needs 10 ms, at 30,000 messages a second on one link. */
static void test_messages_in_flight_are_found(void **state)
{
	enum { IN_FLIGHT = 300 };
	static const uint8_t message[4] = {1, 7, 8, 9};
	struct reply_macs *macs = reply_macs_new();
	unsigned missing = 0;
	uint8_t mac[6] = {2}, found[6];

	(void)state;
	for (unsigned i = 0; i < IN_FLIGHT; i++) {
		struct in6_addr client = client_of(i);

		put(macs, 5, &client, message, mac);
	}
	for (unsigned i = 0; i < IN_FLIGHT; i++) {
		struct in6_addr client = client_of(i);

		missing += !reply_macs_find(macs, 5, &client, message, found);
	}
	assert_in_range(missing, 0, IN_FLIGHT / 20);
	reply_macs_free(macs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_the_same_transaction_finds_it),
		cmocka_unit_test(test_the_latest_message_counts),
		cmocka_unit_test(test_a_flood_displaces_no_other_links_entries),
		cmocka_unit_test(test_messages_in_flight_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
