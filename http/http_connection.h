/* SPDX-License-Identifier: ISC */
/*
 * One HTTP connection: reads requests, hands each to its owner, sends the reply that the owner
 * gives, and starts over. The socket is used directly, with no buffer but for what is incomplete:
 * an idle connection has none, and a download is a descriptor and two offsets. With a secure
 * transport (http_channel.h) READING begins with its handshake.
 *
 *	             a request is complete           all is sent
 *	READING ------------------------> SENDING -----------------> READING, or LINGERING
 *	   ^                                 |                           |
 *	   |                                 +--> STREAMING: until the    +-- the client has closed,
 *	accepted                                  client leaves               or LINGER_MS: closed
 *
 * WAITING: between READING and SENDING, if the owner gives the reply later.
 *
 * LINGERING: our side is shut down, and what the client still sends is read and dropped, because
 * closing a socket with unread octets resets the connection and can destroy the reply.
 */
#ifndef NB6_HTTP_HTTP_CONNECTION_H
#define NB6_HTTP_HTTP_CONNECTION_H

#include <netinet/in.h>

#include "http/http_channel.h"
#include "http/http_fields.h"
#include "http/http_input.h"
#include "http/http_output.h"
#include "http/http_reply.h"
#include "http/http_request.h"

struct loop;
struct loop_watch;
struct http_connection;

enum http_state { HTTP_READING, HTTP_WAITING, HTTP_SENDING, HTTP_STREAMING, HTTP_LINGERING };

struct http_connection_ops {
	/* A request: the owner calls one of the send functions before it returns, or
	 * http_connection_defer() and a send function later. Borrowed.
	 * `status` is 0, or the request is to be refused with it and `why`; then `request` is as
	 * far as it was understood. */
	void (*request)(void *arg, struct http_connection *connection,
		const struct http_request *request, const char *body, int status, const char *why);
	/* The reply was handed to the kernel. */
	void (*sent)(void *arg, struct http_connection *connection);
	/* It is being closed and is freed afterwards. */
	void (*closed)(void *arg, struct http_connection *connection, const char *why);
	/* READING has begun or ended. */
	void (*moved)(void *arg, struct http_connection *connection);
};

struct http_connection {
	struct http_connection *next, *before; /* the owner's */
	void *owner_data;                      /* the owner's, of this connection */
	void *reply_data;                      /* of who gave the reply that is being sent */
	int reply_status;                      /* the last reply's */
	bool is_deferred;                      /* it was given after request() returned */
	const struct http_connection_ops *ops;
	void *arg;
	struct in6_addr peer;
	struct in6_addr client; /* of this request: the peer, or whom a trusted proxy names */
	enum http_state state;
	uint64_t since_ms; /* READING: since when; else: when the client last took something */

	/* private */
	struct http_channel channel;
	struct loop_watch *watch;
	int watched;
	struct http_input in;
	struct http_output out;
	struct file_load *load; /* the next piece of a file comes from the disk; or NULL */
	bool keeps_alive, is_http_1_0, is_head, has_continued, is_dead, ended_by_us;
	const char *why;  /* of is_dead */
	uint64_t dropped; /* octets received while it streams or lingers */
	uint64_t seen; /* what http_patience_is_over() found: octets taken, or waiting (stream) */
	uint64_t checked_seen, checked_ms; /* at the start of the time for the least rate */
};

/* Owns `fd` (also on error). `transport` may be NULL: plain HTTP. NULL: no memory. */
struct http_connection *http_connection_new(struct loop *loop, int fd, const struct in6_addr *peer,
	const struct http_transport *transport, const struct http_connection_ops *ops, void *arg);
/* Calls closed(). Not from within a callback of this connection. */
void http_connection_close(struct http_connection *connection, const char *why);

/* The reply is given later. What the request borrows is gone by then. */
void http_connection_defer(struct http_connection *connection);
/* `body` is copied, and left out for HEAD. */
void http_connection_send(
	struct http_connection *connection, struct http_reply *reply, const char *body, size_t len);
/* One line of text/plain for people. */
void http_connection_send_text(
	struct http_connection *connection, struct http_reply *reply, const char *text);
/*
 * A part of a file. `fd` is the connection's from now on. `readers` load what is not in memory;
 * NULL: the loop waits for the disk.
 */
void http_connection_send_file(struct http_connection *connection, struct http_reply *reply, int fd,
	const struct http_range *range, struct thread_pool *readers);

/* The reply has no end: pieces follow. */
void http_connection_begin_stream(struct http_connection *connection, struct http_reply *reply);
/* Returns 0, or -ENOBUFS: more than `max` octets would wait. Then it is closed soon. */
int http_connection_stream(
	struct http_connection *connection, const char *text, size_t len, size_t max);

/* Octets of the reply that the kernel has not been given yet. */
uint64_t http_connection_unsent(const struct http_connection *connection);

#endif
