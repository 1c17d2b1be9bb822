/* SPDX-License-Identifier: ISC */
#include "relayd/config/id_template.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* The text that a character after '%' stands for, NULL: none. */
static const char *value_of(char letter, const char *host, const char *link)
{
	switch (letter) {
	case 'h':
		return host;
	case 'i':
		return link;
	case '%':
		return "%";
	default:
		return NULL;
	}
}

int id_template_expand(const char *format, const char *host, const char *link, uint8_t *out)
{
	size_t len = 0;

	for (; *format; format++) {
		const char *piece = format;
		size_t n = 1;

		if (*format == '%') {
			piece = value_of(*++format, host, link);
			if (!piece)
				return -EINVAL;
			n = strlen(piece);
		}
		if (len + n > ID_TEMPLATE_MAX)
			return -EINVAL;
		memcpy(out + len, piece, n);
		len += n;
	}
	return len > 0 ? (int)len : -EINVAL;
}
