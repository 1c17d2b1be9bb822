/* SPDX-License-Identifier: ISC */
/*
 * Token buckets on a clock of the test's own.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/rate_limit.h"

/* How many of `n` messages, `every_ms` apart, pass. */
static int pass(struct rate_bucket *bucket, uint32_t rate, int n, int64_t every_ms, int64_t *now_ms)
{
	int passed = 0;

	for (int i = 0; i < n; i++, *now_ms += every_ms)
		passed += rate_bucket_take(bucket, rate, *now_ms);
	return passed;
}

static void test_no_limit(void **state)
{
	struct rate_bucket bucket = {0};
	int64_t now = 1;

	(void)state;
	assert_int_equal(pass(&bucket, 0, 100000, 0, &now), 100000);
}

static void test_a_burst_and_then_the_rate(void **state)
{
	struct rate_bucket bucket = {0};
	int64_t now = 12345;

	(void)state;
	assert_int_equal(pass(&bucket, 10, 1000, 0, &now), 20);   /* two seconds' worth at once */
	assert_int_equal(pass(&bucket, 10, 1000, 10, &now), 99); /* ten seconds at ten a second */
	now += 1000000;
	assert_int_equal(pass(&bucket, 10, 1000, 0, &now), 20); /* and no more after a long rest */
}

static void test_slow_rates_lose_nothing(void **state)
{
	struct rate_bucket bucket = {0};
	int64_t now = 1;

	(void)state;
	pass(&bucket, 1, 10, 0, &now);
	assert_int_equal(pass(&bucket, 1, 100000, 1, &now), 99);
}

static void test_the_highest_rate(void **state)
{
	struct rate_bucket bucket = {0};
	int64_t now = 1;

	(void)state;
	assert_int_equal(pass(&bucket, UINT32_MAX, 1000, 0, &now), 1000);
}

static void test_clients_do_not_starve_one_another(void **state)
{
	struct rate_table *table = rate_table_new();
	struct in6_addr noisy, quiet;
	int passed = 0;

	(void)state;
	inet_pton(AF_INET6, "fe80::1", &noisy);
	inet_pton(AF_INET6, "fe80::2", &quiet);
	for (int i = 0; i < 10000; i++)
		passed += rate_table_take(table, 3, &noisy, 5, 1000);
	assert_int_equal(passed, 10);
	assert_true(rate_table_take(table, 3, &quiet, 5, 1000));
	assert_true(rate_table_take(table, 4, &noisy, 5, 1000)); /* the same on another link */
	rate_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_a_burst_and_then_the_rate),
		cmocka_unit_test(test_slow_rates_lose_nothing),
		cmocka_unit_test(test_the_highest_rate),
		cmocka_unit_test(test_clients_do_not_starve_one_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
