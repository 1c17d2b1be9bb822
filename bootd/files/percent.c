/* SPDX-License-Identifier: ISC */
/*
 * Percent-decoding in one pass, used by the HTTP server for paths and queries.
 * TFTP names are not encoded: firmware decodes its boot URL before it asks.
 */
#include "bootd/files/percent.h"

#include <errno.h>

#include "dhcp6/identity.h"

/* The octet at text[*i], decoded, and *i on its last character; -1: broken. */
static int decode_one(const char *text, size_t len, size_t *i)
{
	int high, low;

	if (text[*i] != '%')
		return (unsigned char)text[*i];
	if (len - *i < 3)
		return -1;
	high = dhcp6_hex_digit(text[*i + 1]);
	low = dhcp6_hex_digit(text[*i + 2]);
	*i += 2;
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

ssize_t percent_decode(const char *text, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int octet = decode_one(text, len, &i);

		if (octet < 0x20 || octet == 0x7f)
			return -EINVAL;
		if (n + 1 >= size)
			return -ENAMETOOLONG;
		out[n++] = (char)octet;
	}
	if (size == 0)
		return -ENAMETOOLONG;
	out[n] = '\0';
	return (ssize_t)n;
}
