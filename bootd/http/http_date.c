/* SPDX-License-Identifier: ISC */
/*
 * HTTP dates, without strftime() and strptime(): those speak the daemon's
 * language, and HTTP's is always English.
 */
#include "bootd/http/http_date.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const day_name[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const month_name[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void http_date_format(time_t when, char out[HTTP_DATE_SIZE])
{
	struct tm tm;

	/* A file from a year of five digits has a broken date; any will do for it. */
	if (!gmtime_r(&when, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		gmtime_r(&(time_t){0}, &tm);
	snprintf(out, HTTP_DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", day_name[tm.tm_wday],
		tm.tm_mday, month_name[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		tm.tm_sec);
}

int http_date_parse(const char *text, time_t *out)
{
	char again[HTTP_DATE_SIZE], month[4];
	struct tm tm = {0};

	if (sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &tm.tm_mday, month, &tm.tm_year,
		    &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return -EINVAL;
	for (tm.tm_mon = 0; tm.tm_mon < 12; tm.tm_mon++)
		if (strcmp(month, month_name[tm.tm_mon]) == 0)
			break;
	tm.tm_year -= 1900;
	if (tm.tm_mon == 12)
		return -EINVAL;
	*out = timegm(&tm);
	/* The wrong day of the week, 31 February and trailing text all fall here. */
	http_date_format(*out, again);
	return strcmp(again, text) == 0 ? 0 : -EINVAL;
}
