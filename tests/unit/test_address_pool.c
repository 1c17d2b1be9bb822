/* SPDX-License-Identifier: ISC */
/* What is free in a pool: the map of bits, and the addresses that no machine may have. */
#include "bootd/bindings/address_pool.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/config/conf_file.h"
#include "tests/unit/random.h"

static struct in6_addr in6(const char *text)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

/* --- the map --------------------------------------------------------------------- */

static void test_limits_of_the_map(void **state)
{
	static const uint32_t sizes[] = {1, 2, 63, 64, 65, 4095, 4096, 4097, 262144, FREE_MAP_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t last = sizes[i] - 1;
		struct free_map map;

		assert_int_equal(free_map_init(&map, sizes[i]), 0);
		assert_int_equal(free_map_find(&map, 0), 0);
		assert_int_equal(free_map_find(&map, last), last);
		for (uint32_t place = 0; place <= last; place++)
			free_map_set(&map, place, true);
		assert_int_equal(map.taken, sizes[i]);
		assert_int_equal(free_map_find(&map, 0), FREE_MAP_NONE);
		assert_int_equal(free_map_find(&map, last), FREE_MAP_NONE);
		free_map_set(&map, last, false);
		assert_int_equal(free_map_find(&map, 0), last);
		free_map_set(&map, last, true);
		free_map_set(&map, 0, false);
		assert_int_equal(free_map_find(&map, last), last > 0 ? 0 : last);
		free_map_fini(&map);
	}
}

static int32_t find_slowly(const bool *taken, uint32_t places, uint32_t from)
{
	for (uint32_t i = 0; i < places; i++)
		if (!taken[(from + i) % places])
			return (int32_t)((from + i) % places);
	return FREE_MAP_NONE;
}

static void test_map_against_a_model(void **state)
{
	enum { PLACES = 5000 };
	static bool taken[PLACES];
	struct free_map map;

	(void)state;
	random_start("free map");
	assert_int_equal(free_map_init(&map, PLACES), 0);
	for (int step = 0; step < 60000; step++) {
		uint32_t place = (uint32_t)random_below(PLACES), from;
		bool take = random_below(step < 30000 ? 10 : 100) > 0;

		/* nearly full in the end */
		if (take && random_below(2) && free_map_find(&map, place) != FREE_MAP_NONE)
			place = (uint32_t)free_map_find(&map, place);
		free_map_set(&map, place, take);
		taken[place] = take;
		from = (uint32_t)random_below(PLACES);
		assert_int_equal(free_map_is_taken(&map, place), take);
		assert_int_equal(free_map_find(&map, from), find_slowly(taken, PLACES, from));
	}
	free_map_fini(&map);
}

/* --- pools ----------------------------------------------------------------------- */

static struct boot_config *load(const char *text)
{
	struct config_problems problems = {0};
	struct boot_config *config;

	if (conf_text_load("bootd.conf", text, &config, &problems) < 0)
		fail_msg("%s", problems.text);
	return config;
}

static void test_reserved_and_hosts_are_left_out(void **state)
{
	struct boot_config *config =
		load("subnet \"2001:db8:1::/64\" { addresses = pool pool = "
		     "\"2001:db8:1::-2001:db8:1::3\" }\n"
		     "subnet \"2001:db8:2::/64\" { addresses = pool pool = "
		     "\"2001:db8:2:0:fdff:ffff:ffff:ff7e-2001:db8:2:0:fdff:ffff:ffff:ffff\" }\n"
		     "host \"a\" { mac = \"52:54:00:00:00:01\" address = \"2001:db8:1::2\" }\n");
	struct in6_addr low = in6("2001:db8:1::"), address;
	struct address_pools pools;
	struct address_pool *pool;

	(void)state;
	assert_int_equal(address_pools_init(&pools, config), 0);
	pool = address_pools_find(&pools, &low);
	assert_int_equal(pool->size - pool->excluded, 2); /* ::1 and ::3; :: is the routers' */
	for (uint32_t i = 0; i < 2; i++) {
		assert_true(address_pool_choose(pool, i + 2, &address));
		address_pools_mark(&pools, &address, ADDRESS_HELD);
	}
	assert_int_equal(address_distance(&low, &address), 1);
	assert_false(address_pool_choose(pool, 0, &address));
	/* to clear what is a host's does nothing */
	address = in6("2001:db8:1::2");
	address_pools_mark(&pools, &address, ADDRESS_UNUSED);
	assert_false(address_pool_choose(pool, 0, &address));
	address = in6("2001:db8:2:0:fdff:ffff:ffff:ffff");
	pool = address_pools_find(&pools, &address);
	assert_int_equal(pool->size, 130);
	assert_int_equal(pool->excluded, 128);
	address_pools_fini(&pools);
	boot_config_free(config);
}

static void test_known_ones_come_last(void **state)
{
	struct boot_config *config = load("subnet \"2001:db8:1::/64\" { addresses = pool pool = "
					  "\"2001:db8:1::10-2001:db8:1::12\" }\n");
	struct in6_addr low = in6("2001:db8:1::10"), high = in6("2001:db8:1::12"), address;
	struct address_pools pools;
	struct address_pool *pool;

	(void)state;
	assert_int_equal(address_pools_init(&pools, config), 0);
	pool = address_pools_find(&pools, &low);
	assert_ptr_equal(address_pools_find(&pools, &high), pool);
	address = address_after(&high, 1);
	assert_null(address_pools_find(&pools, &address));
	address = in6("2001:db8:1::f");
	assert_null(address_pools_find(&pools, &address));
	address = in6("2001:db8:2::10");
	assert_null(address_pools_find(&pools, &address));
	address_pools_mark(&pools, &low, ADDRESS_KNOWN);
	assert_true(address_pool_choose(pool, 0, &address));
	assert_int_equal(address_distance(&low, &address), 1);
	address_pools_mark(&pools, &address, ADDRESS_HELD);
	address_pools_mark(&pools, &high, ADDRESS_HELD);
	assert_true(address_pool_choose(pool, 2, &address));
	assert_memory_equal(&address, &low, sizeof(low));
	address_pools_fini(&pools);
	boot_config_free(config);
}

static void test_address_arithmetic(void **state)
{
	struct in6_addr low = in6("2001:db8::ffff:ffff:ffff:fffe"), next;

	(void)state;
	next = address_after(&low, 3);
	assert_int_equal(next.s6_addr[7], 1);
	assert_int_equal(next.s6_addr[15], 1);
	assert_int_equal(address_distance(&low, &next), 3);
	assert_int_equal(address_distance(&next, &low), UINT32_MAX);
	assert_int_equal(address_distance(&low, &low), 0);
	next = in6("2001:db8:0:2::");
	assert_int_equal(address_distance(&low, &next), UINT32_MAX);
}

/* Sixteen million addresses, in a range that is reserved in part: nothing walks over them. */
static void test_large_pools_are_made_at_once(void **state)
{
	struct config_problems problems = {0};
	struct boot_config *config;
	struct address_pools pools;
	struct timespec before, after;
	struct in6_addr address;
	const struct address_pool *pool;
	int64_t took_us;

	(void)state;
	assert_int_equal(
		conf_text_load("bootd.conf",
			"subnet \"2001:db8:1::/64\" { addresses = pool "
			"pool = \"2001:db8:1::-2001:db8:1::ff:ffff\" }\n"
			"subnet \"2001:db8:2::/64\" { addresses = pool pool = "
			"\"2001:db8:2:0:fdff:ffff:ff00:0-2001:db8:2:0:fdff:ffff:ffff:ffff\" }\n",
			&config, &problems),
		0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	assert_int_equal(address_pools_init(&pools, config), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	took_us =
		(after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
	assert_true(took_us < 10000);
	address = in6("2001:db8:1::");
	assert_int_equal(address_pools_find(&pools, &address)->excluded, 1);
	address = in6("2001:db8:2:0:fdff:ffff:ff00:0");
	pool = address_pools_find(&pools, &address);
	assert_int_equal(pool->excluded, 128);
	assert_true(address_pool_choose(pool, pool->size - 129, &address));
	assert_int_equal(address_distance(&pool->low, &address), pool->size - 129);
	assert_true(address_pool_choose(pool, pool->size - 128, &address));
	assert_int_equal(address_distance(&pool->low, &address), 0);
	address_pools_fini(&pools);
	boot_config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_of_the_map),
		cmocka_unit_test(test_map_against_a_model),
		cmocka_unit_test(test_reserved_and_hosts_are_left_out),
		cmocka_unit_test(test_known_ones_come_last),
		cmocka_unit_test(test_address_arithmetic),
		cmocka_unit_test(test_large_pools_are_made_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
