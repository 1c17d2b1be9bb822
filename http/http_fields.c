/* SPDX-License-Identifier: ISC */
/*
 * Dates are read and written without strptime() and strftime(), which use the daemon's locale: the
 * names in HTTP dates are always English.
 */
#include "http/http_fields.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* --- dates ------------------------------------------------------------------ */

enum { YEARS_AHEAD_MAX = 50 };

static const char *const day_name[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const month_name[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/*
 * The calendar, for the years 0 to 9999: gmtime_r() and timegm() end in 2038 where time_t has 32
 * bits. A year begins on 1 March here, so that the day of a leap year is its last.
 */
enum { DAY_S = 86400, MARCH_OF_YEAR_0 = -719468 }; /* days before 1970 */
static const int64_t first_second = -62167219200, last_second = 253402300799;

static int64_t days_before(int64_t year)
{
	return 365 * year + year / 4 - year / 100 + year / 400;
}

static struct tm calendar_of(int64_t when)
{
	/* 400 years more, and less: no number is negative. */
	int64_t seconds = when - (MARCH_OF_YEAR_0 - days_before(400)) * (int64_t)DAY_S;
	int64_t day = seconds / DAY_S, second = seconds % DAY_S;
	int64_t year = day * 400 / days_before(400) + 1; /* or one or two too many */
	int day_of_year, month;

	while (days_before(year) > day)
		year--;
	day_of_year = (int)(day - days_before(year));
	month = (5 * day_of_year + 2) / 153; /* five months have 153 days, from March and August */
	return (struct tm){.tm_wday = (int)((day + 3) % 7),
		.tm_mday = day_of_year - (153 * month + 2) / 5 + 1,
		.tm_mon = (month + 2) % 12,
		.tm_year = (int)(year - 400) + (month >= 10) - 1900,
		.tm_hour = (int)(second / 3600),
		.tm_min = (int)(second / 60 % 60),
		.tm_sec = (int)(second % 60)};
}

static int64_t seconds_of(const struct tm *tm)
{
	int64_t year = tm->tm_year + 1900 + 400 - (tm->tm_mon < 2);
	int64_t day =
		days_before(year) + (153 * ((tm->tm_mon + 10) % 12) + 2) / 5 + tm->tm_mday - 1;

	return (day + MARCH_OF_YEAR_0 - days_before(400)) * DAY_S + tm->tm_hour * 3600 +
	       tm->tm_min * 60 + tm->tm_sec;
}

void http_date_format(int64_t when, char out[HTTP_DATE_SIZE])
{
	/* A file from a year with five digits has no date in HTTP; any will do. */
	struct tm tm = calendar_of(when < first_second || when > last_second ? 0 : when);

	snprintf(out, HTTP_DATE_SIZE, "%.3s, %02d %s %04d %02d:%02d:%02d GMT", day_name[tm.tm_wday],
		tm.tm_mday, month_name[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		tm.tm_sec);
}

static int month_of(const char *name)
{
	for (int i = 0; i < 12; i++)
		if (strcmp(name, month_name[i]) == 0)
			return i;
	return -1;
}

/* Section 5.6.7: over 50 years ahead means the last year with these digits. */
static int year_of_two_digits(int digits, int64_t now)
{
	int this_year = calendar_of(now).tm_year + 1900;
	int year = this_year / 100 * 100 + 100 + digits;

	while (year > this_year + YEARS_AHEAD_MAX)
		year -= 100;
	return year;
}

int http_date_parse(const char *text, int64_t now, int64_t *out)
{
	char again[HTTP_DATE_SIZE], day[12] = "", month[4] = "";
	int date, year, hour, minute, second, form;
	struct tm tm = {0};

	if (sscanf(text, "%3[A-Za-z], %2d %3s %4d %2d:%2d:%2d GMT", day, &date, month, &year, &hour,
		    &minute, &second) == 7)
		form = 0;
	else if (sscanf(text, "%11[A-Za-z], %2d-%3s-%2d %2d:%2d:%2d GMT", day, &date, month, &year,
			 &hour, &minute, &second) == 7)
		form = 1;
	else if (sscanf(text, "%3[A-Za-z] %3s %2d %2d:%2d:%2d %4d", day, month, &date, &hour,
			 &minute, &second, &year) == 7)
		form = 2;
	else
		return -EINVAL;
	if (month_of(month) < 0 || year < 0)
		return -EINVAL;
	if (form == 1)
		year = year_of_two_digits(year, now);
	tm = (struct tm){.tm_mday = date,
		.tm_mon = month_of(month),
		.tm_year = year - 1900,
		.tm_hour = hour,
		.tm_min = minute,
		.tm_sec = second};
	*out = seconds_of(&tm);
	/* Written again it must be the same text: this finds 31 February, a wrong day of the week
	 * and trailing text. */
	tm = calendar_of(*out);
	if (form == 0)
		http_date_format(*out, again);
	else if (form == 1)
		snprintf(again, sizeof(again), "%s, %02d-%s-%02d %02d:%02d:%02d GMT",
			day_name[tm.tm_wday], tm.tm_mday, month_name[tm.tm_mon],
			(tm.tm_year + 1900) % 100, tm.tm_hour, tm.tm_min, tm.tm_sec);
	else
		snprintf(again, sizeof(again), "%.3s %s %2d %02d:%02d:%02d %04d",
			day_name[tm.tm_wday], month_name[tm.tm_mon], tm.tm_mday, tm.tm_hour,
			tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
	return strcmp(again, text) == 0 ? 0 : -EINVAL;
}

/* --- ranges ----------------------------------------------------------------- */

/*
 * One range: "bytes=FIRST-", "bytes=FIRST-LAST" or "bytes=-SUFFIX". A server may ignore the field
 * (section 14.2), and does so for a malformed one, and for several ranges, whose multipart answer
 * no boot loader reads.
 */

/* The digits at *text, and *text moved behind them; a number that is too large is the largest. */
static bool read_number(const char **text, uint64_t *out)
{
	const char *start = *text;
	uint64_t value = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++) {
		unsigned digit = (unsigned)(**text - '0');

		value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
	}
	*out = value;
	return *text > start;
}

static enum http_range_verdict suffix_of(uint64_t size, uint64_t suffix, struct http_range *out)
{
	if (suffix == 0 || size == 0)
		return HTTP_RANGE_UNSATISFIABLE;
	out->length = suffix < size ? suffix : size;
	out->first = size - out->length;
	return HTTP_RANGE_PART;
}

enum http_range_verdict http_range_parse(const char *field, uint64_t size, struct http_range *out)
{
	uint64_t first, last;
	bool has_first, has_last;

	*out = (struct http_range){.first = 0, .length = size};
	if (!field || strncasecmp(field, "bytes=", 6) != 0)
		return HTTP_RANGE_WHOLE;
	field += 6;
	has_first = read_number(&field, &first);
	if (*field++ != '-')
		return HTTP_RANGE_WHOLE;
	has_last = read_number(&field, &last);
	if (*field != '\0' || (!has_first && !has_last))
		return HTTP_RANGE_WHOLE;
	if (!has_first)
		return suffix_of(size, last, out);
	if (has_last && last < first)
		return HTTP_RANGE_WHOLE;
	if (first >= size)
		return HTTP_RANGE_UNSATISFIABLE;
	if (!has_last || last >= size)
		last = size - 1;
	*out = (struct http_range){.first = first, .length = last - first + 1};
	return HTTP_RANGE_PART;
}

/* --- entity tags and conditions --------------------------------------------- */

void http_etag_format(uint64_t size, int64_t seconds, long nanoseconds, char out[HTTP_ETAG_SIZE])
{
	snprintf(out, HTTP_ETAG_SIZE, "\"%" PRIx64 "%08lx-%" PRIx64 "\"", (uint64_t)seconds,
		(unsigned long)nanoseconds, size);
}

/* Is the tag in the list, or the list "*"? Section 8.8.3.2: a weak comparison ignores "W/". */
static bool list_has(const char *list, const struct http_version *version, bool is_weak)
{
	size_t len = strlen(version->etag);

	if (strcmp(list, "*") == 0)
		return true;
	while (*list) {
		bool is_weak_tag;
		const char *end;

		list += strspn(list, " \t,");
		is_weak_tag = strncmp(list, "W/", 2) == 0;
		list += is_weak_tag ? 2 : 0;
		end = *list == '"' ? strchr(list + 1, '"') : NULL;
		if (!end)
			return false;
		if (!version->is_rendered && (is_weak || !is_weak_tag) &&
			(size_t)(end + 1 - list) == len && memcmp(list, version->etag, len) == 0)
			return true;
		list = end + 1;
	}
	return false;
}

int http_conditions_check(
	const struct http_conditions *conditions, const struct http_version *version, int64_t now)
{
	int64_t when;

	if (conditions->if_match) {
		if (!list_has(conditions->if_match, version, false))
			return 412;
	} else if (conditions->if_unmodified_since && !version->is_rendered &&
		   http_date_parse(conditions->if_unmodified_since, now, &when) == 0 &&
		   version->modified > when) {
		return 412;
	}
	if (conditions->if_none_match)
		return list_has(conditions->if_none_match, version, true) ? 304 : 0;
	if (conditions->if_modified_since && !version->is_rendered &&
		http_date_parse(conditions->if_modified_since, now, &when) == 0 &&
		version->modified <= when)
		return 304;
	return 0;
}

bool http_if_range_holds(const char *if_range, const struct http_version *version, int64_t now)
{
	int64_t when;

	if (!if_range)
		return true;
	if (version->is_rendered)
		return false;
	if (*if_range == '"')
		return strcmp(if_range, version->etag) == 0;
	/* Section 8.8.2.2: within its first second a date does not distinguish two versions. */
	return http_date_parse(if_range, now, &when) == 0 && when == version->modified &&
	       now > version->modified;
}

/* --- Host ------------------------------------------------------------------- */

char **http_own_names_new(const char *const *name, size_t n)
{
	char host[256] = "", **own = calloc(n + 2, sizeof(*own));

	if (!own)
		return NULL;
	gethostname(host, sizeof(host) - 1); /* "" matches no Host if it fails */
	own[0] = strdup(host);
	for (size_t i = 0; own[i] && i < n; i++)
		own[i + 1] = strdup(name[i]);
	if (own[n])
		return own;
	http_own_names_free(own);
	return NULL;
}

void http_own_names_free(char **name)
{
	for (size_t i = 0; name && name[i]; i++)
		free(name[i]);
	free(name);
}

bool http_host_is_own(const char *host, const char *const *name)
{
	struct in_addr v4;

	if (!host || *host == '[' || inet_pton(AF_INET, host, &v4) == 1 ||
		strcasecmp(host, "localhost") == 0)
		return true;
	for (; name && *name; name++)
		if (strcasecmp(host, *name) == 0)
			return true;
	return false;
}

/* --- X-Forwarded-For -------------------------------------------------------- */

/* One address of X-Forwarded-For, as proxies write it: bare, or in brackets with a port. */
static bool read_address(const char *text, size_t len, struct in6_addr *address)
{
	char copy[INET6_ADDRSTRLEN];
	const char *end;

	while (len > 0 && (*text == ' ' || *text == '\t'))
		text++, len--;
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len > 0 && *text == '[') {
		end = memchr(text, ']', len);
		len = end ? (size_t)(end - text - 1) : 0;
		text++;
	}
	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(AF_INET6, copy, address) == 1;
}

bool http_client_behind(
	const char *forwarded_for, http_is_proxy_fn *is_proxy, void *arg, struct in6_addr *client)
{
	size_t len = forwarded_for ? strlen(forwarded_for) : 0;

	while (len > 0 && is_proxy(arg, client)) {
		size_t start = len;

		while (start > 0 && forwarded_for[start - 1] != ',')
			start--;
		if (!read_address(forwarded_for + start, len - start, client))
			return false;
		len = start > 0 ? start - 1 : 0;
	}
	return true;
}
