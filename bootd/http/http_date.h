/* SPDX-License-Identifier: ISC */
/*
 * Dates as HTTP writes them, RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
 */
#ifndef NB6_BOOTD_HTTP_HTTP_DATE_H
#define NB6_BOOTD_HTTP_HTTP_DATE_H

#include <time.h>

enum { HTTP_DATE_SIZE = 40 };

void http_date_format(time_t when, char out[HTTP_DATE_SIZE]);

/* Returns 0, or -EINVAL for anything but that form (the two obsolete ones among it). */
int http_date_parse(const char *text, time_t *out);

#endif
