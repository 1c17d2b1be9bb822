/* SPDX-License-Identifier: ISC */
/*
 * UTF-8, and names that somebody else chose made fit to be shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/utf8.h"

static void test_characters(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		uint32_t code;
	} rows[] = {
		{"a", 1, 'a'},
		{"\xc3\xa9", 2, 0xe9},
		{"\xe2\x82\xac", 3, 0x20ac},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
		{"\x80", 0, 0},             /* a continuation */
		{"\xc3", 0, 0},             /* cut off */
		{"\xc0\xaf", 0, 0},         /* overlong */
		{"\xe0\x9f\xbf", 0, 0},     /* overlong */
		{"\xed\xa0\x80", 0, 0},     /* a surrogate */
		{"\xf4\x90\x80\x80", 0, 0}, /* beyond the last code */
		{"\xff", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t code;

		assert_int_equal(utf8_character(rows[i].text, &code), rows[i].len);
		if (rows[i].len)
			assert_int_equal(code, rows[i].code);
	}
}

static void test_escaping(void **state)
{
	static const struct {
		const char *name, *shown;
	} rows[] = {
		{"", ""},
		{"vlan100", "vlan100"},
		{"r\xc3\xa9seau", "r\xc3\xa9seau"},
		{"a\x1b[31m", "a\\x1b[31m"},
		{"a\\x1b[31m", "a\\x5cx1b[31m"}, /* another name than the one before */
		{"\xff\xc3", "\\xff\\xc3"},
		{"\xc2\x9b", "\\xc2\\x9b"}, /* CSI in one character */
		{"\x7f\n", "\\x7f\\x0a"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(utf8_escape(rows[i].name, out, sizeof(out)), rows[i].shown);
}

static void test_escaping_stays_in_its_buffer(void **state)
{
	char out[32];

	(void)state;
	for (size_t size = 1; size < sizeof(out); size++) {
		memset(out, '#', sizeof(out));
		utf8_escape("a\xff\xc3\xa9\x01\x02", out, size);
		assert_true(strlen(out) < size);
		assert_int_equal(out[size], '#');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_escaping_stays_in_its_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
