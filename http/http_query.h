/* SPDX-License-Identifier: ISC */
/*
 * Text from URLs: percent-decoding (RFC 3986 section 2.1), and queries such as
 * `mac=52-54-00-12-34-56&arch=7`, which are decoded once, bounded, and looked up by name.
 *
 * This is the only place where text from a URL becomes text for us, so it refuses control
 * characters. Values are hostile otherwise: parse them before you use them.
 */
#ifndef NB6_HTTP_HTTP_QUERY_H
#define NB6_HTTP_HTTP_QUERY_H

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

enum { HTTP_QUERY_PAIRS = 24, HTTP_QUERY_SIZE = 2048 };

struct http_query {
	struct {
		const char *name, *value; /* within text[] */
	} pair[HTTP_QUERY_PAIRS];
	size_t pairs;
	char text[HTTP_QUERY_SIZE];
};

/*
 * Read what follows the `?` of a URL; NULL and "" are an empty query. `+` is a
 * space, a name without `=` has the value "". Holds pointers into itself: do
 * not copy it.
 *
 * Returns 0; -EINVAL for a broken %XX or control characters; -E2BIG for more
 * than there is room for. After an error the query is empty.
 */
int http_query_parse(struct http_query *query, const char *text);

/* The first value of that name, or NULL. Names are case-sensitive. */
const char *http_query_get(const struct http_query *query, const char *name);

#endif
