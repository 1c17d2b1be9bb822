/* SPDX-License-Identifier: ISC */
/*
 * The head of a request, RFC 9112: octets to a struct, strictly. What the RFC lets a server
 * refuse, this refuses, because a proxy in front that reads the same octets in another way is how
 * requests are smuggled: bare CR or LF, a space before the colon, folded lines, two different
 * Content-Lengths, Content-Length beside Transfer-Encoding, no Host, several or a bad one.
 *
 *	request-line   method SP target SP HTTP-version CRLF
 *	field-line *   name ":" OWS value OWS CRLF
 *	CRLF
 *
 * No I/O. The result borrows from the octets, which are changed: each value is NUL-terminated in
 * its place.
 */
#ifndef NB6_HTTP_HTTP_REQUEST_H
#define NB6_HTTP_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http_fields.h"

enum {
	HTTP_HEAD_MAX = 16 * 1024,
	HTTP_FIELDS_MAX = 100,
	HTTP_BODY_MAX = 64 * 1024,
	HTTP_PATH_SIZE = 1024, /* of a decoded path, with its NUL */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

/* The target: "/path?query", or a whole URL as it is sent to a proxy. Section 3.2. */
struct http_target {
	char path[HTTP_PATH_SIZE]; /* decoded; begins with a slash */
	const char *query;         /* as in the target, not decoded; NULL: none */
};

struct http_request {
	enum http_method method;
	bool keeps_alive;    /* the client wants another request on this connection */
	bool is_http_1_0;    /* no chunks, and keep-alive must be requested */
	bool wants_continue; /* 100-continue */
	uint64_t body_len;
	struct http_target target;
	const char *host; /* without port; NULL: none (HTTP/1.0) */
	const char *range, *last_event_id;
	const char *forwarded_for; /* X-Forwarded-For; of several the last one */
	struct http_conditions conditions;
};

/*
 * The length of the head in `len` octets, its last empty line included; 0 if it is not complete.
 * Empty lines in front of the request-line belong to it.
 */
size_t http_request_head_len(const char *octets, size_t len);

/*
 * Parse a complete head. Returns 0; or the status to refuse it with, and *why for the client and
 * the log. After a refusal the connection must be closed: where the next request begins is not
 * known. 405 and 501 are for the method.
 */
int http_request_parse(char *head, size_t len, struct http_request *out, const char **why);

/* Returns 0; -EINVAL for what is not such a target; -ENAMETOOLONG. */
int http_target_parse(const char *text, struct http_target *out);

#endif
