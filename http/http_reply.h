/* SPDX-License-Identifier: ISC */
/*
 * The head of a reply, RFC 9112 section 4: the status and the fields that a handler adds, then
 * those that the connection is responsible for: Date, Content-Length or Transfer-Encoding,
 * Connection.
 */
#ifndef NB6_HTTP_HTTP_REPLY_H
#define NB6_HTTP_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_REPLY_FIELDS_SIZE = 1536, HTTP_REPLY_HEAD_SIZE = HTTP_REPLY_FIELDS_SIZE + 512 };

#define HTTP_NO_END UINT64_MAX /* the length of a body that is a stream */

struct http_reply {
	int status;
	size_t len;
	char fields[HTTP_REPLY_FIELDS_SIZE];
};

void http_reply_begin(struct http_reply *reply, int status);
/* A field that does not fit is left out. */
void http_reply_field(struct http_reply *reply, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* 204 and 304 have neither a body nor a length (RFC 9110 sections 15.3.5 and 15.4.5). */
bool http_reply_has_body(const struct http_reply *reply);

/* What of the connection the head depends on. */
struct http_framing {
	uint64_t body_len; /* octets, or HTTP_NO_END */
	bool keeps_alive, is_http_1_0;
};

/* The octets of the whole head, its empty line included. Returns their number. */
size_t http_reply_head(const struct http_reply *reply, const struct http_framing *framing,
	char out[HTTP_REPLY_HEAD_SIZE]);

#endif
