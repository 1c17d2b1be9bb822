/* SPDX-License-Identifier: ISC */
/*
 * Templates: what is replaced, what is left for iPXE, and that no value can
 * start a line of its own.
 */
#include "bootd/files/template.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *lookup(void *ctx, const char *name)
{
	static const struct {
		const char *name, *value;
	} known[] = {
		{"mac", "52:54:00:12:34:56"},
		{"empty", ""},
		{"self", "${mac}"},
		{"newline", "x\nchain http://evil/"},
		{"return", "x\rshell"},
		{"delete", "x\x7f"},
		{"utf8", "Z\xc3\xbcrich"},
		{"n", "0"},
		{"a-b_c.D9", "odd name"},
	};

	(void)ctx;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].value;
	return NULL;
}

static void test_expansion(void **state)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{"", ""},
		{"plain", "plain"},
		{"${mac}", "52:54:00:12:34:56"},
		{"a${mac}b${mac}c", "a52:54:00:12:34:56b52:54:00:12:34:56c"},
		{"a${empty}b", "ab"},
		{"${utf8}", "Z\xc3\xbcrich"},
		{"${a-b_c.D9}", "odd name"},
		/* once only */
		{"${self}", "${mac}"},
		/* iPXE's, or nobody's */
		{"${net0/mac}", "${net0/mac}"},
		{"${mac:hexhyp}", "${mac:hexhyp}"},
		{"${unknown}", "${unknown}"},
		{"${MAC}", "${MAC}"},
		{"${net${n}/mac}", "${net0/mac}"},
		/* no reference at all */
		{"$", "$"},
		{"${", "${"},
		{"${}", "${}"},
		{"${mac", "${mac"},
		{"$mac}", "$mac}"},
		{"$${mac}", "$52:54:00:12:34:56"},
		{"${ mac}", "${ mac}"},
		{"${${mac}}", "${52:54:00:12:34:56}"},
	};
	char out[128];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		ssize_t n = template_expand(
			row[i].text, strlen(row[i].text), lookup, NULL, out, sizeof(out), NULL);

		assert_string_equal(out, row[i].want);
		assert_int_equal(n, strlen(row[i].want));
	}
}

static void test_values_stay_on_their_line(void **state)
{
	static const char *const bad[] = {"newline", "return", "delete"};
	char out[128], culprit[TEMPLATE_NAME_SIZE], text[64] = "set x ${";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(text + 8, bad[i]);
		strcat(text, "}");
		assert_int_equal(template_expand(text, strlen(text), lookup, NULL, out, sizeof(out),
					 culprit),
			-EINVAL);
		assert_string_equal(culprit, bad[i]);
		assert_int_equal(
			template_expand(text, strlen(text), lookup, NULL, out, sizeof(out), NULL),
			-EINVAL);
	}
}

static void test_free_space(void **state)
{
	char out[19];

	(void)state;
	/* 17 octets of value, one of text, one NUL: fits; one short; none at all */
	assert_int_equal(template_expand("x${mac}", 7, lookup, NULL, out, 19, NULL), 18);
	assert_int_equal(template_expand("x${mac}", 7, lookup, NULL, out, 18, NULL), -ENOBUFS);
	assert_int_equal(strlen(out), 1);
	assert_int_equal(template_expand("", 0, lookup, NULL, out, 1, NULL), 0);
	assert_int_equal(template_expand("x", 1, lookup, NULL, out, 1, NULL), -ENOBUFS);
	assert_int_equal(template_expand("", 0, lookup, NULL, out, 0, NULL), -ENOBUFS);
}

static void test_the_length_counts_and_not_the_nul(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(template_expand("${mac}", 5, lookup, NULL, out, sizeof(out), NULL), 5);
	assert_string_equal(out, "${mac");
	assert_int_equal(template_expand("a\0${n}", 6, lookup, NULL, out, sizeof(out), NULL), 3);
	assert_memory_equal(out,
		"a\0"
		"0",
		4);
}

static const char *lookup_anything(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return "";
}

static void test_longest_name(void **state)
{
	char text[80] = "${", out[80];

	(void)state;
	memset(text + 2, 'n', 63);
	text[65] = '}';
	assert_int_equal(
		template_expand(text, 66, lookup_anything, NULL, out, sizeof(out), NULL), 0);
	memset(text + 2, 'n', 64);
	text[66] = '}';
	assert_int_equal(
		template_expand(text, 67, lookup_anything, NULL, out, sizeof(out), NULL), 67);
}

static void test_unknown_names(void **state)
{
	static const char text[] = "${mac} ${maac} ${net0/mac} ${n}${hots}";
	char name[TEMPLATE_NAME_SIZE];
	size_t pos = 0;

	(void)state;
	assert_int_equal(
		template_next_unknown(text, sizeof(text) - 1, &pos, lookup, NULL, name), 1);
	assert_string_equal(name, "maac");
	assert_int_equal(
		template_next_unknown(text, sizeof(text) - 1, &pos, lookup, NULL, name), 1);
	assert_string_equal(name, "hots");
	assert_int_equal(
		template_next_unknown(text, sizeof(text) - 1, &pos, lookup, NULL, name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expansion),
		cmocka_unit_test(test_values_stay_on_their_line),
		cmocka_unit_test(test_free_space),
		cmocka_unit_test(test_the_length_counts_and_not_the_nul),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_unknown_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
