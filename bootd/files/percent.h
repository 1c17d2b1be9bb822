/* SPDX-License-Identifier: ISC */
/*
 * Percent-decoding, RFC 3986 section 2.1: `%2F` is a slash. The one place
 * where text from a URL becomes text for us, and therefore the one place
 * that refuses what no name and no value has any business to hold.
 */
#ifndef NB6_BOOTD_FILES_PERCENT_H
#define NB6_BOOTD_FILES_PERCENT_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Decode `len` octets of `text` into `out`, which is NUL-terminated.
 *
 * Returns the decoded length; -EINVAL for a `%` without two hexadecimal
 * digits and for control characters (NUL among them), whether they were
 * encoded or not; -ENAMETOOLONG when it does not fit in `size` octets.
 */
ssize_t percent_decode(const char *text, size_t len, char *out, size_t size);

#endif
