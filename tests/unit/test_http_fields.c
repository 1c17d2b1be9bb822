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
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bootd/http/http_file_reply.h"
#include "http/http_fields.h"
#include "http/http_query.h"
#include "http/http_request.h"

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
		"Monday, 06-Nov-94 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT", "Mon Nov  6 08:49:37 1994",
		"Sun Nov 06 08:49:37 1994", "Sun Nov  6 08:49:37 94",
		"Sun Nov  6 08:49:37 1994 GMT", "Thu, 31 Feb 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov -999 08:49:37 GMT", "yesterday"};
	static const struct {
		const char *text;
		int64_t want;
	} good[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
		{"Sun Nov  6 08:49:37 1994", 784111777}, {"Wed Nov 16 08:49:37 1994", 784975777},
		{"Wednesday, 01-Jan-76 00:00:00 GMT", 3345062400}, /* 50 years ahead */
		{"Saturday, 01-Jan-77 00:00:00 GMT", 220924800},   /* 51 would be too many */
	};
	const int64_t now = 1790000000; /* in 2026 */
	char text[HTTP_DATE_SIZE];
	int64_t when;

	(void)state;
	http_date_format(784111777, text);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	http_date_format(INT64_MAX, text);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	for (size_t i = 0; i < COUNT(good); i++) {
		if (http_date_parse(good[i].text, now, &when) != 0)
			fail_msg("%s is a date", good[i].text);
		assert_int_equal(when, good[i].want);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (http_date_parse(bad[i], now, &when) != -EINVAL)
			fail_msg("%s is no date", bad[i]);
}

/* The C library's calendar, where it reaches as far, for one second of each day of 10,000 years. */
static void test_dates_of_all_years(void **state)
{
	static const int64_t first = -62167219200, last = 253402300799;
	char text[HTTP_DATE_SIZE], want[HTTP_DATE_SIZE];
	int64_t when;

	(void)state;
	http_date_format(last, text);
	assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
	http_date_format(last + 1, text);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	http_date_format(4102444799, text); /* after a time_t of 32 bits */
	assert_string_equal(text, "Thu, 31 Dec 2099 23:59:59 GMT");
	for (int64_t at = first; at <= last; at += 86399) {
		time_t seconds = (time_t)at;
		struct tm tm;

		http_date_format(at, text);
		assert_int_equal(http_date_parse(text, 0, &when), 0);
		assert_int_equal(when, at);
		if (seconds != at)
			continue;
		gmtime_r(&seconds, &tm);
		strftime(want, sizeof(want), "%a, %d %b ", &tm);
		snprintf(want + strlen(want), sizeof(want) - strlen(want),
			"%04d %02d:%02d:%02d GMT", tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
			tm.tm_sec);
		assert_string_equal(text, want);
	}
}

/* RFC 9110 section 13.2.2: which condition decides, and with which comparison. */
static void test_conditions(void **state)
{
	static const char before[] = "Sat, 01 Jan 2000 00:00:00 GMT";
	static const char same[] = "Sun, 06 Nov 1994 08:49:37 GMT"; /* of the file */
	static const char older[] = "Sun Nov  6 08:49:36 1994";
	static const struct {
		struct http_conditions conditions;
		int plain, rendered;
	} row[] = {
		{{NULL}, 0, 0},
		{{.if_match = "\"t\""}, 0, 412},
		{{.if_match = "*"}, 0, 0},
		{{.if_match = "\"x\", \"t\""}, 0, 412},
		{{.if_match = "\"x\""}, 412, 412},
		{{.if_match = "W/\"t\""}, 412, 412}, /* strong comparison */
		{{.if_match = "t"}, 412, 412},
		{{.if_match = "\"x\"", .if_unmodified_since = before}, 412, 412},
		{{.if_match = "\"t\"", .if_unmodified_since = older}, 0, 412},
		{{.if_unmodified_since = older}, 412, 0},
		{{.if_unmodified_since = same}, 0, 0},
		{{.if_unmodified_since = "yesterday"}, 0, 0},
		{{.if_none_match = "*"}, 304, 304},
		{{.if_none_match = "\"t\""}, 304, 0},
		{{.if_none_match = "W/\"t\""}, 304, 0}, /* weak comparison */
		{{.if_none_match = "\"a,b\",\"t\""}, 304, 0},
		{{.if_none_match = "\"x\""}, 0, 0},
		{{.if_none_match = "\"x\"", .if_modified_since = same}, 0, 0}, /* the tag decides */
		{{.if_modified_since = same}, 304, 0},
		{{.if_modified_since = before}, 304, 0},
		{{.if_modified_since = older}, 0, 0},
		{{.if_match = "\"t\"", .if_none_match = "\"t\""}, 304, 412},
	};
	struct http_version plain = {.modified = 784111777, .etag = "\"t\""};
	struct http_version rendered = {.is_rendered = true, .etag = "\"t\""};
	int64_t now = 1790000000;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		if (http_conditions_check(&row[i].conditions, &plain, now) != row[i].plain)
			fail_msg("row %zu", i);
		if (http_conditions_check(&row[i].conditions, &rendered, now) != row[i].rendered)
			fail_msg("row %zu, rendered", i);
	}
	assert_true(http_if_range_holds(NULL, &plain, now));
	assert_true(http_if_range_holds("\"t\"", &plain, now));
	assert_true(http_if_range_holds(same, &plain, now));
	assert_true(http_if_range_holds("Sunday, 06-Nov-94 08:49:37 GMT", &plain, now));
	assert_false(http_if_range_holds(same, &plain, plain.modified)); /* it may change still */
	assert_false(http_if_range_holds("W/\"t\"", &plain, now));
	assert_false(http_if_range_holds("\"x\"", &plain, now));
	assert_false(http_if_range_holds(older, &plain, now));
	assert_false(http_if_range_holds("\"t\"", &rendered, now));
}

static void test_etag(void **state)
{
	char a[HTTP_ETAG_SIZE], b[HTTP_ETAG_SIZE];

	(void)state;
	http_etag_format(5, 1000, 0, a);
	assert_true(a[0] == '"' && a[strlen(a) - 1] == '"');
	http_etag_format(5, 1000, 1, b); /* two versions within one second */
	assert_string_not_equal(a, b);
	http_etag_format(6, 1000, 0, b);
	assert_string_not_equal(a, b);
	http_etag_format(UINT64_MAX, INT64_MAX, 999999999, a);
	assert_true(strlen(a) < HTTP_ETAG_SIZE - 1);
}

#define GET "GET /x HTTP/1.1\r\n"
#define HOST "Host: a\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: a\r\n"

/* RFC 9112: what must or may be refused, and what must not. 0: it is served. */
static const struct {
	int want;
	const char *head;
} head[] = {
	/* served */
	{0, GET HOST "\r\n"},
	{0, "\r\n" GET HOST "\r\n"}, /* section 2.2 */
	{0, "GET http://a/x HTTP/1.1\r\nHost: b\r\n\r\n"},
	{0, "GET /x HTTP/1.0\r\n\r\n"},
	{0, "GET /x HTTP/1.2\r\nHost: a\r\n\r\n"},
	{0, "HEAD /x HTTP/1.1\r\nhOST:a\r\n\r\n"},
	{0, GET "Host:\r\n\r\n"},
	{0, GET "Host: a:80\r\n\r\n"},
	{0, GET "Host: [2001:db8::69]:8080\r\n\r\n"},
	{0, GET "Host: [2001:db8::69]\r\n\r\n"},
	{0, GET HOST "X:\r\n\r\n"},
	{0, GET HOST "X: \t a \xff b \t \r\n\r\n"},
	{0, GET HOST "Content-Length: 0\r\n\r\n"},
	{0, POST "Content-Length: 5\r\n\r\n"},
	{0, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
	{0, POST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"},
	/* the request-line */
	{400, "\r\n\r\n"},
	{400, "GET\r\n\r\n"},
	{400, "GET /x\r\n\r\n"},
	{400, "GET  /x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET /x  HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET /x y HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, " GET /x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET\t/x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET /x HTTP/1.1 \r\nHost: a\r\n\r\n"},
	{400, "G(T /x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET /x http/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET /x HTTP/1.10\r\nHost: a\r\n\r\n"},
	{400, "GET /x HTTP/1,1\r\nHost: a\r\n\r\n"},
	{505, "GET /x HTTP/2.0\r\nHost: a\r\n\r\n"},
	{505, "PRI * HTTP/2.0\r\n\r\n"},
	{501, "get /x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{501, "BREW /x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{405, "PUT /x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{405, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
	{405, "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
	{405, "TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET /x#f HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"},
	{400, "GET /a%0d%0ab HTTP/1.1\r\nHost: a\r\n\r\n"},
	/* fields */
	{400, GET HOST "X : a\r\n\r\n"},
	{400, GET HOST "X\t: a\r\n\r\n"},
	{400, GET HOST ": a\r\n\r\n"},
	{400, GET HOST "X a\r\n\r\n"},
	{400, GET HOST "X(: a\r\n\r\n"},
	{400, GET HOST "X: a\r\n b\r\n\r\n"},
	{400, GET HOST "X: a\r\n\tb\r\n\r\n"},
	{400, GET " X: a\r\n" HOST "\r\n"},
	{400, GET HOST "X: a\rb\r\n\r\n"},
	{400, GET HOST "X: a\nY: b\r\n\r\n"},
	{400, GET HOST "X: a\x01\r\n\r\n"},
	{400, GET HOST "X: a\x7f\r\n\r\n"},
	/* Host */
	{400, GET "\r\n"},
	{400, GET HOST HOST "\r\n"},
	{400, GET "Host: a, b\r\n\r\n"},
	{400, GET "Host: a/b\r\n\r\n"},
	{400, GET "Host: u@a\r\n\r\n"},
	{400, GET "Host: a:x\r\n\r\n"},
	{400, GET "Host: a:123456\r\n\r\n"},
	{400, GET "Host: a b\r\n\r\n"},
	{400, GET "Host: [2001:db8::zz]\r\n\r\n"},
	{400, GET "Host: [2001:db8::1\r\n\r\n"},
	{400, GET "Host: [2001:db8::1]x\r\n\r\n"},
	/* framing */
	{400, POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"},
	{400, POST "Content-Length: 5, 5\r\n\r\n"},
	{400, POST "Content-Length: -1\r\n\r\n"},
	{400, POST "Content-Length: +5\r\n\r\n"},
	{400, POST "Content-Length: 0x5\r\n\r\n"},
	{400, POST "Content-Length: 5 5\r\n\r\n"},
	{400, POST "Content-Length:\r\n\r\n"},
	{400, POST "Content-Length: 99999999999999999999\r\n\r\n"},
	{400, POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{400, "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{400, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{411, POST "Transfer-Encoding: chunked\r\n\r\n"},
	{501, POST "Transfer-Encoding: gzip, chunked\r\n\r\n"},
	{400, POST "Transfer-Encoding: \vchunked\r\n\r\n"},
	{501, POST "Transfer-Encoding: identity\r\n\r\n"},
	{413, POST "Content-Length: 65537\r\n\r\n"},
	{417, POST "Content-Length: 5\r\nExpect: 200-ok\r\n\r\n"},
	{400, GET HOST "Range: bytes=0-1\r\nRange: bytes=2-3\r\n\r\n"},
	{400, GET HOST "If-Match: \"a\"\r\nIf-Match: \"b\"\r\n\r\n"},
};

static void test_heads(void **state)
{
	struct http_request request;
	char text[512];
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT(head); i++) {
		size_t len = strlen(head[i].head);
		int got;

		if (head[i].want != 400)
			assert_int_equal(http_request_head_len(head[i].head, len), len);
		strcpy(text, head[i].head);
		got = http_request_parse(text, len, &request, &why);
		if (got != head[i].want)
			fail_msg("%s: %d (%s)", head[i].head, got, why ? why : "served");
		assert_int_equal(got == 0, why == NULL);
	}
}

static void test_request(void **state)
{
	static const char text[] = "\r\nGET /a%20b?q=1 HTTP/1.0\r\nHost: [::1]:80\r\n"
				   "Connection: x, Keep-Alive\r\nRange: bytes=1-\t \r\n"
				   "if-none-match:  \"t\"\r\nLast-Event-ID: 7\r\n\r\nGET";
	char many[HTTP_HEAD_MAX], *to = many;
	struct http_request request;
	char copy[sizeof(text)];
	const char *why;

	(void)state;
	assert_int_equal(http_request_head_len(text, sizeof(text) - 1), sizeof(text) - 4);
	assert_int_equal(http_request_head_len(text, sizeof(text) - 5), 0);
	memcpy(copy, text, sizeof(text));
	assert_int_equal(http_request_parse(copy, sizeof(text) - 4, &request, &why), 0);
	assert_int_equal(request.method, HTTP_GET);
	assert_true(request.is_http_1_0 && request.keeps_alive);
	assert_string_equal(request.target.path, "/a b");
	assert_string_equal(request.target.query, "q=1");
	assert_string_equal(request.host, "[::1]");
	assert_string_equal(request.range, "bytes=1-");
	assert_string_equal(request.conditions.if_none_match, "\"t\"");
	assert_string_equal(request.last_event_id, "7");

	to = stpcpy(to, GET HOST);
	for (int i = 0; i < HTTP_FIELDS_MAX; i++)
		to = stpcpy(to, "X: y\r\n");
	to = stpcpy(to, "\r\n");
	assert_int_equal(http_request_parse(many, (size_t)(to - many), &request, &why), 431);
}

/* DNS rebinding: a name that anybody may point to us is not ours. */
static void test_names_of_our_own(void **state)
{
	static const char *const name[] = {"boot.example.org", NULL};

	(void)state;
	assert_true(http_host_is_own("[2001:db8::69]", name));
	assert_true(http_host_is_own("192.0.2.1", name));
	assert_true(http_host_is_own("localhost", NULL));
	assert_true(http_host_is_own("BOOT.example.org", name));
	assert_true(http_host_is_own(NULL, name)); /* HTTP/1.0: no browser */
	assert_false(http_host_is_own("boot.example.org", NULL));
	assert_false(http_host_is_own("evil.example", name));
	assert_false(http_host_is_own("1.2.3", name));
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
		cmocka_unit_test(test_dates_of_all_years),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_etag),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_names_of_our_own),
		cmocka_unit_test(test_content_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
