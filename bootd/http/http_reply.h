/* SPDX-License-Identifier: ISC */
/*
 * Replies to an evhttp request that are a line of text or a block of memory.
 * Each has its exact Content-Length, also where HEAD leaves the body out.
 */
#ifndef NB6_BOOTD_HTTP_HTTP_REPLY_H
#define NB6_BOOTD_HTTP_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

struct evhttp_request;

bool http_request_is_head(struct evhttp_request *request);

void http_reply_header(struct evhttp_request *request, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* One line of text/plain for people; a newline is put at its end. */
void http_reply_text(struct evhttp_request *request, int status, const char *text);

/* `body` is copied. */
void http_reply_body(struct evhttp_request *request, int status, const char *content_type,
	const char *body, size_t len);

/* The reason phrase of a status that we use. */
const char *http_reason(int status);

#endif
