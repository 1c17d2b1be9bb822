/* SPDX-License-Identifier: ISC */
/*
 * The Range field of a request, RFC 9110 section 14: one range of octets.
 */
#ifndef NB6_BOOTD_HTTP_HTTP_RANGE_H
#define NB6_BOOTD_HTTP_HTTP_RANGE_H

#include <stdint.h>

struct http_range {
	uint64_t first, length;
};

enum http_range_verdict {
	HTTP_RANGE_WHOLE, /* 200: no range, one that is malformed, other units, several ranges */
	HTTP_RANGE_PART,  /* 206 */
	HTTP_RANGE_UNSATISFIABLE, /* 416 */
};

/*
 * What `field` (NULL: there is none) asks of a file of `size` octets. *out is
 * filled for WHOLE and PART.
 */
enum http_range_verdict http_range_parse(const char *field, uint64_t size, struct http_range *out);

#endif
