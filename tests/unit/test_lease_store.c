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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "bootd/leases/lease_store.h"
#include "tests/unit/lease_directory.h"
#include "tests/unit/random.h"

enum { NOW = 1800000000, ROOM = 64 };

static char why[LEASE_STORE_WHY];

static struct lease_store *open_store(void)
{
	struct lease_store *store;

	if (sqlite_driver.open(lease_file, NULL, NULL, &store, why) < 0)
		fail_msg("%s", why);
	return store;
}

static void close_store(struct lease_store *store)
{
	store->driver->close(store);
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
	return store->driver->load(store, now_unix_s, take, NULL);
}

static void put(struct lease_store *store, const struct lease *lease)
{
	assert_int_equal(store->driver->put(store, lease), 0);
}

static void commit(struct lease_store *store)
{
	assert_int_equal(store->driver->commit(store), 0);
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
		const struct lease *got = &loaded[i], *put_in = &lease[i];

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

/* An operator may have edited the store: a subnet that is not exactly a prefix is refused. */
static void test_a_stored_subnet_is_a_prefix(void **state)
{
	static const char *const bad[] = {"2001:db8:1::/+64", "2001:db8:1::/ 64",
		"2001:db8:1::/64 ", "2001:db8:1::/-18446744073709551552", "2001:db8:1::1/64",
		"2001:db8:1::/129", "2001:db8:1::", ""};
	struct lease lease;

	(void)state;
	assert_null(lease_text_read(&lease, "2001:db8:1::7", "2001:db8:1::/64", "52:54:00:12:34:56",
		"00030001525400123456", "bound"));
	assert_int_equal(lease.subnet.len, 64);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *wrong = lease_text_read(&lease, "2001:db8:1::7", bad[i],
			"52:54:00:12:34:56", "00030001525400123456", "bound");

		if (!wrong || strcmp(wrong, "subnet") != 0)
			fail_msg("'%s' is read as a subnet", bad[i]);
	}
}

/* SQLite alone would make it readable for all users. */
static void test_a_new_file_is_for_owner_and_group(void **state)
{
	mode_t before = umask(022);
	struct lease_store *store = open_store();
	struct stat st;

	(void)state;
	assert_int_equal(stat(lease_file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	close_store(store);
	umask(before);
}

static void test_expired_leases_are_dropped(void **state)
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

static void test_last_of_an_address_counts(void **state)
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
	assert_int_equal(loads, 2); /* the later one comes later, and wins */
	assert_memory_equal(&loaded[1].address, &two.address, sizeof(two.address));
	assert_int_equal(loaded[1].expires_unix_s, NOW + 3);
	assert_int_equal(store->driver->remove(store, &one.address, &one.machine), 0);
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
	assert_int_equal(store->driver->remove(store, &two.address, &two.machine), 0);
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

/* Another program writes: our transaction fails as a whole, and the next one succeeds. */
static void test_busy(void **state)
{
	struct lease_store *store = open_store();
	struct lease one = lease_number(1), two = lease_number(2);
	sqlite3 *other;

	(void)state;
	assert_int_equal(sqlite3_open(lease_file, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store->driver->put(store, &one), -EBUSY);
	assert_int_equal(store->driver->put(store, &two), -EBUSY);
	assert_int_equal(store->driver->commit(store), -EBUSY);
	assert_non_null(strstr(store->driver->last_error(store), "locked"));
	sqlite3_close(other);
	put(store, &two);
	commit(store);
	assert_int_equal(load(store, NOW), 0);
	assert_int_equal(loads, 1);
	close_store(store);
}

/* --- refused ----------------------------------------------------------------------- */

/* The file's octets summed up: what is refused is left as it was. */
static unsigned long fingerprint(void)
{
	FILE *stream = fopen(lease_file, "r");
	unsigned long sum = 5381;
	int octet;

	assert_non_null(stream);
	while ((octet = getc(stream)) != EOF)
		sum = sum * 33 + (unsigned)octet;
	fclose(stream);
	return sum;
}

static void refused(int rc, const char *said)
{
	struct lease_store *store;
	unsigned long before = fingerprint();

	assert_int_equal(sqlite_driver.open(lease_file, NULL, NULL, &store, why), rc);
	assert_null(store);
	if (!strstr(why, said))
		fail_msg("\"%s\" does not say \"%s\"", why, said);
	assert_int_equal(fingerprint(), before);
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
	sql("PRAGMA user_version = 3");
	refused(-EPROTONOSUPPORT, "version 3");
	sql("PRAGMA user_version = 2");
	close_store(open_store());
}

static void test_older_schema(void **state)
{
	struct lease_store *store;
	struct lease want = lease_number(7);

	(void)state;
	sql("CREATE TABLE lease (address TEXT NOT NULL PRIMARY KEY, subnet TEXT NOT NULL,"
	    " machine TEXT NOT NULL, duid TEXT NOT NULL, iaid INTEGER NOT NULL,"
	    " state TEXT NOT NULL, since TEXT NOT NULL, expires TEXT NOT NULL) WITHOUT ROWID;"
	    "CREATE UNIQUE INDEX lease_of_machine ON lease (subnet, machine)"
	    " WHERE state <> 'declined';"
	    "INSERT INTO lease VALUES ('2001:db8:1::7', '2001:db8:1::/64', '52:54:00:00:00:07',"
	    " '000300010200000000aa', 5, 'bound', '2027-01-15 07:59:53', '2027-01-15 08:00:07');"
	    "PRAGMA application_id = 0x6e623601; PRAGMA user_version = 1");
	store = open_store();
	assert_int_equal(load(store, NOW), 0);
	assert_int_equal(loads, 1);
	assert_memory_equal(&loaded[0].address, &want.address, sizeof(want.address));
	assert_int_equal(loaded[0].since_unix_s, want.since_unix_s);
	assert_int_equal(loaded[0].expires_unix_s, want.expires_unix_s);
	close_store(store);
	close_store(open_store());
}

/* --- the log ------------------------------------------------------------------------ */

static long long sql_number(const char *text)
{
	sqlite3_stmt *row;
	long long number;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(lease_file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &row, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	number = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	sqlite3_close(db);
	return number;
}

enum { MANY = 3000, KEPT = 500 };
static uint32_t many_iaid[MANY]; /* as put last; 0: removed */

static struct lease lease_of_many(unsigned i)
{
	struct lease lease = lease_number((uint8_t)i);

	lease.address = address_after(&lease.subnet.address, i + 1);
	lease.machine.octets[4] = (uint8_t)(i >> 8);
	lease.expires_unix_s = (int64_t)time(NULL) + 3600;
	return lease;
}

static int take_of_many(void *arg, const struct lease *lease)
{
	uint32_t i = lease->address.s6_addr[14] * 256u + lease->address.s6_addr[15] - 1;

	(void)arg;
	assert_true(i < MANY);
	assert_int_equal(lease->iaid, many_iaid[i]);
	loads++;
	return 0;
}

static void assert_many(struct lease_store *store)
{
	int want = 0;

	for (unsigned i = 0; i < MANY; i++)
		want += many_iaid[i] != 0;
	loads = 0;
	assert_int_equal(store->driver->load(store, (int64_t)time(NULL), take_of_many, NULL), 0);
	assert_int_equal(loads, want);
}

/* Some are changed over and over, some never, some are removed: none is lost, none comes back. */
static void test_log_stays_short(void **state)
{
	struct lease_store *store = open_store();

	(void)state;
	random_start("test_log_stays_short");
	for (unsigned turn = 1; turn < 1000; turn++) {
		for (unsigned n = 0; n < 60; n++) {
			unsigned i = turn < 100 ? (turn * 60 + n) % MANY
						: KEPT + (unsigned)random_below(MANY - KEPT);
			struct lease lease = lease_of_many(i);

			lease.iaid = turn;
			if (random_below(8) == 0 && i >= KEPT) {
				assert_int_equal(store->driver->remove(
							 store, &lease.address, &lease.machine),
					0);
				many_iaid[i] = 0;
			} else {
				put(store, &lease);
				many_iaid[i] = turn;
			}
		}
		commit(store);
		if (turn % 300 == 0) {
			close_store(store);
			store = open_store();
			assert_many(store);
		}
	}
	assert_many(store);
	close_store(store);
	assert_in_range(sql_number("SELECT count(*) FROM lease_change"), 1, 2 * MANY + 9000);
	assert_int_equal(sql_number("SELECT count(*) FROM lease"),
		sql_number("SELECT count(*) FROM lease WHERE subnet = '2001:db8:1::/64'"));
	store = open_store();
	assert_many(store);
	close_store(store);
}

/* An operator puts a row into the log while we have it open. */
static void test_row_of_an_operator(void **state)
{
	struct lease_store *store = open_store();
	struct lease one = lease_number(1), two = lease_number(2), three = lease_number(3);

	(void)state;
	put(store, &one);
	put(store, &two);
	commit(store);
	sql("INSERT INTO lease_change SELECT 3, address, subnet, machine, duid, iaid, 'removed',"
	    " since, expires FROM lease_change WHERE change = 1");
	put(store, &three);
	commit(store);
	assert_int_equal(load(store, NOW), 0);
	assert_int_equal(loads, 2);
	assert_memory_equal(&loaded[0].address, &two.address, sizeof(two.address));
	close_store(store);
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

		fill(400);
		overwrite(page * 4096, "\x5a\x5a\x5a\x5a\x5a\x5a\x5a\x5a", 64);
		if (sqlite_driver.open(lease_file, NULL, NULL, &store, why) == 0)
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
		{"UPDATE lease_change SET state = 'mine'", "wrong state"},
		{"UPDATE lease_change SET machine = '52:54'", "wrong machine"},
		{"UPDATE lease_change SET subnet = '2001:db8:2::/64'", "wrong subnet"},
		{"UPDATE lease_change SET subnet = '2001:db8:1::'", "wrong subnet"},
		{"UPDATE lease_change SET address = 'x'", "wrong address"},
		{"UPDATE lease_change SET duid = ''", "wrong duid"},
		{"UPDATE lease_change SET expires = 'soon' WHERE iaid % 2", "wrong expires"},
		{"UPDATE lease_change SET since = '2026-11-22'", "wrong since"},
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
		assert_non_null(strstr(store->driver->last_error(store), row[i].said + 6));
		close_store(store);
		sql("DELETE FROM lease_change");
	}
}

static void test_no_directory(void **state)
{
	struct lease_store *store;

	(void)state;
	assert_int_equal(
		sqlite_driver.open("/nonexistent/leases.db", NULL, NULL, &store, why), -ENOENT);
	assert_non_null(strstr(why, "No such file"));
}

/* One in which not even root can make a file. */
static void test_directory_that_cannot_be_written(void **state)
{
	struct lease_store *store;

	(void)state;
	assert_true(sqlite_driver.open("/proc/leases.db", NULL, NULL, &store, why) < 0);
	assert_null(store);
	assert_non_null(strstr(why, "/proc/leases.db"));
}

#define IN_DIRECTORY(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, lease_directory_make, lease_directory_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_round_trip),
		cmocka_unit_test(test_a_stored_subnet_is_a_prefix),
		IN_DIRECTORY(test_a_new_file_is_for_owner_and_group),
		IN_DIRECTORY(test_expired_leases_are_dropped),
		IN_DIRECTORY(test_last_of_an_address_counts),
		IN_DIRECTORY(test_uncommitted_is_not_there),
		IN_DIRECTORY(test_busy),
		IN_DIRECTORY(test_two_servers),
		IN_DIRECTORY(test_newer_schema),
		IN_DIRECTORY(test_older_schema),
		IN_DIRECTORY(test_log_stays_short),
		IN_DIRECTORY(test_row_of_an_operator),
		IN_DIRECTORY(test_of_another_program),
		IN_DIRECTORY(test_no_database),
		IN_DIRECTORY(test_damaged_pages),
		IN_DIRECTORY(test_truncated),
		IN_DIRECTORY(test_wrong_rows),
		cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_directory_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
