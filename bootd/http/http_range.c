/* SPDX-License-Identifier: ISC */
/*
 * One range: "bytes=FIRST-", "bytes=FIRST-LAST" or "bytes=-SUFFIX". A server may
 * ignore the field (section 14.2), which is right for what we cannot read and for
 * several ranges: their multipart answer is of no use to a loader.
 */
#include "bootd/http/http_range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* The digits at *text, past which it is moved; a number too large counts as the largest. */
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
