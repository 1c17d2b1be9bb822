/* SPDX-License-Identifier: ISC */
/*
 * The query of a URL, `mac=52-54-00-12-34-56&arch=7`: decoded once, bounded,
 * then looked up by name. Values hold no control characters, but are hostile
 * otherwise: parse them into what they are meant to be before using them.
 */
#ifndef NB6_BOOTD_FILES_HTTP_QUERY_H
#define NB6_BOOTD_FILES_HTTP_QUERY_H

#include <stddef.h>

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
