/* SPDX-License-Identifier: ISC */
/*
 * The small languages inside an HTTP request: percent-encoding, queries,
 * ranges, dates; and the types of what is answered.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/files/content_type.h"
#include "bootd/files/http_query.h"
#include "bootd/files/percent.h"
#include "bootd/http/http_date.h"
#include "bootd/http/http_range.h"
#include "bootd/http/http_target.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_percent(void **state)
{
	static const struct {
		const char *text;
		int want; /* length or error */
		const char *out;
	} row[] = {
		{"", 0, ""},
		{"/a/b", 4, "/a/b"},
		{"%41%2f%2F", 3, "A//"},
		{"%2e%2e/", 3, "../"},
		{"%25", 1, "%"},
		{"%C3%BC", 2, "\xc3\xbc"},
		{"%2541", 3, "%41"}, /* once only */
		{"a+b", 3, "a+b"},
		{"%", -EINVAL, NULL},
		{"%4", -EINVAL, NULL},
		{"%4g", -EINVAL, NULL},
		{"%-1", -EINVAL, NULL},
		{"%00", -EINVAL, NULL},
		{"a%0ab", -EINVAL, NULL},
		{"a\nb", -EINVAL, NULL},
		{"%7f", -EINVAL, NULL},
		{"1234567", 7, "1234567"}, /* fits just so */
		{"12345678", -ENAMETOOLONG, NULL},
		{"%31234567", 7, "1234567"},
	};
	char out[8];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_int_equal(percent_decode(row[i].text, strlen(row[i].text), out, sizeof(out)),
			row[i].want);
		if (row[i].out)
			assert_string_equal(out, row[i].out);
	}
	assert_int_equal(percent_decode("", 0, out, 0), -ENAMETOOLONG);
	assert_int_equal(percent_decode("%41", 2, out, sizeof(out)), -EINVAL);
}

static void test_query(void **state)
{
	struct http_query query;

	(void)state;
	assert_int_equal(http_query_parse(&query, "mac=52:54:00:12:34:56&arch=7&flag&mac=x"), 0);
	assert_string_equal(http_query_get(&query, "mac"), "52:54:00:12:34:56");
	assert_string_equal(http_query_get(&query, "arch"), "7");
	assert_string_equal(http_query_get(&query, "flag"), "");
	assert_null(http_query_get(&query, "ma"));
	assert_null(http_query_get(&query, "MAC"));

	assert_int_equal(http_query_parse(&query, "a%3Db=c%26d+e%2B&&=x&"), 0);
	assert_string_equal(http_query_get(&query, "a=b"), "c&d e+");
	assert_string_equal(http_query_get(&query, ""), "x");

	assert_int_equal(http_query_parse(&query, NULL), 0);
	assert_null(http_query_get(&query, "a"));
	assert_int_equal(http_query_parse(&query, ""), 0);
	assert_null(http_query_get(&query, ""));
}

static void test_query_bounds(void **state)
{
	struct http_query query;
	char text[8192];

	(void)state;
	assert_int_equal(http_query_parse(&query, "good=1&bad=%0a"), -EINVAL);
	assert_null(http_query_get(&query, "good"));
	assert_int_equal(http_query_parse(&query, "bad=%zz"), -EINVAL);

	/* name and value with their NULs: 2048 octets fit, one more does not */
	memset(text, 'v', sizeof(text));
	memcpy(text, "n=", 2);
	text[2 + HTTP_QUERY_SIZE - 3] = '\0';
	assert_int_equal(http_query_parse(&query, text), 0);
	assert_int_equal(strlen(http_query_get(&query, "n")), HTTP_QUERY_SIZE - 3);
	text[2 + HTTP_QUERY_SIZE - 3] = 'v';
	text[2 + HTTP_QUERY_SIZE - 2] = '\0';
	assert_int_equal(http_query_parse(&query, text), -E2BIG);
	text[2 + HTTP_QUERY_SIZE - 2] = 'v';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(http_query_parse(&query, text), -E2BIG);

	for (size_t i = 0; i < HTTP_QUERY_PAIRS; i++)
		memcpy(text + 3 * i, "a=&", 3);
	text[3 * HTTP_QUERY_PAIRS] = '\0';
	assert_int_equal(http_query_parse(&query, text), 0);
	strcat(text, "b=");
	assert_int_equal(http_query_parse(&query, text), -E2BIG);
}

static void test_range(void **state)
{
	static const struct {
		const char *field;
		uint64_t size;
		enum http_range_verdict want;
		uint64_t first, length;
	} row[] = {
		{NULL, 10, HTTP_RANGE_WHOLE, 0, 10},
		{"bytes=0-", 10, HTTP_RANGE_PART, 0, 10},
		{"bytes=0-0", 10, HTTP_RANGE_PART, 0, 1},
		{"bytes=9-9", 10, HTTP_RANGE_PART, 9, 1},
		{"bytes=2-5", 10, HTTP_RANGE_PART, 2, 4},
		{"bytes=2-99", 10, HTTP_RANGE_PART, 2, 8},
		{"bytes=-3", 10, HTTP_RANGE_PART, 7, 3},
		{"bytes=-10", 10, HTTP_RANGE_PART, 0, 10},
		{"bytes=-11", 10, HTTP_RANGE_PART, 0, 10},
		{"BYTES=1-", 10, HTTP_RANGE_PART, 1, 9},
		{"bytes=4294967296-", 8589934592, HTTP_RANGE_PART, 4294967296, 4294967296},
		{"bytes=10-", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=10-20", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-0", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=0-", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-1", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		/* 2^64, and far more: as large as can be, not small again */
		{"bytes=18446744073709551616-", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=1-99999999999999999999999999", 10, HTTP_RANGE_PART, 1, 9},
		/* not for us: the whole */
		{"bytes=5-2", 10, HTTP_RANGE_WHOLE, 0, 10},
		{"bytes=", 10, HTTP_RANGE_WHOLE, 0, 10},
		{"bytes=-", 10, HTTP_RANGE_WHOLE, 0, 10},
		{"bytes=1", 10, HTTP_RANGE_WHOLE, 0, 10},
		{"bytes=a-b", 10, HTTP_RANGE_WHOLE, 0, 10},
		{"bytes=1-2x", 10, HTTP_RANGE_WHOLE, 0, 10},
		{"bytes=--1", 10, HTTP_RANGE_WHOLE, 0, 10},
		{"bytes=0-1,3-4", 10, HTTP_RANGE_WHOLE, 0, 10},
		{"lines=0-1", 10, HTTP_RANGE_WHOLE, 0, 10},
		{"", 10, HTTP_RANGE_WHOLE, 0, 10},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct http_range range;
		enum http_range_verdict got = http_range_parse(row[i].field, row[i].size, &range);

		assert_int_equal(got, row[i].want);
		if (got == HTTP_RANGE_UNSATISFIABLE)
			continue;
		assert_int_equal(range.first, row[i].first);
		assert_int_equal(range.length, row[i].length);
	}
}

static void test_target(void **state)
{
	static const struct {
		const char *text;
		int want;
		const char *path, *query;
	} row[] = {
		{"/", 0, "/", NULL},
		{"/a/b.efi", 0, "/a/b.efi", NULL},
		{"/a?", 0, "/a", ""},
		{"/a?b=c?d%41", 0, "/a", "b=c?d%41"},
		{"/a%3Fb?c", 0, "/a?b", "c"},
		{"//boot/x.efi", 0, "//boot/x.efi", NULL},
		{"//[::1]/x", 0, "//[::1]/x", NULL},
		{"http://[2001:db8::1]:80/x?y", 0, "/x", "y"},
		{"HTTP://host/http://x", 0, "/http://x", NULL},
		{"http://host", -EINVAL, NULL, NULL},
		{"http://host?x", -EINVAL, NULL, NULL},
		{"https://host/x", -EINVAL, NULL, NULL},
		{"x.efi", -EINVAL, NULL, NULL},
		{"*", -EINVAL, NULL, NULL},
		{"", -EINVAL, NULL, NULL},
		{"?a=b", -EINVAL, NULL, NULL},
		{"/%zz", -EINVAL, NULL, NULL},
		{"/%00", -EINVAL, NULL, NULL},
	};
	char long_text[FILE_PATH_SIZE + 1];
	struct http_target target;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_int_equal(http_target_parse(row[i].text, &target), row[i].want);
		if (row[i].want)
			continue;
		assert_string_equal(target.path, row[i].path);
		assert_int_equal(!target.query, !row[i].query);
		if (row[i].query)
			assert_string_equal(target.query, row[i].query);
	}
	memset(long_text, '/', sizeof(long_text));
	long_text[FILE_PATH_SIZE] = '\0';
	assert_int_equal(http_target_parse(long_text, &target), -ENAMETOOLONG);
	long_text[FILE_PATH_SIZE - 1] = '?';
	assert_int_equal(http_target_parse(long_text, &target), 0);
}

static void test_date(void **state)
{
	static const char *const bad[] = {"", "Mon, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
		"Thu, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
		"Sun, 06 Nov -999 08:49:37 GMT", "yesterday"};
	char text[HTTP_DATE_SIZE];
	time_t when;

	(void)state;
	http_date_format(784111777, text);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_int_equal(http_date_parse(text, &when), 0);
	assert_int_equal(when, 784111777);
	http_date_format(INT64_MAX, text);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(http_date_parse(bad[i], &when), -EINVAL);
}

static void test_content_type(void **state)
{
	static const struct {
		const char *path, *want;
	} row[] = {
		{"snponly.efi", "application/efi"},
		{"/a.b/SHIMX64.EFI", "application/efi"},
		{"debian.iso", "application/vnd.efi-iso"},
		{"disk.img", "application/vnd.efi-img"},
		{"boot.ipxe", "text/plain; charset=utf-8"},
		{"x.json", "application/json"},
		{"index.html", "text/html; charset=utf-8"},
		{"vmlinuz-6.1", "application/octet-stream"},
		{"vmlinuz", "application/octet-stream"},
		{"x.efi/vmlinuz", "application/octet-stream"},
		{".", "application/octet-stream"},
		{"", "application/octet-stream"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_string_equal(content_type_of(row[i].path), row[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_query_bounds),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_content_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
