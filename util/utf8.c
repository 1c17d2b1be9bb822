/* SPDX-License-Identifier: ISC */
#include "util/utf8.h"

#include <stdio.h>
#include <string.h>

size_t utf8_character(const char *text, uint32_t *code)
{
	static const uint32_t min[] = {[1] = 0, [2] = 0x80, [3] = 0x800, [4] = 0x10000};
	const unsigned char *c = (const unsigned char *)text;
	size_t len = c[0] < 0x80 ? 1 : c[0] < 0xc0 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

	*code = len == 1 ? c[0] : c[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((c[i] & 0xc0) != 0x80) /* also where the text ends */
			return 0;
		*code = *code << 6 | (c[i] & 0x3f);
	}
	if (len == 0 || c[0] > 0xf4 || *code < min[len] || *code > 0x10ffff)
		return 0;
	return *code >= 0xd800 && *code <= 0xdfff ? 0 : len;
}

const char *utf8_escape(const char *name, char *out, size_t size)
{
	size_t used = 0;

	while (*name) {
		uint32_t code;
		size_t len = utf8_character(name, &code);
		bool is_plain = len > 0 && !utf8_is_control(code) && code != '\\';

		if (used + 5 > size)
			break;
		if (is_plain)
			memcpy(out + used, name, len);
		else
			snprintf(out + used, 5, "\\x%02x", (unsigned char)*name);
		used += is_plain ? len : 4;
		name += is_plain ? len : 1;
	}
	out[used] = '\0';
	return out;
}
