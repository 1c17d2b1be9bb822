/* SPDX-License-Identifier: ISC */
/*
 * The table of frames' MACs: a record is found by link, source and message, answers for one
 * datagram, and is not believed if another frame contradicts it.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame/mac_records.h"

static struct mac_record record_of(int number)
{
	struct mac_record record = {.ifindex = 3, .head = {1, 2, 3, 4}};

	inet_pton(AF_INET6, "fe80::1", &record.source);
	memcpy(&record.source.s6_addr[8], &number, sizeof(number));
	memcpy(record.mac, &number, sizeof(number));
	record.mac[5] = 0x55;
	return record;
}

static enum mac_found take(
	struct mac_records *records, const struct mac_record *record, uint8_t mac[6])
{
	memset(mac, 0, 6);
	return mac_records_take(records, (int)record->ifindex, &record->source, record->head, mac);
}

static struct mac_records *new_table(void)
{
	struct mac_records *records = mac_records_new();

	assert_non_null(records);
	return records;
}

static void test_another_key_is_not_found(void **state)
{
	struct mac_records *records = new_table();
	struct mac_record record = record_of(1), other;
	uint8_t mac[6];

	(void)state;
	assert_int_equal(take(records, &record, mac), MAC_UNKNOWN);
	mac_records_add(records, &record);
	other = record;
	other.ifindex++;
	assert_int_equal(take(records, &other, mac), MAC_UNKNOWN);
	other = record;
	other.head[3]++;
	assert_int_equal(take(records, &other, mac), MAC_UNKNOWN);
	other = record;
	other.source.s6_addr[15]++;
	assert_int_equal(take(records, &other, mac), MAC_UNKNOWN);
	assert_int_equal(take(records, &record, mac), MAC_FOUND);
	assert_memory_equal(mac, record.mac, 6);
	mac_records_free(records);
}

static void test_a_record_answers_for_one_datagram(void **state)
{
	struct mac_records *records = new_table();
	struct mac_record record = record_of(1);
	uint8_t mac[6];

	(void)state;
	mac_records_add(records, &record);
	assert_int_equal(take(records, &record, mac), MAC_FOUND);
	assert_int_equal(take(records, &record, mac), MAC_UNKNOWN);
	/* A client that repeats its message before the first one is handled. */
	mac_records_add(records, &record);
	mac_records_add(records, &record);
	assert_int_equal(take(records, &record, mac), MAC_FOUND);
	assert_int_equal(take(records, &record, mac), MAC_FOUND);
	assert_int_equal(take(records, &record, mac), MAC_UNKNOWN);
	mac_records_free(records);
}

/* A stranger repeats a client's message: neither of the two MACs is believed. */
static void test_frames_that_contradict_each_other_are_not_believed(void **state)
{
	struct mac_records *records = new_table();
	struct mac_record record = record_of(1), stranger = record;
	uint8_t mac[6];

	(void)state;
	stranger.mac[0] ^= 1;
	for (int order = 0; order < 2; order++) {
		mac_records_add(records, order ? &stranger : &record);
		mac_records_add(records, order ? &record : &stranger);
		assert_int_equal(take(records, &record, mac), MAC_AMBIGUOUS);
		assert_memory_equal(mac, "\0\0\0\0\0\0", 6);
		/* The client again, while the other datagram still waits. */
		mac_records_add(records, &record);
		assert_int_equal(take(records, &record, mac), MAC_AMBIGUOUS);
		assert_int_equal(take(records, &record, mac), MAC_AMBIGUOUS);
		assert_int_equal(take(records, &record, mac), MAC_UNKNOWN);
		/* All are handled: the next message is believed again. */
		mac_records_add(records, &record);
		assert_int_equal(take(records, &record, mac), MAC_FOUND);
		assert_memory_equal(mac, record.mac, 6);
	}
	mac_records_free(records);
}

static void test_the_newest_records_replace_the_oldest(void **state)
{
	struct mac_records *records = new_table();
	uint8_t mac[6];

	(void)state;
	for (int i = 0; i < MAC_RECORDS_MAX + 100; i++) {
		struct mac_record record = record_of(i);

		mac_records_add(records, &record);
	}
	for (int i = 0; i < MAC_RECORDS_MAX + 100; i++) {
		struct mac_record record = record_of(i);

		assert_int_equal(take(records, &record, mac), i < 100 ? MAC_UNKNOWN : MAC_FOUND);
		if (i >= 100)
			assert_memory_equal(mac, record.mac, 6);
	}
	mac_records_free(records);
}

/* Retransmissions of one client leave the records of others in place. */
static void test_a_client_that_repeats_itself(void **state)
{
	struct mac_records *records = new_table();
	struct mac_record other = record_of(7), again = record_of(8);
	uint8_t mac[6];

	(void)state;
	mac_records_add(records, &other);
	for (int i = 0; i < 2 * MAC_RECORDS_MAX; i++)
		mac_records_add(records, &again);
	assert_int_equal(take(records, &other, mac), MAC_FOUND);
	for (int i = 0; i < UINT16_MAX; i++)
		assert_int_equal(take(records, &again, mac), MAC_FOUND);
	assert_int_equal(take(records, &again, mac), MAC_UNKNOWN);
	mac_records_free(records);
}

/* Added and taken in random order, beside a model that keeps the MACs in an array. */
static void test_against_a_model(void **state)
{
	enum { KEYS = 500, STEPS = 200000 };
	struct mac_records *records = new_table();
	static int count[KEYS];
	uint8_t mac[6];

	(void)state;
	srand(1);
	for (int step = 0; step < STEPS; step++) {
		int key = rand() % KEYS;
		struct mac_record record = record_of(key);

		if (rand() % 2) {
			mac_records_add(records, &record);
			count[key]++;
			continue;
		}
		assert_int_equal(
			take(records, &record, mac), count[key] > 0 ? MAC_FOUND : MAC_UNKNOWN);
		if (count[key] > 0)
			assert_memory_equal(mac, record.mac, 6);
		count[key] -= count[key] > 0;
	}
	mac_records_free(records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_key_is_not_found),
		cmocka_unit_test(test_a_record_answers_for_one_datagram),
		cmocka_unit_test(test_frames_that_contradict_each_other_are_not_believed),
		cmocka_unit_test(test_the_newest_records_replace_the_oldest),
		cmocka_unit_test(test_a_client_that_repeats_itself),
		cmocka_unit_test(test_against_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
