/* SPDX-License-Identifier: ISC */
/*
 * Replies without an end (struct http_stream of http_server.h), as the server sees them:
 * each is of one connection, and is over when that is.
 */
#ifndef NB6_BOOTD_HTTP_HTTP_STREAM_H
#define NB6_BOOTD_HTTP_HTTP_STREAM_H

#include "bootd/http/http_connection.h"
#include "bootd/http/http_handler.h"

/* Begin one, or refuse the request. */
void http_stream_open(const struct http_handler *handler, struct evhttp_request *request,
	const char *query, struct http_connection *connection);

/* The connection is closed: its stream, if it has one, is over. */
void http_stream_closed(struct http_connection *connection);

#endif
