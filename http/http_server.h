/* SPDX-License-Identifier: ISC */
/*
 * The HTTP server of both daemons: boot files, the live page, metrics. HTTP/1.1 (RFC 9110, 9112)
 * for GET, HEAD and POST, with keep-alive. Handlers are registered by path; all other paths go to a
 * fallback, which may send files.
 *
 * It is our own because of what a boot server meets: thousands of machines that download for
 * minutes and must cost little, strangers that hold connections, and proxies that read a request
 * in another way. Requests are parsed strictly (http_request.h), a connection is a descriptor and
 * two offsets (http_connection.h), and no client can take more than its share of connections
 * (http_clients.h).
 */
#ifndef NB6_HTTP_HTTP_SERVER_H
#define NB6_HTTP_HTTP_SERVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/http_connection.h"
#include "http/http_query.h"

struct loop;
struct http_server;

/* 0 stands for the default. */
struct http_options {
	const char *service;             /* static; names the server in the log: "HTTP" */
	unsigned connections_max;        /* 4000, and no more than half of the descriptors */
	unsigned connections_per_client; /* 64, by address */
	unsigned idle_ms;                /* 20000: a request must be complete by then */
	unsigned stall_ms;   /* 60000: a client that takes nothing for so long is dropped */
	unsigned least_rate; /* 1024 octets a second, over 30 s: slower downloads are ended */
	/*
	 * Answer only requests whose Host is an address, "localhost", the name of this host or one
	 * of `name`; the names are copied.
	 */
	bool own_names_only;
	const char *const *name;
	size_t names;
	/*
	 * Trusted proxies: the client of their requests is the one that X-Forwarded-For names, and
	 * the limit of connections per client is not theirs. NULL: there are none.
	 */
	http_is_proxy_fn *is_proxy;
	void *is_proxy_arg;
};

/* Since the start, except `connections`. */
struct http_stats {
	uint64_t connections; /* open now */
	uint64_t accepted;
	uint64_t requests; /* all of them */
	uint64_t refused;  /* answered with 4xx or 5xx */
	uint64_t limited;  /* connections refused because their client had enough */
	uint64_t idled;    /* connections closed for one of the limits of time, or for a new one */
	uint64_t waited;   /* times that connections_max was met and no connection was idle */
};

/* NULL: no memory. */
struct http_server *http_server_new(struct loop *loop, const struct http_options *options);
void http_server_free(struct http_server *server); /* replies are cut off; NULL is fine */

/* Serve at this address (port 0: any). Returns 0 or a negative errno of bind() and the like. */
int http_server_listen(struct http_server *server, const struct sockaddr_in6 *at);

/* The same with a secure transport, such as TLS, under HTTP. `transport` is copied. */
int http_server_listen_secure(struct http_server *server, const struct sockaddr_in6 *at,
	const struct http_transport *transport);

/* Plain HTTP on a bound TCP socket, which belongs to the server from now on (also on error). */
int http_server_listen_fd(struct http_server *server, int fd);

void http_server_get_stats(const struct http_server *server, struct http_stats *out);

/* Replies to requests whose path has no handler. */
struct http_fallback {
	/*
	 * Call one of the send functions of http_connection.h. If connection->reply_data is set to
	 * something, ended() is called once.
	 */
	void (*request)(
		void *arg, struct http_connection *connection, const struct http_request *request);
	/* The reply was handed to the kernel (`error` is NULL) or was cut off. */
	void (*ended)(void *arg, struct http_connection *connection, const char *error);
};

/* `fallback` is static. Without one, such requests are answered with 404. */
void http_server_set_fallback(
	struct http_server *server, const struct http_fallback *fallback, void *arg);

/* One request for a handler; borrowed, valid during the call. */
struct http_ask {
	enum http_method method;
	const char *path; /* decoded */
	const struct http_query *query;
	struct in6_addr client; /* who asks: http_connection.h */
	const char *body; /* of a POST, at most 64 KiB, not NUL-terminated */
	size_t body_len;
	const char *last_event_id; /* the header of that name, or NULL */
};

/* A handler's answer: fill it with one of the two calls below. */
struct http_answer {
	int status;               /* if it is 0 after the handler, the answer is 500 */
	const char *content_type; /* static */
	const char *policy;       /* Content-Security-Policy, static; NULL: none */
	const char *allow;        /* of status 405: the methods, static; NULL: none */
	char *body;               /* malloc'ed; the server frees it */
	size_t len;
};

/* A line of text/plain; a newline is put at its end. */
void http_answer_text(struct http_answer *answer, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* `body` is malloc'ed and the server's from now on; `content_type` is static. */
void http_answer_body(
	struct http_answer *answer, int status, const char *content_type, char *body, size_t len);

typedef void http_handler_fn(void *arg, const struct http_ask *ask, struct http_answer *answer);

/*
 * Requests for exactly this (decoded) path go to `handler` and not to the fallback.
 * GET, HEAD (the body of the answer is left out) and POST come through.
 * Returns 0; -EEXIST for a path that has a handler; -ENOMEM.
 */
int http_server_handle(
	struct http_server *server, const char *path, http_handler_fn *handler, void *arg);

/*
 * A reply without an end: each piece goes out at once, until the client leaves. A client that
 * reads too slowly is cut off: if more than HTTP_STREAM_MAX octets wait for it, or if octets wait
 * without getting less for stall_ms.
 */
struct http_stream;

enum { HTTP_STREAM_MAX = 256 * 1024 };

struct http_stream_ops {
	const char *content_type; /* static */
	/* A GET came. `stream` is the server's, and may be sent to until closed() is called. */
	void (*opened)(void *arg, struct http_stream *stream, const struct http_ask *ask);
	void (*closed)(void *arg, struct http_stream *stream, bool was_slow);
};

/* As http_server_handle(); `ops` is static. */
int http_server_stream(
	struct http_server *server, const char *path, const struct http_stream_ops *ops, void *arg);

/* Returns 0, or -ENOBUFS if the client is too slow and is cut off; closed() follows. */
int http_stream_send(struct http_stream *stream, const char *text, size_t len);

#endif
