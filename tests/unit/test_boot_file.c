/* SPDX-License-Identifier: ISC */
/*
 * The confined root and what is served from it, in a directory of its own:
 *
 *	DIR/outside          must never be seen
 *	DIR/root/...         what may be served
 */
#include "bootd/files/boot_opening.h"

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

static char dir[] = "/tmp/netboot6-root.XXXXXX";
static char outside[64];
static struct file_root *root;

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir) < 0 || mkdir("root", 0755) < 0 || chdir("root") < 0)
		return -1;
	snprintf(outside, sizeof(outside), "%s/outside", dir);
	put("../outside", "secret");
	put("file", "0123456789");
	put("empty", "");
	put("odd name", "odd");
	put("locked", "locked");
	put("plain.ipxe", "#!ipxe\nset mac ${mac}\nchain ${net0/mac}\n");
	put("evil.ipxe", "#!ipxe\nset x ${evil}\n");
	chmod("locked", 0);
	if (mkdir("sub", 0755) < 0 || mkfifo("fifo", 0644) < 0)
		return -1;
	put("sub/file", "below");
	if (symlink("sub/file", "link-inside") < 0 ||
		symlink("../file", "sub/link-up-inside") < 0 ||
		symlink("../outside", "link-out") < 0 || symlink(outside, "link-absolute") < 0 ||
		symlink("..", "link-dir-out") < 0 || symlink("loop", "loop") < 0 ||
		symlink("gone", "link-dangling") < 0 || symlink("/", "link-slash") < 0)
		return -1;
	return file_root_new(".", &root);
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	file_root_free(root);
	if (chdir("/") < 0)
		return -1;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void test_served(void **state)
{
	static const struct {
		const char *path;
		uint64_t size;
	} row[] = {
		{"file", 10},
		{"/file", 10},
		{"///file", 10},
		{"./file", 10},
		{"sub/../file", 10},
		{"sub//file", 5},
		{"empty", 0},
		{"odd name", 3},
		{"link-inside", 5},
		{"sub/link-up-inside", 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct file_view view;

		assert_int_equal(file_root_open(root, row[i].path, &view), 0);
		assert_int_equal(view.size, row[i].size);
		assert_true(view.mtime > 1500000000);
		close(view.fd);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *path;
		int want;
	} row[] = {
		{"none", -ENOENT},
		{"file/more", -ENOENT},
		{"file/", -ENOENT},
		{"link-dangling", -ENOENT},
		{"%2e%2e/outside", -ENOENT}, /* is decoded before, or it is a name */
		{"..\\outside", -ENOENT},
		{"", -EISDIR},
		{"/", -EISDIR},
		{"sub", -EISDIR},
		{"sub/", -EISDIR},
		{".", -EISDIR},
		{"..", -EACCES},
		{"../outside", -EACCES},
		{"/../outside", -EACCES},
		{"sub/../../outside", -EACCES},
		{"../root/file", -EACCES},
		{"link-out", -EACCES},
		{"link-absolute", -EACCES},
		{"link-dir-out/outside", -EACCES},
		{"link-slash/etc/passwd", -EACCES},
		{"loop", -EACCES},
		{"fifo", -EACCES},
		{"file\n", -EINVAL},
		{"\x7f", -EINVAL},
		{"a\tb", -EINVAL},
	};
	char long_path[FILE_PATH_SIZE + 1];
	struct file_view view;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		int got = file_root_open(root, row[i].path, &view);

		if (got != row[i].want)
			print_error("%s: %d, not %d\n", row[i].path, got, row[i].want);
		assert_int_equal(got, row[i].want);
	}
	memset(long_path, 'x', FILE_PATH_SIZE);
	long_path[FILE_PATH_SIZE] = '\0';
	assert_int_equal(file_root_open(root, long_path, &view), -ENAMETOOLONG);
	if (geteuid() != 0)
		assert_int_equal(file_root_open(root, "locked", &view), -EACCES);
}

static void test_roots(void **state)
{
	struct file_root *other;

	(void)state;
	assert_int_equal(file_root_new("none", &other), -ENOENT);
	assert_int_equal(file_root_new("file", &other), -ENOTDIR);
}

static const char *lookup(void *ctx, const char *name)
{
	(void)ctx;
	if (strcmp(name, "mac") == 0)
		return "52:54:00:12:34:56";
	return strcmp(name, "evil") == 0 ? "a\nchain http://evil/" : NULL;
}

static int answer_question(void *arg, const struct boot_question *question, struct boot_answer *now,
	struct boot_asking *later)
{
	const int *status = arg;

	(void)later;
	assert_int_equal(question->kind, QUESTION_SCRIPT);
	assert_int_equal(question->peer.s6_addr[15], 0x42);
	assert_null(question->mac);
	now->status = *status;
	now->values = question->names;
	for (size_t i = 0; i < question->names; i++)
		now->value[i] = lookup(NULL, question->name[i]);
	return 0;
}

static int open_for_42(const struct boot_files *files, const char *path, struct boot_file *out)
{
	const struct boot_file_request request = {.path = path, .peer = {.s6_addr = {[15] = 0x42}}};
	struct boot_opening *opening;
	const char *why = NULL;
	int error = boot_file_open(files, &request, out, &why, &opening, NULL, NULL);

	assert_true((error == 0) == (why == NULL));
	return error;
}

static void test_script_is_rendered(void **state)
{
	static const char want[] = "#!ipxe\nset mac 52:54:00:12:34:56\nchain ${net0/mac}\n";
	int answer = 0;
	struct boot_files files = {.root = root, .ask = answer_question, .ask_arg = &answer};
	struct boot_file file;
	char buf[128];

	(void)state;
	assert_int_equal(open_for_42(&files, "plain.ipxe", &file), 0);
	assert_true(file.rendered);
	assert_int_equal(file.size, strlen(want));
	assert_int_equal(boot_file_read(&file, 0, buf, sizeof(buf)), strlen(want));
	assert_memory_equal(buf, want, strlen(want));
	assert_int_equal(boot_file_read(&file, 7, buf, 3), 3);
	assert_memory_equal(buf, "set", 3);
	assert_int_equal(boot_file_read(&file, file.size, buf, 3), 0);
	boot_file_close(&file);

	assert_int_equal(open_for_42(&files, "evil.ipxe", &file), -EBADMSG);
	answer = -EINVAL;
	assert_int_equal(open_for_42(&files, "plain.ipxe", &file), -EINVAL);
	answer = -EPERM;
	assert_int_equal(open_for_42(&files, "plain.ipxe", &file), -EACCES);
	assert_int_equal(open_for_42(&files, "none.ipxe", &file), -ENOENT);
}

static void test_built_in_scripts(void **state)
{
	static const struct {
		const char *path, *says; /* NULL: there is none */
	} row[] = {
		{"autoexec.ipxe", "ifconf -c ipv6 net0"},
		{"/x64/autoexec.ipxe", "ifconf -c ipv6 net0"},
		{"boot.ipxe", "kernel vmlinuz initrd=initrd"},
		{"sub/boot.ipxe", NULL},
		{"not-autoexec.ipxe", NULL},
		{"../autoexec.ipxe", NULL},
	};
	int answer = 0, fd;
	struct boot_files files = {.root = root, .ask = answer_question, .ask_arg = &answer};
	struct boot_file file;
	char buf[1024] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		int error = open_for_42(&files, row[i].path, &file);

		if ((error == 0) != (row[i].says != NULL))
			fail_msg("%s: %d", row[i].path, error);
		if (error)
			continue;
		assert_true(file.rendered);
		assert_true(file.size < sizeof(buf));
		assert_int_equal(boot_file_read(&file, 0, buf, sizeof(buf)), file.size);
		buf[file.size] = '\0';
		assert_memory_equal(buf, "#!ipxe\n", 7);
		assert_non_null(strstr(buf, row[i].says));
		boot_file_close(&file);
	}
	/* one of the operator's own takes its place */
	fd = open("autoexec.ipxe", O_CREAT | O_WRONLY, 0644);
	assert_int_equal(write(fd, "own", 3), 3);
	close(fd);
	assert_int_equal(open_for_42(&files, "autoexec.ipxe", &file), 0);
	assert_int_equal(boot_file_read(&file, 0, buf, sizeof(buf)), 3);
	boot_file_close(&file);
	unlink("autoexec.ipxe");
}

/* --- answers that come later ------------------------------------------------------ */

static struct boot_asking *asked;
static unsigned forgotten;

static int answer_later(void *arg, const struct boot_question *question, struct boot_answer *now,
	struct boot_asking *later)
{
	(void)arg;
	(void)question;
	(void)now;
	asked = later;
	return -EINPROGRESS;
}

static void forget(void *arg, struct boot_asking *later)
{
	(void)arg;
	assert_ptr_equal(later, asked);
	forgotten++;
}

struct outcome {
	unsigned times;
	int error;
	struct boot_file file;
};

static void opened(void *arg, int error, const char *why, struct boot_file *file)
{
	struct outcome *outcome = arg;

	assert_true((error == 0) == (why == NULL));
	outcome->times++;
	outcome->error = error;
	if (!error)
		outcome->file = *file;
}

static void test_script_whose_values_come_later(void **state)
{
	const struct boot_files files = {.root = root, .ask = answer_later, .forget = forget};
	const struct boot_file_request request = {.path = "plain.ipxe"};
	const struct boot_answer values = {.values = 1, .value = {"the MAC"}};
	const struct boot_answer no = {.status = -EACCES};
	struct outcome outcome = {0};
	struct boot_opening *opening;
	struct boot_file file;
	const char *why;
	char buf[64];

	(void)state;
	assert_int_equal(boot_file_open(&files, &request, &file, &why, &opening, opened, &outcome),
		-EINPROGRESS);
	assert_int_equal(outcome.times, 0);
	asked->answered(asked->arg, &values);
	assert_int_equal(outcome.times, 1);
	assert_int_equal(outcome.error, 0);
	assert_int_equal(boot_file_read(&outcome.file, 0, buf, sizeof(buf)), outcome.file.size);
	assert_memory_equal(buf, "#!ipxe\nset mac the MAC\n", 23);
	boot_file_close(&outcome.file);

	assert_int_equal(boot_file_open(&files, &request, &file, &why, &opening, opened, &outcome),
		-EINPROGRESS);
	asked->answered(asked->arg, &no);
	assert_int_equal(outcome.error, -EACCES);

	/* The client has left. */
	assert_int_equal(boot_file_open(&files, &request, &file, &why, &opening, opened, &outcome),
		-EINPROGRESS);
	boot_opening_cancel(opening);
	boot_opening_cancel(NULL);
	assert_int_equal(forgotten, 1);
	assert_int_equal(outcome.times, 2);
}

static void test_file_is_sent_unchanged(void **state)
{
	struct boot_files files = {.root = root};
	struct boot_file file;
	char buf[16];

	(void)state;
	assert_int_equal(open_for_42(&files, "plain.ipxe", &file), 0);
	assert_false(file.rendered);
	boot_file_close(&file);
	assert_int_equal(open_for_42(&files, "file", &file), 0);
	assert_int_equal(boot_file_read(&file, 8, buf, sizeof(buf)), 2);
	assert_memory_equal(buf, "89", 2);
	assert_int_equal(boot_file_read(&file, UINT64_MAX, buf, sizeof(buf)), 0);
	boot_file_close(&file);
}

static void test_script_too_long(void **state)
{
	int answer = 0;
	struct boot_files files = {.root = root, .ask = answer_question, .ask_arg = &answer};
	struct boot_file file;

	(void)state;
	put("long.ipxe", "");
	/* as long as may be, then one more */
	assert_int_equal(truncate("long.ipxe", BOOT_SCRIPT_MAX), 0);
	assert_int_equal(open_for_42(&files, "long.ipxe", &file), 0);
	assert_int_equal(file.size, BOOT_SCRIPT_MAX);
	boot_file_close(&file);
	assert_int_equal(truncate("long.ipxe", BOOT_SCRIPT_MAX + 1), 0);
	assert_int_equal(open_for_42(&files, "long.ipxe", &file), -EFBIG);
}

static void expect_content(struct file_root *of, const char *expected)
{
	struct file_view view;
	char text[16] = "";

	assert_int_equal(file_root_open(of, "which", &view), 0);
	assert_int_equal(pread(view.fd, text, sizeof(text) - 1, 0), strlen(expected));
	assert_string_equal(text, expected);
	close(view.fd);
}

/* A release is switched by renaming a link over another, or by moving directories. */
static void test_root_that_is_switched(void **state)
{
	struct file_root *switched;
	struct file_view running;
	char path[128], text[16] = "";

	(void)state;
	assert_int_equal(mkdir("../one", 0755) | mkdir("../two", 0755), 0);
	put("../one/which", "one");
	put("../two/which", "two");
	assert_int_equal(symlink("one", "../release"), 0);
	snprintf(path, sizeof(path), "%s/release", dir);
	assert_int_equal(file_root_new(path, &switched), 0);
	expect_content(switched, "one");
	assert_int_equal(file_root_open(switched, "which", &running), 0);

	assert_int_equal(symlink("two", "../next") | rename("../next", "../release"), 0);
	expect_content(switched, "two");
	assert_int_equal(pread(running.fd, text, sizeof(text) - 1, 0), 3);
	assert_string_equal(text, "one"); /* what runs is finished */
	close(running.fd);

	/* nothing is there for a moment */
	assert_int_equal(unlink("../release"), 0);
	expect_content(switched, "two");
	put("../release", "no directory");
	expect_content(switched, "two");
	assert_int_equal(unlink("../release") | rename("../one", "../release"), 0);
	expect_content(switched, "one");
	file_root_free(switched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_served),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_script_is_rendered),
		cmocka_unit_test(test_built_in_scripts),
		cmocka_unit_test(test_script_whose_values_come_later),
		cmocka_unit_test(test_file_is_sent_unchanged),
		cmocka_unit_test(test_script_too_long),
		cmocka_unit_test(test_root_that_is_switched),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
