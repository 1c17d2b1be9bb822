/* SPDX-License-Identifier: ISC */
/*
 * The answers of the HTTP server that are no files: a list of paths, each with
 * the function that was registered for it by http_server_handle().
 */
#ifndef NB6_BOOTD_FILES_HTTP_HANDLER_H
#define NB6_BOOTD_FILES_HTTP_HANDLER_H

#include "bootd/files/http_server.h"

struct evhttp_request;

struct http_handler {
	struct http_handler *next;
	char *path;
	http_handler_fn *call;
	void *arg;
};

/* Returns 0, -EEXIST or -ENOMEM. */
int http_handlers_add(
	struct http_handler **handlers, const char *path, http_handler_fn *call, void *arg);
const struct http_handler *http_handlers_find(
	const struct http_handler *handlers, const char *path);
void http_handlers_free(struct http_handler **handlers);

/* Let the handler answer the request; `query` as it stands in the target. Returns the status. */
int http_handler_answer(const struct http_handler *handler, struct evhttp_request *request,
	const char *query, const struct in6_addr *peer);

#endif
