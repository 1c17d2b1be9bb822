/* SPDX-License-Identifier: ISC */
#ifndef NB6_UTIL_UTF8_H
#define NB6_UTIL_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The octets of the UTF-8 character that `text` (ended by a NUL) starts with, and its code; 0 if
 * there is none: RFC 3629, so neither overlong forms nor surrogates nor codes above 0x10ffff.
 */
size_t utf8_character(const char *text, uint32_t *code);

#endif
