/* SPDX-License-Identifier: ISC */
/*
 * How the netboot6 command shows answers: times, zeros, and text and numbers that no honest
 * daemon sends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "netboot6/print.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_age(void **state)
{
	static const struct {
		double at;
		const char *text;
	} rows[] = {
		{0, "0 s ago"},
		{-1.5, "1 s ago"},
		{-119, "119 s ago"},
		{-120, "2 min ago"},
		{-7199, "119 min ago"},
		{-7200, "2 h ago"},
		{-172799, "47 h ago"},
		{-172800, "2 d ago"},
		{60, "in 60 s"},
		{7200, "in 2 h"},
		{-1e300, "104166666666666 d ago"},
		{1e300, "in 104166666666666 d"},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		print_format_age(1e6 + rows[i].at, 1e6, text, sizeof(text));
		assert_string_equal(text, rows[i].text);
	}
}

/* What print_tree() prints of a JSON text. */
static char *tree_of(const char *json_text, bool prune)
{
	json_t *json = json_loads(json_text, 0, NULL);
	int real = dup(STDOUT_FILENO), memory = memfd_create("tree", MFD_CLOEXEC);
	char *text;
	off_t size;

	assert_non_null(json);
	assert_true(real >= 0 && memory >= 0);
	print_clean(json);
	if (prune)
		print_prune_zeros(json);
	fflush(stdout);
	dup2(memory, STDOUT_FILENO);
	print_tree(json, 0);
	fflush(stdout);
	dup2(real, STDOUT_FILENO);
	size = lseek(memory, 0, SEEK_CUR);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(pread(memory, text, (size_t)size, 0), size);
	close(memory);
	close(real);
	json_decref(json);
	return text;
}

static void assert_tree(const char *json_text, bool prune, const char *want)
{
	char *text = tree_of(json_text, prune);

	assert_string_equal(text, want);
	free(text);
}

static void test_zeros_are_pruned(void **state)
{
	static const char json[] = "{\"a\":{\"b\":0,\"c\":{\"d\":0.0}},\"e\":false,\"f\":\"\","
				   "\"g\":2,\"h\":[0,1],\"i\":[{\"j\":0,\"k\":1}]}";

	(void)state;
	assert_tree(json, true, "e: no\nf: \ng: 2\nh: 0, 1\ni:\n  k: 1\n");
	assert_tree(json, false,
		"a:\n  b: 0\n  c:\n    d: 0.000\ne: no\nf: \ng: 2\nh: 0, 1\ni:\n  j: 0\n  k: 1\n");
}

static void test_control_characters_do_not_reach_the_terminal(void **state)
{
	(void)state;
	assert_tree("{\"name\":\"lan\\u001b[2J\"}", false, "name: lan\\x1b[2J\n");
	assert_tree("[\"\\u007f\\u009b\\u0080\\u00a0\"]", false, "-: \\x7f\\x9b\\x80\u00a0\n");
	assert_tree("{\"a\":[\"x\\ry\"]}", false, "a: x\\x0dy\n");
	assert_tree("{\"text\":\"two\\nlines\"}", false, "text: two\nlines\n");
}

static void test_absurd_numbers(void **state)
{
	char *text;

	(void)state;
	text = tree_of("{\"since\":1e308,\"last\":-1e308,\"at\":9223372036854775807}", false);
	assert_non_null(strstr(text, "since: in "));
	assert_non_null(strstr(text, " d ago (-)\n"));
	free(text);
}

/* What is not known is left out, but no element of a list. */
static void test_null_is_left_out(void **state)
{
	json_t *json = json_loads("{\"a\":null,\"b\":{\"c\":null,\"d\":0},\"e\":[null,{\"f\":null}]}",
		0, NULL);
	json_t *want = json_loads("{\"b\":{\"d\":0},\"e\":[null,{}]}", 0, NULL);

	(void)state;
	print_prune_nulls(json);
	assert_true(json_equal(json, want));
	json_decref(json);
	json_decref(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_null_is_left_out),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_zeros_are_pruned),
		cmocka_unit_test(test_control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(test_absurd_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
