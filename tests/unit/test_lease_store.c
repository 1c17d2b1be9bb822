/* SPDX-License-Identifier: ISC */
/* The SQLite store: what is committed comes back, and what is no store of ours is refused. */
#include "bootd/leases/sqlite_store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bootd/leases/lease_text.h"
#include "tests/unit/lease_directory.h"

enum { NOW = 1800000000, ROOM = 64 };

static char why[SQLITE_STORE_WHY];

static struct lease_store *open_store(void)
{
	struct lease_store *store;

	if (sqlite_store_open(lease_file, &store, why) < 0)
		fail_msg("%s", why);
	return store;
}

static void close_store(struct lease_store *store)
{
	store->kind->close(store);
}

static struct lease lease_number(uint8_t number)
{
	const uint8_t mac[] = {0x52, 0x54, 0, 0, 0, number};
	struct lease lease = {.machine = machine_of_mac(mac),
		.iaid = UINT32_MAX - number,
		.state = LEASE_BOUND,
		.since_unix_s = NOW - number,
		.expires_unix_s = NOW + number};

	inet_pton(AF_INET6, "2001:db8:1::", &lease.subnet.address);
	lease.subnet.len = 64;
	lease.address = address_after(&lease.subnet.address, number);
	assert_int_equal(dhcp6_duid_parse("000300010200000000aa", &lease.duid), 0);
	return lease;
}

static struct lease loaded[ROOM];
static int loads;

static int take(void *arg, const struct lease *lease)
{
	(void)arg;
	assert_true(loads < ROOM);
	loaded[loads++] = *lease;
	return 0;
}

static int load(struct lease_store *store, int64_t now_unix_s)
{
	loads = 0;
	return store->kind->load(store, now_unix_s, take, NULL);
}

static void put(struct lease_store *store, const struct lease *lease)
{
	assert_int_equal(store->kind->put(store, lease), 0);
}

static void commit(struct lease_store *store)
{
	assert_int_equal(store->kind->commit(store), 0);
}

static void sql(const char *text)
{
	sqlite3 *db;
	char *error = NULL;

	assert_int_equal(sqlite3_open(lease_file, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s", error);
	sqlite3_close(db);
}

/* --- round trips ------------------------------------------------------------------- */

static void test_round_trip(void **state)
{
	struct lease_store *store = open_store();
	struct lease lease[3] = {lease_number(1), lease_number(2), lease_number(3)};

	(void)state;
	lease[1].machine = machine_of_duid(&lease[1].duid);
	lease[1].state = LEASE_RELEASED;
	lease[2].state = LEASE_DECLINED;
	for (int i = 0; i < 3; i++)
		put(store, &lease[i]);
	commit(store);
	close_store(store);
	store = open_store();
	assert_int_equal(load(store, NOW), 0);
	assert_int_equal(loads, 3);
	for (int i = 0; i < 3; i++) {
		const struct lease *got = &loaded[2 - i], *put_in = &lease[i]; /* by `since` */

		assert_memory_equal(&got->address, &put_in->address, 16);
		assert_true(prefix_equal(&got->subnet, &put_in->subnet));
		assert_true(machine_equal(&got->machine, &put_in->machine));
		assert_true(dhcp6_duid_equal(&got->duid, &put_in->duid));
		assert_int_equal(got->iaid, put_in->iaid);
		assert_int_equal(got->state, put_in->state);
		assert_int_equal(got->since_unix_s, put_in->since_unix_s);
		assert_int_equal(got->expires_unix_s, put_in->expires_unix_s);
	}
	close_store(store);
}

static void test_expired_ones_are_dropped(void **state)
{
	struct lease_store *store = open_store();

	(void)state;
	for (uint8_t i = 1; i <= 3; i++) {
		struct lease lease = lease_number(i);

		put(store, &lease);
	}
	commit(store);
	assert_int_equal(load(store, NOW + 2), 0);
	assert_int_equal(loads, 1);
	assert_int_equal(loaded[0].expires_unix_s, NOW + 3);
	/* for good */
	assert_int_equal(load(store, NOW), 0);
	assert_int_equal(loads, 1);
	close_store(store);
}

static void test_one_per_address_and_machine(void **state)
{
	struct lease_store *store = open_store();
	struct lease one = lease_number(1), two = lease_number(2);

	(void)state;
	put(store, &one);
	two.machine = one.machine; /* it has moved */
	put(store, &two);
	two.expires_unix_s++;
	put(store, &two);
	commit(store);
	assert_int_equal(load(store, NOW), 0);
	assert_int_equal(loads, 1);
	assert_int_equal(loaded[0].expires_unix_s, NOW + 3);
	/* what it declined stays beside it */
	two.state = LEASE_DECLINED;
	put(store, &two);
	put(store, &one);
	commit(store);
	assert_int_equal(load(store, NOW), 0);
	assert_int_equal(loads, 2);
	assert_int_equal(store->kind->remove(store, &two.address), 0);
	commit(store);
	assert_int_equal(load(store, NOW), 0);
	assert_int_equal(loads, 1);
	assert_int_equal(loaded[0].state, LEASE_BOUND);
	close_store(store);
}

static void test_uncommitted_is_not_there(void **state)
{
	struct lease_store *store = open_store();
	struct lease one = lease_number(1), two = lease_number(2);

	(void)state;
	put(store, &one);
	commit(store);
	put(store, &two);
	close_store(store);
	store = open_store();
	assert_int_equal(load(store, NOW), 0);
	assert_int_equal(loads, 1);
	commit(store); /* of nothing */
	close_store(store);
}

/* Somebody else writes: our transaction fails whole, the next one is as ever. */
static void test_busy(void **state)
{
	struct lease_store *store = open_store();
	struct lease one = lease_number(1), two = lease_number(2);
	sqlite3 *other;

	(void)state;
	assert_int_equal(sqlite3_open(lease_file, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store->kind->put(store, &one), -EBUSY);
	assert_int_equal(store->kind->put(store, &two), -EBUSY);
	assert_int_equal(store->kind->commit(store), -EBUSY);
	assert_non_null(strstr(store->kind->last_error(store), "locked"));
	sqlite3_close(other);
	put(store, &two);
	commit(store);
	assert_int_equal(load(store, NOW), 0);
	assert_int_equal(loads, 1);
	close_store(store);
}

/* --- refused ----------------------------------------------------------------------- */

static void refused(int rc, const char *said)
{
	struct lease_store *store;

	assert_int_equal(sqlite_store_open(lease_file, &store, why), rc);
	assert_null(store);
	if (!strstr(why, said))
		fail_msg("\"%s\" does not say \"%s\"", why, said);
}

static void test_two_servers(void **state)
{
	struct lease_store *store = open_store();

	(void)state;
	refused(-EBUSY, "another netboot6-bootd");
	close_store(store);
	close_store(open_store());
}

static void test_newer_schema(void **state)
{
	(void)state;
	close_store(open_store());
	sql("PRAGMA user_version = 2");
	refused(-EPROTONOSUPPORT, "version 2");
	sql("PRAGMA user_version = 1");
	close_store(open_store());
}

static void test_of_another_program(void **state)
{
	(void)state;
	sql("CREATE TABLE recipe (name TEXT)");
	refused(-EBADMSG, "not one of leases");
}

static void overwrite(long at, const char *with, size_t times)
{
	FILE *stream = fopen(lease_file, at < 0 ? "w" : "r+");

	assert_non_null(stream);
	if (at > 0)
		fseek(stream, at, SEEK_SET);
	for (size_t i = 0; i < times; i++)
		fputs(with, stream);
	fclose(stream);
}

static void test_no_database(void **state)
{
	(void)state;
	overwrite(-1, "This is a text, and not a database at all. ", 100);
	refused(-EBADMSG, "not a database");
}

static void fill(unsigned leases)
{
	struct lease_store *store = open_store();

	for (unsigned i = 0; i < leases; i++) {
		struct lease lease = lease_number((uint8_t)i);

		lease.address = address_after(&lease.subnet.address, i);
		lease.machine.octets[4] = (uint8_t)(i >> 8);
		put(store, &lease);
	}
	commit(store);
	close_store(store); /* all of it is in the file now, not in its log */
}

/* Wherever a page is damaged: never a start with less than all. */
static void test_damaged_pages(void **state)
{
	(void)state;
	for (long page = 1; page < 8; page++) {
		struct lease_store *store;

		fill(200);
		overwrite(page * 4096, "\x5a\x5a\x5a\x5a\x5a\x5a\x5a\x5a", 64);
		if (sqlite_store_open(lease_file, &store, why) == 0)
			fail_msg("page %ld is damaged, but the file was opened", page);
		assert_true(*why);
		lease_directory_remove(NULL);
		lease_directory_make(NULL);
	}
}

static void test_truncated(void **state)
{
	(void)state;
	fill(200);
	assert_int_equal(truncate(lease_file, 3 * 4096), 0);
	refused(-EBADMSG, "");
	/* by less than a page, which SQLite reads as zeros */
	for (off_t missing = 100; missing < 4096; missing += 700) {
		struct stat is;

		lease_directory_remove(NULL);
		lease_directory_make(NULL);
		fill(45);
		assert_int_equal(stat(lease_file, &is), 0);
		assert_int_equal(truncate(lease_file, is.st_size - missing), 0);
		refused(-EBADMSG, "");
	}
}

static void test_wrong_rows(void **state)
{
	static const struct {
		const char *change, *said;
	} row[] = {
		{"UPDATE lease SET expires = 'soon'||expires WHERE iaid % 2", "wrong expires"},
		{"UPDATE lease SET state = 'mine'", "wrong state"},
		{"UPDATE lease SET machine = '52:54'", "wrong machine"},
		{"UPDATE lease SET subnet = '2001:db8:2::/64'", "wrong subnet"},
		{"UPDATE lease SET subnet = '2001:db8:1::'", "wrong subnet"},
		{"UPDATE lease SET address = 'x'", "wrong address"},
		{"UPDATE lease SET duid = ''", "wrong duid"},
		{"UPDATE lease SET since = '2026-11-22'", "wrong since"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct lease lease = lease_number(2);
		struct lease_store *store = open_store();

		put(store, &lease);
		commit(store);
		close_store(store);
		sql(row[i].change);
		store = open_store();
		assert_int_equal(load(store, NOW), -EBADMSG);
		assert_non_null(strstr(store->kind->last_error(store), row[i].said + 6));
		close_store(store);
		sql("DELETE FROM lease");
	}
}

static void test_no_directory(void **state)
{
	struct lease_store *store;

	(void)state;
	assert_int_equal(sqlite_store_open("/nonexistent/leases.db", &store, why), -ENOENT);
	assert_non_null(strstr(why, "No such file"));
}

static void test_times(void **state)
{
	char text[LEASE_TIME_TEXT];
	int64_t at;

	(void)state;
	assert_string_equal(lease_time_format(NOW, text), "2027-01-15 08:00:00");
	assert_int_equal(lease_time_parse(text, &at), 0);
	assert_int_equal(at, NOW);
	assert_int_equal(lease_time_parse("2027-01-15 08:00:00Z", &at), -EINVAL);
	assert_int_equal(lease_time_parse("", &at), -EINVAL);
}

#define IN_DIRECTORY(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, lease_directory_make, lease_directory_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_round_trip),
		IN_DIRECTORY(test_expired_ones_are_dropped),
		IN_DIRECTORY(test_one_per_address_and_machine),
		IN_DIRECTORY(test_uncommitted_is_not_there),
		IN_DIRECTORY(test_busy),
		IN_DIRECTORY(test_two_servers),
		IN_DIRECTORY(test_newer_schema),
		IN_DIRECTORY(test_of_another_program),
		IN_DIRECTORY(test_no_database),
		IN_DIRECTORY(test_damaged_pages),
		IN_DIRECTORY(test_truncated),
		IN_DIRECTORY(test_wrong_rows),
		cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
