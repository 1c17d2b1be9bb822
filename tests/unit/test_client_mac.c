/* SPDX-License-Identifier: ISC */
/*
 * The table of frames seen: found by link, source and message, never else.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "frame/client_mac.h"

static struct client_mac_record record_of(int number)
{
	struct client_mac_record record = {.ifindex = 3, .head = {1, 2, 3, 4}};

	inet_pton(AF_INET6, "fe80::1", &record.source);
	memcpy(&record.source.s6_addr[8], &number, sizeof(number));
	memcpy(record.mac, &number, sizeof(number));
	record.mac[5] = 0x55;
	return record;
}

static bool find(struct client_mac *cm, const struct client_mac_record *record, uint8_t mac[6])
{
	return client_mac_find(cm, (int)record->ifindex, &record->source, record->head, mac);
}

/* Unprivileged and without a socket neither side channel opens, so none is asked for. */
static struct client_mac *new_table(void)
{
	struct client_mac *cm = client_mac_new(-1, CLIENT_MAC_NONE);

	assert_non_null(cm);
	return cm;
}

static void test_what_is_not_the_same_is_not_found(void **state)
{
	struct client_mac *cm = new_table();
	struct client_mac_record record = record_of(1), other;
	uint8_t mac[6];

	(void)state;
	assert_false(find(cm, &record, mac));
	client_mac_add(cm, &record);
	assert_true(find(cm, &record, mac));
	assert_memory_equal(mac, record.mac, 6);

	other = record;
	other.ifindex++;
	assert_false(find(cm, &other, mac));
	other = record;
	other.head[3]++;
	assert_false(find(cm, &other, mac));
	other = record_of(2);
	assert_false(find(cm, &other, mac));
	client_mac_free(cm);
}

static void test_the_newest_frame_counts(void **state)
{
	struct client_mac *cm = new_table();
	struct client_mac_record record = record_of(1);
	uint8_t mac[6];

	(void)state;
	client_mac_add(cm, &record);
	record.mac[0] = 0xee;
	client_mac_add(cm, &record);
	assert_true(find(cm, &record, mac));
	assert_int_equal(mac[0], 0xee);
	client_mac_free(cm);
}

/* More than a socket's buffer holds: none of those that wait may be missing. */
static void test_all_that_can_wait_are_found(void **state)
{
	enum { FLOOD = 100000, WAITING = 16000 };
	struct client_mac *cm = new_table();
	uint8_t mac[6];

	(void)state;
	for (int i = 0; i < FLOOD; i++) {
		struct client_mac_record record = record_of(i);

		client_mac_add(cm, &record);
	}
	for (int i = FLOOD - WAITING; i < FLOOD; i++) {
		struct client_mac_record record = record_of(i);

		if (!find(cm, &record, mac) || memcmp(mac, record.mac, 6) != 0)
			fail_msg("%d of %d is missing", i - (FLOOD - WAITING), WAITING);
	}
	client_mac_free(cm);
}

/* One that comes over and over takes no other's place but that of the oldest. */
static void test_a_client_that_repeats_itself(void **state)
{
	struct client_mac *cm = new_table();
	struct client_mac_record other = record_of(7), again = record_of(8);
	uint8_t mac[6];

	(void)state;
	client_mac_add(cm, &other);
	for (int i = 0; i < 10000; i++)
		client_mac_add(cm, &again);
	assert_true(find(cm, &other, mac) && find(cm, &again, mac));
	for (int i = 0; i < 10000; i++)
		client_mac_add(cm, &again);
	assert_false(find(cm, &other, mac));
	assert_true(find(cm, &again, mac));
	client_mac_free(cm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_not_the_same_is_not_found),
		cmocka_unit_test(test_the_newest_frame_counts),
		cmocka_unit_test(test_all_that_can_wait_are_found),
		cmocka_unit_test(test_a_client_that_repeats_itself),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
