/* SPDX-License-Identifier: ISC */
#ifndef NB6_UTIL_UTF8_H
#define NB6_UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The octets of the UTF-8 character that `text` (ended by a NUL) starts with, and its code; 0 if
 * there is none: RFC 3629, so neither overlong forms nor surrogates nor codes above 0x10ffff.
 */
size_t utf8_character(const char *text, uint32_t *code);

/* True for a control character, which may steer a terminal. */
static inline bool utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/*
 * Copy a name that somebody else chose, with each control character, each octet that is not UTF-8
 * and each backslash as "\xNN": different names stay different. `out` has room for 4 octets for each
 * of the name and a NUL; what does not fit is cut off. Returns `out`.
 */
const char *utf8_escape(const char *name, char *out, size_t size);

#endif
