/* SPDX-License-Identifier: ISC */
/*
 * Hosts in a directory: what is read, what is refused and stays as it was, and
 * the watch that tells of changes, on real files.
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

#include "bootd/config/conf_file.h"
#include "bootd/config/host_files.h"
#include "daemon/directory_watch.h"
#include "daemon/log.h"
#include "daemon/loop.h"

enum { PATH_SIZE = 256 };

struct place {
	char top[64], directory[96];
	struct boot_config *config;
	struct host_files *files;
	struct host_files_change change;
	unsigned owned, freed; /* addresses that were reported */
};

static const char *in(const struct place *p, const char *name)
{
	static char path[2][PATH_SIZE];
	static int turn;

	turn = !turn;
	snprintf(path[turn], PATH_SIZE, "%s/%s", p->directory, name);
	return path[turn];
}

static void put(const struct place *p, const char *name, const char *text)
{
	FILE *file = fopen(in(p, name), "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int setup(void **state)
{
	static struct place place;
	struct place *p = &place;
	struct config_problems problems = {0};

	*p = (struct place){.top = "/tmp/nb6-hosts-XXXXXX"};
	assert_non_null(mkdtemp(p->top));
	snprintf(p->directory, sizeof(p->directory), "%s/hosts.d", p->top);
	assert_int_equal(mkdir(p->directory, 0755), 0);
	assert_int_equal(conf_text_load("b.conf",
				 "subnet \"2001:db8::/64\" {}\n"
				 "host \"own\" { mac = \"52:54:00:00:00:01\" }\n",
				 &p->config, &problems),
		0);
	p->files = host_files_new(p->directory);
	p->config->host_files = host_files_table(p->files);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	char command[128];

	host_files_free(p->files);
	boot_config_free(p->config);
	snprintf(command, sizeof(command), "rm -rf %s", p->top);
	return system(command);
}

static void count_address(void *arg, const struct in6_addr *address, bool is_owned)
{
	struct place *p = arg;

	(void)address;
	p->owned += is_owned;
	p->freed += !is_owned;
}

/* Look at everything, or at one file; take it over. */
static void look(struct place *p, const char *name)
{
	assert_int_equal(host_files_note(p->files, name), 0);
	while (host_files_read(p->files, 2))
		;
	host_files_apply(p->files, p->config, &p->change, count_address, p);
}

static bool has(const struct place *p, const char *name)
{
	return boot_config_host_named(p->config, name) != NULL;
}

static void keep_text(void *arg, const char *text)
{
	strcat(arg, text);
	strcat(arg, "\n");
}

static void expect_refused(const struct place *p, const char *said)
{
	char text[8192] = "";

	host_files_each_refused(p->files, keep_text, text);
	if (said ? !strstr(text, said) : *text)
		fail_msg("refused: %s", text);
}

#define HOST(name, mac) "host \"" name "\" { mac = \"52:54:00:00:00:" mac "\" }\n"

static void test_files_come_and_go(void **state)
{
	struct place *p = *state;

	put(p, "a.conf", HOST("a1", "0a") HOST("a2", "0b"));
	put(p, "b.conf", HOST("b", "0c"));
	put(p, "a.conf~", HOST("nobody", "0d"));
	put(p, ".a.conf", HOST("nobody", "0d"));
	look(p, NULL);
	assert_true(has(p, "a1") && has(p, "a2") && has(p, "b") && has(p, "own"));
	assert_false(has(p, "nobody"));
	assert_int_equal(p->change.files, 2);

	look(p, NULL); /* nothing is read again */
	assert_int_equal(p->change.files, 0);

	put(p, "a.conf", HOST("a1", "0a"));
	look(p, "a.conf");
	assert_true(has(p, "a1") && !has(p, "a2"));
	assert_int_equal(p->change.files, 1);

	rename(in(p, "b.conf"), in(p, "c.conf"));
	look(p, NULL);
	assert_true(has(p, "b"));
	assert_int_equal(host_files_count(p->files), 2);

	unlink(in(p, "c.conf"));
	look(p, "c.conf");
	assert_false(has(p, "b"));

	unlink(in(p, "a.conf"));
	rmdir(p->directory);
	look(p, NULL);
	assert_int_equal(host_files_table(p->files)->hosts, 0);
	assert_int_equal(host_files_count(p->files), 0);
}

/* A file that is wrong changes nothing, whatever is wrong with it. */
static void test_bad_file_stays_as_it_was(void **state)
{
	static const struct {
		const char *text, *said;
	} row[] = {
		{HOST("a", "0a") "host \"x\" { mac = 7 }", "a.conf:2: "},
		{"host \"a\" { mac = \"52:54:00:00:00:0a\"\n", "a.conf:1: this \"{\" is never"},
		{HOST("a", "0a") "\nhost \"b\" { mac = \"52:54:00:00:00:0b }", "a.conf:"},
		{HOST("a", "0a") "subnet \"2001:db8:9::/64\" {}", "a.conf:2: subnet: there is no such setting"},
		{HOST("a", "0a") HOST("a", "0b"), "a.conf:2: host \"a\" has the same name"},
		{HOST("a", "0a") HOST("z", "01"), "a.conf:2: host \"z\" has the same MAC"},
		{"\xff", "UTF-8"},
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		put(p, "a.conf", HOST("good", "0a"));
		look(p, "a.conf");
		expect_refused(p, NULL);
		assert_true(has(p, "good"));
		put(p, "a.conf", row[i].text);
		put(p, "b.conf", HOST("other", "0f"));
		look(p, NULL);
		expect_refused(p, row[i].said);
		assert_true(has(p, "good") && has(p, "other"));
		assert_false(has(p, "a"));
		unlink(in(p, "b.conf"));
		look(p, "b.conf");
		assert_true(has(p, "good") && !has(p, "other"));
	}
	unlink(in(p, "a.conf")); /* gone is gone, though its last version was wrong */
	look(p, NULL);
	assert_false(has(p, "good"));
	expect_refused(p, NULL);
	mkfifo(in(p, "a.conf"), 0600); /* would be read for ever */
	look(p, NULL);
	expect_refused(p, "expected a regular file");
}

/* Two files want the same machine: the one that has it keeps it, until it lets go of it. */
static void test_conflict_between_files(void **state)
{
	struct place *p = *state;

	put(p, "b.conf", HOST("b", "0b"));
	look(p, NULL);
	put(p, "a.conf", HOST("a", "0b"));
	look(p, NULL);
	assert_true(has(p, "b") && !has(p, "a"));
	expect_refused(p, "a.conf:1: host \"a\" has the same MAC, UUID or DUID as host \"b\" (");
	unlink(in(p, "b.conf"));
	look(p, "b.conf");
	assert_true(has(p, "a") && !has(p, "b"));
	expect_refused(p, NULL);
}

/* At the start the first by name has it. */
static void test_first_name_wins(void **state)
{
	struct place *p = *state;

	put(p, "b.conf", HOST("b", "0b"));
	put(p, "a.conf", HOST("a", "0b"));
	put(p, "c.conf", HOST("c", "01"));
	look(p, NULL);
	assert_true(has(p, "a") && !has(p, "b") && !has(p, "c"));
	expect_refused(p, "b.conf:1: ");
	expect_refused(p, "c.conf:1: host \"c\" has the same MAC, UUID or DUID as host \"own\" "
			  "(b.conf:2)");
}

/* Hosts change places between files in one go; what is refused drags back what needs its place. */
static void test_hosts_move_between_files(void **state)
{
	struct place *p = *state;

	put(p, "a.conf", HOST("x", "0a"));
	put(p, "b.conf", HOST("y", "0b"));
	look(p, NULL);
	put(p, "a.conf", HOST("y", "0b"));
	put(p, "b.conf", HOST("x", "0a"));
	look(p, NULL);
	assert_true(has(p, "x") && has(p, "y"));
	assert_string_equal(strrchr(boot_config_host_named(p->config, "x")->file, '/'), "/b.conf");

	/* a gives y up for the host that bootd.conf has, so c cannot have y. */
	put(p, "a.conf", HOST("z", "01"));
	put(p, "c.conf", HOST("new", "0b"));
	look(p, NULL);
	assert_true(has(p, "x") && has(p, "y") && !has(p, "new") && !has(p, "z"));
	expect_refused(p, "c.conf:1: ");
	put(p, "a.conf", "");
	look(p, "a.conf");
	assert_true(has(p, "new") && !has(p, "y"));
}

/* A directory that is there and cannot be read: nobody is gone. */
static void test_unreadable_directory(void **state)
{
	struct place *p = *state;
	char moved[PATH_SIZE];

	put(p, "a.conf", HOST("a", "0a"));
	look(p, NULL);
	snprintf(moved, sizeof(moved), "%s/moved", p->top);
	rename(p->directory, moved);
	assert_int_equal(symlink(p->directory, p->directory), 0);
	assert_int_equal(host_files_note(p->files, NULL), -ELOOP);
	assert_false(host_files_read(p->files, 9));
	host_files_apply(p->files, p->config, &p->change, NULL, NULL);
	assert_true(has(p, "a"));
	unlink(p->directory);
	rename(moved, p->directory);
	look(p, NULL);
	assert_int_equal(p->change.files, 0);
	unlink(in(p, "a.conf"));
	look(p, NULL);
	assert_false(has(p, "a"));
}

/* A file that changes between read and apply is read once more. */
static void test_changed_meanwhile(void **state)
{
	struct place *p = *state;

	put(p, "a.conf", HOST("first", "0a"));
	host_files_note(p->files, NULL);
	assert_false(host_files_read(p->files, 10));
	put(p, "a.conf", HOST("second", "0a"));
	look(p, "a.conf");
	assert_true(has(p, "second") && !has(p, "first"));
}

static void test_addresses_are_reported(void **state)
{
	struct place *p = *state;

	put(p, "a.conf", "host \"a\" { mac = \"52:54:00:00:00:0a\" address = \"2001:db8::a\" }");
	look(p, NULL);
	assert_int_equal(p->owned, 1);
	assert_int_equal(p->freed, 0);
	rename(in(p, "a.conf"), in(p, "b.conf"));
	look(p, NULL);
	assert_int_equal(p->freed, 0);
	put(p, "b.conf", "host \"a\" { mac = \"52:54:00:00:00:0a\" address = \"2001:db8::b\" }");
	look(p, NULL);
	assert_int_equal(p->freed, 1);
}

/* --- the watch ------------------------------------------------------------------------ */

struct told {
	struct loop *loop;
	char name[64];
	bool all;
};

static void take(void *arg, const char *name)
{
	struct told *told = arg;

	told->all |= !name;
	snprintf(told->name, sizeof(told->name), "%s", name ? name : "");
	loop_stop(told->loop);
}

static void too_late(void *arg)
{
	(void)arg;
	fail_msg("nothing is reported");
}

static void expect_told(struct told *told, const char *name)
{
	struct loop_timer *guard = loop_timer_new(told->loop, too_late, NULL);

	*told = (struct told){.loop = told->loop};
	loop_timer_arm(guard, 20000);
	while (name ? strcmp(told->name, name) != 0 : !told->all)
		assert_int_equal(loop_run(told->loop), 0);
	loop_timer_free(guard);
}

static void test_watch(void **state)
{
	struct place *p = *state;
	struct told told = {.loop = loop_new()};
	struct directory_watch *watch;
	char other[PATH_SIZE], moved[PATH_SIZE];

	snprintf(other, sizeof(other), "%s/other", p->top);
	snprintf(moved, sizeof(moved), "%s/moved", p->top);
	put(p, "a.conf", "");
	assert_int_equal(directory_watch_new(&watch, told.loop, p->directory, take, &told), 0);
	put(p, "a.conf", "x");
	expect_told(&told, "a.conf");
	rename(in(p, "a.conf"), in(p, "b.conf"));
	expect_told(&told, "b.conf");
	assert_int_equal(link(in(p, "b.conf"), in(p, "c.conf")), 0);
	expect_told(&told, "c.conf");
	assert_int_equal(symlink("b.conf", in(p, "d.conf")), 0);
	expect_told(&told, "d.conf");
	chmod(in(p, "c.conf"), 0600);
	expect_told(&told, "c.conf");
	unlink(in(p, "d.conf"));
	expect_told(&told, "d.conf");
	/* The directory is replaced by another, and that one is watched. */
	mkdir(other, 0755);
	assert_int_equal(rename(p->directory, moved), 0);
	assert_int_equal(rename(other, p->directory), 0);
	expect_told(&told, NULL);
	put(p, "e.conf", "");
	expect_told(&told, "e.conf");
	/* It goes, and comes again. */
	unlink(in(p, "e.conf"));
	assert_int_equal(rmdir(p->directory), 0);
	expect_told(&told, NULL);
	mkdir(p->directory, 0755);
	expect_told(&told, NULL);
	put(p, "f.conf", "");
	expect_told(&told, "f.conf");
	directory_watch_free(watch);
	loop_free(told.loop);
}

/* More events than the kernel keeps: the word is that anything may have changed. */
static void test_overflow(void **state)
{
	struct place *p = *state;
	struct told told = {.loop = loop_new()};
	struct directory_watch *watch;
	FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	unsigned most = 0;

	assert_non_null(limit);
	assert_int_equal(fscanf(limit, "%u", &most), 1);
	fclose(limit);
	assert_int_equal(directory_watch_new(&watch, told.loop, p->directory, take, &told), 0);
	put(p, "a.conf", "");
	put(p, "b.conf", "");
	for (unsigned i = 0; i <= most; i++) /* two of the same in a row are one event */
		assert_int_equal(chmod(in(p, i % 2 ? "a.conf" : "b.conf"), 0644), 0);
	expect_told(&told, NULL);
	directory_watch_free(watch);
	loop_free(told.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_file_stays_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict_between_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_name_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hosts_move_between_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreadable_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_addresses_are_reported, setup, teardown),
		cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overflow, setup, teardown),
	};

	log_open("test_host_files", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
