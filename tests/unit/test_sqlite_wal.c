/* SPDX-License-Identifier: ISC */
/*
 * The write-ahead log of the SQLite store after a crash and after damage: an incomplete transaction
 * at its end is normal and costs nothing that was acknowledged, all else is refused.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bootd/leases/sqlite_store.h"
#include "tests/unit/lease_directory.h"

enum { NOW = 1800000000, COMMITS = 10, HEADER = 32, FRAME = 24 + 4096 };

static char wal_file[128], why[LEASE_STORE_WHY];
static unsigned loads;

static int take(void *arg, const struct lease *lease)
{
	(void)arg;
	(void)lease;
	loads++;
	return 0;
}

static void copy(const char *from, const char *to)
{
	char command[300];

	snprintf(command, sizeof(command), "cp %s %s", from, to);
	assert_int_equal(system(command), 0);
}

static int open_and_load(struct lease_store **store)
{
	int rc = sqlite_driver.open(lease_file, NULL, NULL, store, why);

	loads = 0;
	return rc < 0 ? rc : (*store)->driver->load(*store, NOW, take, NULL);
}

/* The files as they are when the machine loses its power after the last commit. */
static void crash_after_commits(void)
{
	char saved[128], saved_wal[128];
	struct lease_store *store;

	snprintf(wal_file, sizeof(wal_file), "%s-wal", lease_file);
	snprintf(saved, sizeof(saved), "%s.saved", lease_file);
	snprintf(saved_wal, sizeof(saved_wal), "%s.saved-wal", lease_file);
	unlink(lease_file);
	unlink(wal_file);
	assert_int_equal(open_and_load(&store), 0);
	for (uint8_t i = 1; i <= COMMITS; i++) {
		const uint8_t mac[] = {0x52, 0x54, 0, 0, 0, i};
		struct lease lease = {.machine = machine_of_mac(mac),
			.since_unix_s = NOW,
			.expires_unix_s = NOW + 600};

		inet_pton(AF_INET6, "2001:db8:1::", &lease.subnet.address);
		lease.subnet.len = 64;
		lease.address = address_after(&lease.subnet.address, i);
		dhcp6_duid_parse("000300010200000000aa", &lease.duid);
		assert_int_equal(store->driver->put(store, &lease), 0);
		assert_int_equal(store->driver->commit(store), 0);
	}
	copy(lease_file, saved);
	copy(wal_file, saved_wal);
	store->driver->close(store);
	assert_int_equal(rename(saved, lease_file), 0);
	assert_int_equal(rename(saved_wal, wal_file), 0);
}

/* The number of the last frame of the log, from 0. */
static unsigned last_frame(void)
{
	struct sqlite_wal_check check;

	assert_int_equal(sqlite_wal_check(wal_file, &check), 0);
	assert_int_equal(check.lost_frames, 0);
	assert_true(check.frames >= COMMITS);
	return check.frames - 1;
}

static void flip(off_t at)
{
	int fd = open(wal_file, O_RDWR);
	uint8_t octet;

	assert_int_equal(pread(fd, &octet, 1, at), 1);
	octet ^= 0x10;
	assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

static void test_a_crash_loses_nothing(void **state)
{
	struct lease_store *store;

	(void)state;
	crash_after_commits();
	last_frame();
	assert_int_equal(open_and_load(&store), 0);
	assert_int_equal(loads, COMMITS);
	store->driver->close(store);
}

/* The last transaction was being written: cut off anywhere, or not all of its octets there. */
static void test_incomplete_transaction(void **state)
{
	struct lease_store *store;

	(void)state;
	for (int cut = 0; cut <= 1; cut++) {
		off_t at;

		crash_after_commits();
		at = HEADER + (off_t)last_frame() * FRAME;
		if (cut)
			assert_int_equal(truncate(wal_file, at + 1000), 0);
		else
			flip(at + 1000);
		assert_int_equal(open_and_load(&store), 0);
		assert_int_equal(loads, COMMITS - 1);
		store->driver->close(store);
	}
}

static void refused(void)
{
	struct lease_store *store;
	struct stat before, after;

	assert_int_equal(stat(wal_file, &before), 0);
	assert_int_equal(open_and_load(&store), -EBADMSG);
	assert_non_null(strstr(why, "write-ahead log"));
	/* it is left as it is, for whoever wants to save what can be saved */
	assert_int_equal(stat(wal_file, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
}

/* Behind the damage are transactions that were acknowledged. */
static void test_damage(void **state)
{
	(void)state;
	for (unsigned frame = 0; frame < COMMITS - 2; frame += 3) {
		static const off_t at[] = {0, 5, 17, 24, 24 + 4095};

		for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
			crash_after_commits();
			flip(HEADER + (off_t)frame * FRAME + at[i]);
			refused();
		}
	}
}

static void test_damaged_header(void **state)
{
	(void)state;
	for (off_t at = 0; at < HEADER; at += 5) {
		crash_after_commits();
		flip(at);
		refused();
	}
}

/* Zeros behind the log are no frames, and frames of an older use of the file are ignored. */
static void test_old_frames_do_not_count(void **state)
{
	struct lease_store *store;
	struct sqlite_wal_check check;

	(void)state;
	crash_after_commits();
	assert_int_equal(open_and_load(&store), 0);
	store->driver->close(store);
	assert_int_equal(sqlite_wal_check(wal_file, &check), 0); /* there is none */
	assert_int_equal(check.frames + check.lost_frames, 0);
	crash_after_commits();
	/* other salts in the last frames: they are of an older log */
	flip(HEADER + (off_t)last_frame() * FRAME + 8);
	assert_int_equal(sqlite_wal_check(wal_file, &check), 0);
	assert_int_equal(check.lost_frames, 0);
}

static int end(void **state)
{
	unlink(wal_file);
	return lease_directory_remove(state);
}

#define WAL_TEST(test) cmocka_unit_test_setup_teardown(test, lease_directory_make, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WAL_TEST(test_a_crash_loses_nothing),
		WAL_TEST(test_incomplete_transaction),
		WAL_TEST(test_damage),
		WAL_TEST(test_damaged_header),
		WAL_TEST(test_old_frames_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
