/* SPDX-License-Identifier: ISC */
/* The key and the DUID: made once, kept, and refused where they are none. */
#include "bootd/config/conf_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/file.h"

static char directory[64], key_file[128], duid_file[128];

static int make_directory(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/nb6-secret-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(key_file, sizeof(key_file), "%s/a/b/bootd.key", directory);
	snprintf(duid_file, sizeof(duid_file), "%s/a/bootd.duid", directory);
	return 0;
}

static int remove_directory(void **state)
{
	char below[128];

	(void)state;
	unlink(key_file);
	unlink(duid_file);
	snprintf(below, sizeof(below), "%s/a/b", directory);
	rmdir(below);
	snprintf(below, sizeof(below), "%s/a", directory);
	rmdir(below);
	/* Nothing else may be left in it. */
	return rmdir(directory);
}

static int fill(struct boot_config *config, const char **file)
{
	*config = (struct boot_config){.key_file = key_file, .duid_file = duid_file};
	return secret_files_fill(config, file);
}

static void write_file(const char *path, const void *octets, size_t len)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, len, file), len);
	fclose(file);
}

static void test_created_once_and_kept(void **state)
{
	static struct boot_config first, second;
	const char *file;
	struct stat st;

	(void)state;
	assert_int_equal(fill(&first, &file), 0);
	assert_true(first.has_key && first.key_is_of_file);
	assert_int_equal(first.server_duid.len, 18);
	assert_memory_equal(first.server_duid.octets, "\0\4", 2);
	assert_int_equal(first.server_duid.octets[8] >> 4, 4);
	assert_int_equal(stat(key_file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(fill(&second, &file), 0);
	assert_memory_equal(first.key, second.key, sizeof(first.key));
	assert_true(dhcp6_duid_equal(&first.server_duid, &second.server_duid));
	/* another installation has others */
	unlink(key_file);
	unlink(duid_file);
	assert_int_equal(fill(&second, &file), 0);
	assert_memory_not_equal(first.key, second.key, sizeof(first.key));
	assert_false(dhcp6_duid_equal(&first.server_duid, &second.server_duid));
}

static void test_configured_ones_need_no_file(void **state)
{
	static struct boot_config config;
	const char *file;

	(void)state;
	config.has_key = true;
	config.server_duid.len = 10;
	assert_int_equal(secret_files_fill(&config, &file), 0);
	assert_int_not_equal(access(key_file, F_OK), 0);
}

static void test_invalid_secrets(void **state)
{
	static struct boot_config config;
	const char *file;

	(void)state;
	assert_int_equal(fill(&config, &file), 0);
	write_file(key_file, "short", 5);
	assert_int_equal(fill(&config, &file), -EBADMSG);
	assert_string_equal(file, key_file);
	write_file(key_file, "a text of more than sixteen", 27);
	write_file(duid_file, "\0", 1);
	assert_int_equal(fill(&config, &file), -EBADMSG);
	assert_string_equal(file, duid_file);
	unlink(key_file);
	assert_int_equal(mkdir(key_file, 0700), 0);
	assert_int_equal(fill(&config, &file), -EISDIR);
	rmdir(key_file);
}

/* Who is where is for the daemon's user and group alone. */
static void test_the_state_directory_is_not_for_the_world(void **state)
{
	char base[] = "/tmp/nb6-state-XXXXXX", path[128];
	mode_t before = umask(022);
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(base));
	snprintf(path, sizeof(path), "%s/netboot6/bootd.key", base);
	assert_int_equal(file_make_directory_of(path, 0750), 0);
	snprintf(path, sizeof(path), "%s/netboot6", base);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(file_sync_directory_of(path), 0);
	assert_int_equal(file_sync_directory_of("/nonexistent/x"), -ENOENT);
	assert_int_equal(file_sync_directory_of("x"), 0);
	assert_int_equal(file_sync_directory_of("/x"), 0);
	rmdir(path);
	rmdir(base);
	umask(before);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_state_directory_is_not_for_the_world),
		IN_DIRECTORY(test_created_once_and_kept),
		IN_DIRECTORY(test_configured_ones_need_no_file),
		IN_DIRECTORY(test_invalid_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
