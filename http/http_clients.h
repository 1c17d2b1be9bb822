/* SPDX-License-Identifier: ISC */
/*
 * The open connections of an HTTP server. No client can keep the others out: each address has a
 * limited number of connections, each connection a limited time for a request and for reading the
 * reply, and if there is no room for a new connection, the one that has been idle longest is
 * closed.
 */
#ifndef NB6_HTTP_HTTP_CLIENTS_H
#define NB6_HTTP_HTTP_CLIENTS_H

#include <netinet/in.h>
#include <stdint.h>

#include "http/http_patience.h"

struct http_clients;

struct http_limits {
	const char *service;             /* names the server in the log: "HTTP" */
	unsigned connections_max;        /* lowered to what the process's descriptors allow */
	unsigned connections_per_client; /* by address */
	/* Proxies may have any number of connections. NULL: there are none. */
	http_is_proxy_fn *is_proxy;
	void *is_proxy_arg;
	struct http_patience patience;
};

struct http_clients_stats {
	uint64_t connections; /* open now */
	uint64_t accepted;
	uint64_t limited; /* refused because their client had enough */
	uint64_t idled;   /* closed for one of the limits of time, or for a new one */
	uint64_t waited;  /* times that connections_max was met and no connection was idle */
};

/* As in struct http_connection_ops. */
struct http_clients_ops {
	void (*request)(void *arg, struct http_connection *connection,
		const struct http_request *request, const char *body, int status, const char *why);
	void (*sent)(void *arg, struct http_connection *connection);
	void (*closed)(void *arg, struct http_connection *connection, const char *why);
};

/* `ops` is static, `limits` is copied. NULL: no memory. */
struct http_clients *http_clients_new(struct loop *loop, const struct http_limits *limits,
	const struct http_clients_ops *ops, void *arg);
/* Closes all connections and listeners. NULL is fine. */
void http_clients_free(struct http_clients *clients);

/*
 * Accept connections from `fd`, a listening TCP socket, which is ours from now on (also on error).
 * `transport` may be NULL: plain HTTP.
 */
int http_clients_accept_from(
	struct http_clients *clients, int fd, const struct http_transport *transport);

const struct http_clients_stats *http_clients_stats(const struct http_clients *clients);

#endif
