/* SPDX-License-Identifier: ISC */
/*
 * The HTTP server on evhttp.
 *
 *	accept -> connection entered -> whole request -> a handler's path? -> handler
 *	                                              -> else              -> http_file
 *	       <- reply complete, or connection closed: the fetch is over <-
 *
 * evhttp's own timeouts would count from the last octet that the client sent,
 * and so end every download that takes long: they are set out of the way, and
 * a sweep once a second judges each connection by what it is doing.
 */
#include "bootd/http/http_server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bootd/http/http_connection.h"
#include "bootd/http/http_file.h"
#include "bootd/http/http_handler.h"
#include "bootd/http/http_reply.h"
#include "bootd/http/http_stream.h"
#include "bootd/http/http_target.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/loop.h"

enum {
	LISTENERS_MAX = 16,
	BACKLOG = 1024,
	HEAD_SIZE_MAX = 16 * 1024,
	BODY_SIZE_MAX = 64 * 1024,
	SWEEP_MS = 1000,
	FULL_SWEEP_MS = 100, /* while new connections wait for room */
	EVHTTP_TIMEOUT_S = 7 * 24 * 3600,
};

struct http_server {
	struct loop *loop;
	struct evhttp *http;
	const struct boot_files *files;
	struct http_options options;
	struct http_stats stats;
	struct http_connections connections;
	struct loop_timer *sweep;
	struct listener *listener[LISTENERS_MAX];
	size_t listeners;
	bool waiting; /* the listeners are paused */
	bool stopping;
	struct log_limit full_limit;
	struct http_handler *handlers;
};

/* --- fetches ------------------------------------------------------------- */

static void report(struct http_server *server, enum fetch_outcome outcome,
	const struct http_connection *connection, const char *error)
{
	struct fetch_event event = {
		.kind = FETCH_HTTP,
		.outcome = outcome,
		.peer = connection->peer,
		.path = connection->path,
		.bytes = outcome == FETCH_STARTED ? 0 : connection->bytes,
		.size = connection->size,
		.duration_ms = loop_now_ms() - connection->started_ms,
		.error = error,
	};

	boot_files_report(server->files, &event);
}

static void begin_fetch(struct http_server *server, struct http_connection *connection,
	const char *path, const struct http_file_answer *answer, bool is_head)
{
	strcpy(connection->path, path);
	connection->bytes = answer->bytes;
	connection->size = answer->size;
	connection->started_ms = loop_now_ms();
	if (answer->status >= 400) {
		server->stats.failed++;
		server->stats.refused++;
		report(server, FETCH_FAILED, connection, answer->why);
	} else if (is_head || answer->status == 304) {
		server->stats.probed++;
		report(server, FETCH_PROBED, connection, NULL);
	} else {
		server->stats.started++;
		connection->fetching = true;
		report(server, FETCH_STARTED, connection, NULL);
	}
}

static void end_fetch(
	struct http_server *server, struct http_connection *connection, const char *error)
{
	uint64_t unsent = http_connection_unsent(connection);

	if (!connection->fetching)
		return;
	connection->fetching = false;
	if (error)
		connection->bytes -= unsent < connection->bytes ? unsent : connection->bytes;
	server->stats.bytes += connection->bytes;
	if (error)
		server->stats.failed++;
	else
		server->stats.done++;
	report(server, error ? FETCH_FAILED : FETCH_DONE, connection, error);
}

/* --- requests ------------------------------------------------------------- */

static struct http_connection *connection_of(
	struct http_server *server, struct evhttp_connection *evcon)
{
	return http_connections_find(
		&server->connections, evhttp_connection_get_bufferevent(evcon));
}

static void reply_complete(struct evhttp_request *request, void *arg)
{
	struct http_server *server = arg;
	struct http_connection *connection =
		connection_of(server, evhttp_request_get_connection(request));

	if (connection) {
		end_fetch(server, connection, NULL);
		connection->busy = false;
		connection->since_ms = loop_now_ms();
	}
}

static void connection_closed(struct evhttp_connection *evcon, void *arg)
{
	struct http_server *server = arg;
	struct http_connection *connection = connection_of(server, evcon);
	const char *why = "the client closed the connection";

	if (!connection)
		return;
	if (connection->ended)
		why = "the client took nothing for too long";
	if (server->stopping)
		why = "the server was stopped";
	end_fetch(server, connection, why);
	http_stream_closed(connection);
	http_connection_silence(connection);
}

static void refuse(
	struct http_server *server, struct evhttp_request *request, int status, const char *why)
{
	server->stats.refused++;
	http_reply_text(request, status, why);
}

static void to_file(struct http_server *server, struct evhttp_request *request,
	struct http_connection *connection, const struct http_target *target)
{
	enum evhttp_cmd_type command = evhttp_request_get_command(request);
	struct http_file_answer answer;

	if (command != EVHTTP_REQ_GET && command != EVHTTP_REQ_HEAD) {
		http_reply_header(request, "Allow", "GET, HEAD");
		refuse(server, request, 405, "files are only read: GET or HEAD");
		return;
	}
	http_file_answer(
		request, server->files, target->path, target->query, &connection->peer, &answer);
	begin_fetch(server, connection, target->path, &answer, command == EVHTTP_REQ_HEAD);
}

static void dispatch(struct http_server *server, struct evhttp_request *request,
	struct http_connection *connection)
{
	const struct http_handler *handler;
	struct http_target target;
	const char *text = evhttp_request_get_uri(request);
	int error = text ? http_target_parse(text, &target) : -EINVAL;

	if (error == -ENAMETOOLONG) {
		refuse(server, request, 414, "the path is too long");
		return;
	}
	if (error) {
		refuse(server, request, 400, "the path is malformed");
		return;
	}
	handler = http_handlers_find(server->handlers, target.path);
	if (!handler && !server->files)
		refuse(server, request, 404, "there is nothing of this name");
	else if (!handler)
		to_file(server, request, connection, &target);
	else if (handler->stream)
		http_stream_open(handler, request, target.query, connection);
	else if (http_handler_answer(handler, request, target.query, &connection->peer) >= 400)
		server->stats.refused++;
}

static void take_request(struct evhttp_request *request, void *arg)
{
	struct http_server *server = arg;
	struct evhttp_connection *evcon = evhttp_request_get_connection(request);
	struct http_connection *connection = connection_of(server, evcon);

	server->stats.requests++;
	if (!connection) {
		refuse(server, request, 503, "out of memory");
		return;
	}
	connection->busy = true;
	connection->queued = 0;
	connection->since_ms = loop_now_ms();
	connection->peer = http_connection_peer(connection);
	evhttp_request_set_on_complete_cb(request, reply_complete, server);
	dispatch(server, request, connection);
}

/* --- connections ---------------------------------------------------------- */

static void pause_listeners(struct http_server *server)
{
	for (size_t i = 0; i < server->listeners; i++)
		listener_pause(server->listener[i], true);
	server->waiting = true;
	server->stats.waited++;
	loop_timer_arm(server->sweep, FULL_SWEEP_MS);
}

static void sweep(void *arg)
{
	struct http_server *server = arg;

	server->stats.idled += http_connections_sweep(&server->connections, server->options.idle_ms,
		server->options.stall_ms, loop_now_ms());
	if (server->waiting && server->connections.n < server->options.connections_max) {
		server->waiting = false;
		for (size_t i = 0; i < server->listeners; i++)
			listener_pause(server->listener[i], false);
	}
	if (server->connections.n > 0 || server->waiting)
		loop_timer_arm(server->sweep, server->waiting ? FULL_SWEEP_MS : SWEEP_MS);
}

/* Runs once evhttp is done with accepting, before anything is read. */
static void follow_new_connections(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;

	(void)fd;
	(void)what;
	/* The new ones are at the head. */
	for (struct http_connection *c = server->connections.first; c && !c->followed;
		c = c->next) {
		struct evhttp_connection *evcon = http_connection_evhttp(c);

		c->followed = true;
		if (evcon)
			evhttp_connection_set_closecb(evcon, connection_closed, server);
	}
}

/* evhttp asks for a bufferevent when it has accepted a connection. */
static struct bufferevent *connection_accepted(struct event_base *base, void *arg)
{
	struct http_server *server = arg;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, 0);

	if (!bev)
		return NULL;
	server->stats.accepted++;
	if (server->connections.n == 0)
		loop_timer_arm(server->sweep, SWEEP_MS);
	http_connections_add(&server->connections, bev, loop_now_ms());
	event_base_once(base, -1, EV_TIMEOUT, follow_new_connections, server, NULL);
	if (server->connections.n >= server->options.connections_max) {
		log_limited(&server->full_limit, LOG_LEVEL_WARNING,
			"HTTP: %u connections are open: new ones wait (connections-max)",
			server->connections.n);
		pause_listeners(server);
	}
	return bev;
}

/* --- life ------------------------------------------------------------------ */

static void set_up_evhttp(struct http_server *server)
{
	evhttp_set_gencb(server->http, take_request, server);
	evhttp_set_bevcb(server->http, connection_accepted, server);
	evhttp_set_max_headers_size(server->http, HEAD_SIZE_MAX);
	evhttp_set_max_body_size(server->http, BODY_SIZE_MAX);
	evhttp_set_timeout(server->http, EVHTTP_TIMEOUT_S);
	evhttp_set_default_content_type(server->http, NULL);
	/* All of them, so that those which are not allowed get our 405. */
	evhttp_set_allowed_methods(
		server->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
				      EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
				      EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
}

struct http_server *http_server_new(
	struct loop *loop, const struct boot_files *files, const struct http_options *options)
{
	struct http_server *server = calloc(1, sizeof(*server));
	struct http_options *o;

	if (!server)
		return NULL;
	server->loop = loop;
	server->files = files;
	server->options = *options;
	o = &server->options;
	o->connections_max = o->connections_max ? o->connections_max : 1000;
	o->idle_ms = o->idle_ms ? o->idle_ms : 20000;
	o->stall_ms = o->stall_ms ? o->stall_ms : 60000;
	server->http = evhttp_new(loop_event_base(loop));
	server->sweep = loop_timer_new(loop, sweep, server);
	if (!server->http || !server->sweep) {
		http_server_free(server);
		return NULL;
	}
	set_up_evhttp(server);
	return server;
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	server->stopping = true;
	for (size_t i = 0; i < server->listeners; i++)
		listener_free(server->listener[i]);
	if (server->http)
		evhttp_free(server->http);
	http_connections_fini(&server->connections);
	loop_timer_free(server->sweep);
	http_handlers_free(&server->handlers);
	free(server);
}

int http_server_listen(struct http_server *server, const struct sockaddr_in6 *at)
{
	int fd = listener_open_tcp(at, BACKLOG);

	return fd < 0 ? fd : http_server_listen_fd(server, fd);
}

int http_server_listen_fd(struct http_server *server, int fd)
{
	int on = 1;
	int error = server->listeners == LISTENERS_MAX ? -ENOSPC : 0;

	/* Accepted sockets inherit it: the end of a file must not wait for an ACK. */
	if (!error && (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
			      evutil_make_socket_nonblocking(fd) < 0 || listen(fd, BACKLOG) < 0))
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	error = listener_new_http(
		&server->listener[server->listeners], server->loop, fd, "HTTP", server->http);
	server->listeners += error == 0;
	return error;
}

int http_server_handle(
	struct http_server *server, const char *path, http_handler_fn *handler, void *arg)
{
	struct http_handler what = {.call = handler, .arg = arg};

	return http_handlers_add(&server->handlers, path, &what);
}

int http_server_stream(
	struct http_server *server, const char *path, const struct http_stream_ops *ops, void *arg)
{
	struct http_handler what = {.stream = ops, .arg = arg};

	return http_handlers_add(&server->handlers, path, &what);
}

void http_server_get_stats(const struct http_server *server, struct http_stats *out)
{
	*out = server->stats;
	out->connections = server->connections.n;
}
