/* SPDX-License-Identifier: ISC */
/*
 * The SQLite store with an event loop: commits end later, the event loop never waits for the disk,
 * and what is put during a commit belongs to the next one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/leases/sqlite_store.h"
#include "daemon/loop.h"
#include "tests/unit/lease_directory.h"

enum { NOW = 1800000000, LEASES_MAX = 64 };

static struct loop *loop;
static struct lease_store *store;
static int result, results; /* of the last commit; how many have ended */
static struct in6_addr loaded[LEASES_MAX];
static unsigned loads;

static void committed(void *arg, int rc, const bool *refused)
{
	(void)arg;
	assert_null(refused);
	result = rc;
	results++;
	loop_stop(loop);
}

static int take(void *arg, const struct lease *lease)
{
	(void)arg;
	loaded[loads++] = lease->address;
	return 0;
}

static void open_store(struct loop *on)
{
	static const struct lease_store_owner owner = {.committed = committed};
	char why[LEASE_STORE_WHY];

	if (sqlite_driver.open(lease_file, on, &owner, &store, why) < 0)
		fail_msg("%s", why);
	loads = 0;
	assert_int_equal(store->driver->load(store, NOW, take, NULL), 0);
}

static void close_store(void)
{
	store->driver->close(store);
}

static int begin(void **state)
{
	if (lease_directory_make(state) < 0)
		return -1;
	loop = loop_new();
	result = results = 0;
	open_store(loop);
	return loop ? 0 : -1;
}

static int end(void **state)
{
	loop_free(loop);
	return lease_directory_remove(state);
}

static struct lease lease_number(uint8_t number)
{
	const uint8_t mac[] = {0x52, 0x54, 0, 0, 0, number};
	struct lease lease = {.machine = machine_of_mac(mac),
		.state = LEASE_BOUND,
		.since_unix_s = NOW,
		.expires_unix_s = NOW + 600};

	inet_pton(AF_INET6, "2001:db8:1::", &lease.subnet.address);
	lease.subnet.len = 64;
	lease.address = address_after(&lease.subnet.address, number);
	assert_int_equal(dhcp6_duid_parse("000300010200000000aa", &lease.duid), 0);
	return lease;
}

static void put(uint8_t number)
{
	struct lease lease = lease_number(number);

	assert_int_equal(store->driver->put(store, &lease), 0);
}

static void commit(int expected)
{
	assert_int_equal(store->driver->commit(store), expected);
}

static void await(int expected)
{
	int before = results;

	while (results == before)
		loop_run(loop);
	assert_int_equal(result, expected);
}

/* As another process sees it: only what is committed. */
static unsigned stored(void)
{
	sqlite3 *db;
	sqlite3_stmt *count;
	unsigned n;

	assert_int_equal(sqlite3_open(lease_file, &db), SQLITE_OK);
	sqlite3_prepare_v2(db, "SELECT count(*) FROM lease", -1, &count, NULL);
	assert_int_equal(sqlite3_step(count), SQLITE_ROW);
	n = (unsigned)sqlite3_column_int(count, 0);
	sqlite3_finalize(count);
	sqlite3_close(db);
	return n;
}

static void test_committed_before_it_is_reported(void **state)
{
	(void)state;
	commit(0); /* nothing to do ends at once */
	for (uint8_t i = 1; i <= 20; i++) {
		put(i);
		commit(-EINPROGRESS);
		await(0);
		assert_int_equal(stored(), i);
	}
	close_store();
}

/* A transaction of somebody else holds the commit up, as a slow disk does. */
static void test_the_loop_continues(void **state)
{
	sqlite3 *other;
	struct lease_store_health health;
	uint64_t began_ms, took_ms;

	(void)state;
	assert_int_equal(sqlite3_open(lease_file, &other), SQLITE_OK);
	sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	began_ms = loop_now_ms();
	put(1);
	commit(-EINPROGRESS);
	/* the next transaction is collected meanwhile, and is not of this commit */
	put(2);
	put(3);
	commit(-EBUSY);
	store->driver->describe(store, &health);
	took_ms = loop_now_ms() - began_ms;
	assert_true(took_ms < 100);
	assert_int_equal(results, 0);
	await(-EBUSY);
	assert_true(loop_now_ms() - began_ms >= 150);
	assert_non_null(strstr(store->driver->last_error(store), "locked"));
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	/* what was put meanwhile may depend on what has failed */
	commit(-EBUSY);
	put(2);
	put(3);
	commit(-EINPROGRESS);
	await(0);
	assert_int_equal(stored(), 2);
	close_store();
	open_store(NULL);
	assert_int_equal(loads, 2);
	assert_int_equal(loaded[0].s6_addr[15], 2);
	close_store();
}

/* A stop in the middle of a commit, with more behind it: all of it is there afterwards. */
static void test_closed_during_a_commit(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 20; i++) {
		put((uint8_t)(2 * i + 1));
		commit(-EINPROGRESS);
		put((uint8_t)(2 * i + 2));
		close_store();
		open_store(loop);
		assert_int_equal(loads, 2 * i + 2);
	}
	assert_int_equal(results, 0);
	close_store();
}

static void test_removal(void **state)
{
	struct lease lease = lease_number(1);

	(void)state;
	put(1);
	put(2);
	commit(-EINPROGRESS);
	store->driver->remove(store, &lease.address, &lease.machine);
	await(0);
	assert_int_equal(stored(), 2);
	commit(-EINPROGRESS);
	await(0);
	assert_int_equal(stored(), 1);
	close_store();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_committed_before_it_is_reported, begin, end),
		cmocka_unit_test_setup_teardown(test_the_loop_continues, begin, end),
		cmocka_unit_test_setup_teardown(test_closed_during_a_commit, begin, end),
		cmocka_unit_test_setup_teardown(test_removal, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
