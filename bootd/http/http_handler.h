/* SPDX-License-Identifier: ISC */
/*
 * The answers of the HTTP server that are no files: a list of paths, each with
 * the function that was registered for it by http_server_handle().
 */
#ifndef NB6_BOOTD_HTTP_HTTP_HANDLER_H
#define NB6_BOOTD_HTTP_HTTP_HANDLER_H

#include "bootd/http/http_server.h"

struct evhttp_request;

struct http_handler {
	struct http_handler *next;
	char *path;
	http_handler_fn *call; /* or */
	const struct http_stream_ops *stream;
	void *arg;
};

/* `what` is all of it but next and path, and is copied. Returns 0, -EEXIST or -ENOMEM. */
int http_handlers_add(
	struct http_handler **handlers, const char *path, const struct http_handler *what);
const struct http_handler *http_handlers_find(
	const struct http_handler *handlers, const char *path);
void http_handlers_free(struct http_handler **handlers);

/*
 * Read what is asked; *ask borrows from the request and from `query`, which is filled in.
 * Returns 0, or the status with which the request was refused.
 */
int http_handler_ask(const struct http_handler *handler, struct evhttp_request *request,
	const char *query_text, const struct in6_addr *peer, struct http_query *query,
	struct http_ask *ask);

/* Let the handler answer the request; `query` as it stands in the target. Returns the status. */
int http_handler_answer(const struct http_handler *handler, struct evhttp_request *request,
	const char *query, const struct in6_addr *peer);

#endif
