/* SPDX-License-Identifier: ISC */
/*
 * The HTTP server: finds who answers each request.
 *
 *	http_clients -> request -> own name? -> handler of this path? -> handler or stream
 *	                                     -> else                  -> fallback
 */
#include "http/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/listener.h"
#include "daemon/log.h"
#include "http/http_clients.h"

enum {
	BACKLOG = 1024,
	CONNECTIONS_MAX = 4000,
	CONNECTIONS_PER_CLIENT = 64,
	IDLE_MS = 20000,
	STALL_MS = 60000,
	LEAST_RATE = 1024,
};

struct http_handler {
	struct http_handler *next;
	char *path;
	http_handler_fn *call; /* or */
	const struct http_stream_ops *stream;
	void *arg;
};

/* reply_data of a connection that streams. */
struct http_stream {
	struct http_connection *connection;
	const struct http_handler *handler;
};

struct http_server {
	struct http_clients *clients;
	struct http_options options;
	char **own_name; /* up to NULL; NULL: requests for any name are answered */
	const struct http_fallback *fallback; /* NULL: none */
	void *fallback_arg;
	uint64_t requests, refused;
	struct http_handler *handlers;
	struct log_limit host_limit;
};

/* --- handlers -------------------------------------------------------------- */

static const struct http_handler *find_handler(const struct http_server *server, const char *path)
{
	const struct http_handler *handler = server->handlers;

	while (handler && strcmp(handler->path, path) != 0)
		handler = handler->next;
	return handler;
}

static int add_handler(
	struct http_server *server, const char *path, const struct http_handler *what)
{
	struct http_handler *handler;

	if (find_handler(server, path))
		return -EEXIST;
	handler = malloc(sizeof(*handler));
	if (!handler)
		return -ENOMEM;
	*handler = *what;
	handler->path = strdup(path);
	if (!handler->path) {
		free(handler);
		return -ENOMEM;
	}
	handler->next = server->handlers;
	server->handlers = handler;
	return 0;
}

int http_server_handle(
	struct http_server *server, const char *path, http_handler_fn *handler, void *arg)
{
	return add_handler(server, path, &(struct http_handler){.call = handler, .arg = arg});
}

int http_server_stream(
	struct http_server *server, const char *path, const struct http_stream_ops *ops, void *arg)
{
	return add_handler(server, path, &(struct http_handler){.stream = ops, .arg = arg});
}

void http_answer_text(struct http_answer *answer, int status, const char *fmt, ...)
{
	char *body = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&body, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;   /* no memory: the status stays 0, and 500 is answered */
	body[len] = '\n'; /* in place of its NUL: the length counts */
	http_answer_body(answer, status, "text/plain; charset=utf-8", body, (size_t)len + 1);
}

void http_answer_body(
	struct http_answer *answer, int status, const char *content_type, char *body, size_t len)
{
	free(answer->body);
	*answer = (struct http_answer){
		.status = status,
		.content_type = content_type,
		.body = body,
		.len = len,
	};
}

/* --- requests ------------------------------------------------------------- */

static void refuse(
	struct http_connection *connection, int status, const char *allow, const char *why)
{
	struct http_reply reply;

	http_reply_begin(&reply, status);
	if (allow)
		http_reply_field(&reply, "Allow", "%s", allow);
	http_connection_send_text(connection, &reply, why);
}

static void call_handler(struct http_connection *connection, const struct http_handler *handler,
	const struct http_ask *ask)
{
	struct http_answer answer = {.status = 0};
	struct http_reply reply;

	handler->call(handler->arg, ask, &answer);
	if (answer.status == 0) {
		refuse(connection, 500, NULL,
			"this server has no answer; its log may have the reason");
		return;
	}
	http_reply_begin(&reply, answer.status);
	http_reply_field(&reply, "Content-Type", "%s", answer.content_type);
	http_reply_field(&reply, "Cache-Control", "no-store");
	if (answer.allow)
		http_reply_field(&reply, "Allow", "%s", answer.allow);
	if (answer.policy)
		http_reply_field(&reply, "Content-Security-Policy", "%s", answer.policy);
	http_connection_send(connection, &reply, answer.body, answer.len);
	free(answer.body);
}

static void open_stream(struct http_connection *connection, const struct http_handler *handler,
	const struct http_ask *ask)
{
	struct http_stream *stream;
	struct http_reply reply;

	if (ask->method != HTTP_GET) {
		refuse(connection, 405, "GET", "a stream can only be read: GET");
		return;
	}
	stream = malloc(sizeof(*stream));
	if (!stream) {
		refuse(connection, 503, NULL, "out of memory");
		return;
	}
	*stream = (struct http_stream){connection, handler};
	connection->reply_data = stream;
	http_reply_begin(&reply, 200);
	http_reply_field(&reply, "Content-Type", "%s", handler->stream->content_type);
	http_reply_field(&reply, "Cache-Control", "no-store");
	http_reply_field(&reply, "X-Accel-Buffering", "no"); /* a proxy passes it on at once */
	http_connection_begin_stream(connection, &reply);
	handler->stream->opened(handler->arg, stream, ask);
}

int http_stream_send(struct http_stream *stream, const char *text, size_t len)
{
	return http_connection_stream(stream->connection, text, len, HTTP_STREAM_MAX);
}

static void to_handler(struct http_connection *connection, const struct http_handler *handler,
	const struct http_request *request, const char *body)
{
	struct http_query query;
	struct http_ask ask = {
		.method = request->method,
		.path = handler->path,
		.query = &query,
		.client = connection->client,
		.body = body,
		.body_len = (size_t)request->body_len,
		.last_event_id = request->last_event_id,
	};

	if (http_query_parse(&query, request->target.query) < 0)
		refuse(connection, 400, NULL, "the query is malformed");
	else if (handler->stream)
		open_stream(connection, handler, &ask);
	else
		call_handler(connection, handler, &ask);
}

/* The names are configured, so a wrong one in a monitoring system must be easy to find. */
static void refuse_host(struct http_server *server, struct http_connection *connection,
	const struct http_request *request)
{
	char text[INET6_ADDRSTRLEN];

	log_limited(&server->host_limit, LOG_LEVEL_WARNING,
		"%s: request from %s refused: Host \"%.100s\" is not a name of this server; if it "
		"is, add it to `names`",
		server->options.service,
		inet_ntop(AF_INET6, &connection->client, text, sizeof(text)), request->host);
	refuse(connection, 421, NULL,
		"this server answers only to its addresses and its own names, which the setting "
		"\"names\" adds to");
}

static void dispatch(struct http_server *server, struct http_connection *connection,
	const struct http_request *request, const char *body)
{
	const struct http_handler *handler = find_handler(server, request->target.path);
	const struct http_options *options = &server->options;

	connection->client = connection->peer;
	if (options->is_proxy && !http_client_behind(request->forwarded_for, options->is_proxy,
					 options->is_proxy_arg, &connection->client))
		refuse(connection, 400, NULL, "X-Forwarded-For names no IPv6 address");
	else if (server->own_name &&
		 !http_host_is_own(request->host, (const char *const *)server->own_name))
		refuse_host(server, connection, request);
	else if (handler)
		to_handler(connection, handler, request, body);
	else if (server->fallback)
		server->fallback->request(server->fallback_arg, connection, request);
	else
		refuse(connection, 404, NULL, "there is nothing of this name");
}

static void requested(void *arg, struct http_connection *connection,
	const struct http_request *request, const char *body, int status, const char *why)
{
	struct http_server *server = arg;

	server->requests++;
	connection->reply_data = NULL;
	if (status)
		refuse(connection, status, status == 405 ? "GET, HEAD, POST" : NULL, why);
	else
		dispatch(server, connection, request, body);
	if (!connection->is_deferred)
		server->refused += connection->reply_status >= 400;
}

static void end_reply(
	struct http_server *server, struct http_connection *connection, const char *error)
{
	if (connection->is_deferred)
		server->refused += connection->reply_status >= 400;
	connection->is_deferred = false;
	if (connection->reply_data)
		server->fallback->ended(server->fallback_arg, connection, error);
	connection->reply_data = NULL;
}

static void sent(void *arg, struct http_connection *connection)
{
	end_reply(arg, connection, NULL);
}

static void closed(void *arg, struct http_connection *connection, const char *why)
{
	struct http_stream *stream = connection->reply_data;

	if (connection->state != HTTP_STREAMING) {
		end_reply(arg, connection, why);
		return;
	}
	stream->handler->stream->closed(stream->handler->arg, stream, connection->ended_by_us);
	free(stream);
}

static const struct http_clients_ops client_ops = {requested, sent, closed};

/* --- life ------------------------------------------------------------------ */

static unsigned or_default(unsigned value, unsigned otherwise)
{
	return value ? value : otherwise;
}

struct http_server *http_server_new(struct loop *loop, const struct http_options *options)
{
	struct http_server *server = calloc(1, sizeof(*server));
	struct http_limits limits = {
		.service = options->service ? options->service : "HTTP",
		.connections_max = or_default(options->connections_max, CONNECTIONS_MAX),
		.connections_per_client =
			or_default(options->connections_per_client, CONNECTIONS_PER_CLIENT),
		.is_proxy = options->is_proxy,
		.is_proxy_arg = options->is_proxy_arg,
		.patience = {.idle_ms = or_default(options->idle_ms, IDLE_MS),
			.stall_ms = or_default(options->stall_ms, STALL_MS),
			.least_rate = or_default(options->least_rate, LEAST_RATE)},
	};

	if (!server)
		return NULL;
	server->options = *options;
	server->options.service = limits.service;
	if (options->own_names_only)
		server->own_name = http_own_names_new(options->name, options->names);
	if (server->own_name || !options->own_names_only)
		server->clients = http_clients_new(loop, &limits, &client_ops, server);
	if (server->clients)
		return server;
	http_server_free(server);
	return NULL;
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	http_clients_free(server->clients);
	while (server->handlers) {
		struct http_handler *handler = server->handlers;

		server->handlers = handler->next;
		free(handler->path);
		free(handler);
	}
	http_own_names_free(server->own_name);
	free(server);
}

void http_server_set_fallback(
	struct http_server *server, const struct http_fallback *fallback, void *arg)
{
	server->fallback = fallback;
	server->fallback_arg = arg;
}

static int listen_fd(struct http_server *server, int fd, const struct http_transport *transport)
{
	int on = 1, error = 0;

	/* Accepted sockets inherit it: the end of a file must not wait for an ACK. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 || listen(fd, BACKLOG) < 0)
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	return http_clients_accept_from(server->clients, fd, transport);
}

int http_server_listen_fd(struct http_server *server, int fd)
{
	return listen_fd(server, fd, NULL);
}

int http_server_listen_secure(struct http_server *server, const struct sockaddr_in6 *at,
	const struct http_transport *transport)
{
	int fd = listener_open_tcp(at, BACKLOG);

	return fd < 0 ? fd : listen_fd(server, fd, transport);
}

int http_server_listen(struct http_server *server, const struct sockaddr_in6 *at)
{
	return http_server_listen_secure(server, at, NULL);
}

void http_server_get_stats(const struct http_server *server, struct http_stats *out)
{
	const struct http_clients_stats *clients = http_clients_stats(server->clients);

	*out = (struct http_stats){.connections = clients->connections,
		.accepted = clients->accepted,
		.requests = server->requests,
		.refused = server->refused,
		.limited = clients->limited,
		.idled = clients->idled,
		.waited = clients->waited};
}
