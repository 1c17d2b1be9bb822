/* SPDX-License-Identifier: ISC */
/*
 * The open connections of the HTTP server: how many there are, which of them
 * serve a request, and which have outstayed their time.
 *
 * evhttp tells of a connection when it has a whole request; a client that says
 * nothing would be invisible. So each is entered when its bufferevent is made, and
 * our own reference to it keeps it long enough to see that evhttp has let go.
 */
#ifndef NB6_BOOTD_HTTP_HTTP_CONNECTION_H
#define NB6_BOOTD_HTTP_HTTP_CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/files/file_root.h"

struct bufferevent;
struct evhttp_connection;

struct http_connection {
	struct http_connection *next;
	struct bufferevent *bev;
	uint64_t since_ms;          /* idle: since when; busy: when it last took something */
	size_t queued;              /* octets not taken yet, when we last looked */
	bool busy;                  /* from a whole request to the end of its reply */
	bool ended;                 /* by us, for being late */
	bool followed;              /* evhttp will tell of its end */
	struct http_stream *stream; /* its reply has no end; or NULL */
	/* The file that it is being sent, if any. */
	bool fetching;
	char path[FILE_PATH_SIZE];
	struct in6_addr peer;
	uint64_t bytes, size;
	uint64_t started_ms;
};

struct http_connections {
	struct http_connection *first;
	unsigned n;
};

/* NULL: no memory. Takes a reference of the bufferevent. */
struct http_connection *http_connections_add(
	struct http_connections *all, struct bufferevent *bev, uint64_t now_ms);

/* The connection of this bufferevent, or NULL. */
struct http_connection *http_connections_find(
	const struct http_connections *all, const struct bufferevent *bev);

/* evhttp's side of it: NULL before evhttp has taken it over, and when it is closed. */
struct evhttp_connection *http_connection_evhttp(const struct http_connection *connection);

/*
 * Take the descriptor from the event loop, before evhttp closes it: our reference
 * would keep its events, and the next descriptor of that number would be deaf.
 */
void http_connection_silence(struct http_connection *connection);

/*
 * Forget those that are closed and end those that are late. Returns how many
 * were ended: idle without a whole request for idle_ms, or busy and taking
 * nothing for stall_ms.
 */
unsigned http_connections_sweep(
	struct http_connections *all, uint64_t idle_ms, uint64_t stall_ms, uint64_t now_ms);

void http_connections_fini(struct http_connections *all);

struct in6_addr http_connection_peer(const struct http_connection *connection);

/* Octets that the kernel has not been given yet. */
size_t http_connection_unsent(const struct http_connection *connection);

#endif
