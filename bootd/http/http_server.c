/* SPDX-License-Identifier: ISC */
/*
 * The HTTP server: accepts connections within its limits, finds who answers each request, and
 * reports the fetches of files.
 *
 *	accept -> limits -> http_connection -> request -> handler of this path? -> handler
 *	                                               -> else                  -> http_file
 *	       <- reply sent, or connection closed: the fetch is over <-
 *
 * Connections are in two lists: idle ones, which wait for a request, in the order in which their
 * waiting began; and busy ones. If there is no room for a new connection, the one that has been
 * idle longest makes room for it, so idle connections keep nobody out.
 */
#include "bootd/http/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bootd/http/http_connection.h"
#include "bootd/http/http_file.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "util/hash_table.h"

enum {
	LISTENERS_MAX = 16,
	BACKLOG = 1024,
	SWEEP_MS = 1000,
	IDLE_LEAST_MS = 1000, /* a connection this young does not make room for another one */
	CONNECTIONS_MAX = 4000,
	CONNECTIONS_PER_CLIENT = 64,
	IDLE_MS = 20000,
	STALL_MS = 60000,
	LEAST_RATE = 1024,
	CLIENTS_FIRST = 256,
};

struct http_handler {
	struct http_handler *next;
	char *path;
	http_handler_fn *call; /* or */
	const struct http_stream_ops *stream;
	void *arg;
};

/* A client with its open connections. */
struct http_client {
	struct hash_node by_address;
	struct in6_addr address;
	unsigned connections;
};

struct http_stream {
	struct http_connection *connection;
	const struct http_handler *handler;
};

/* A fetch of a file that is being sent. */
struct http_fetch {
	uint64_t bytes, size, started_ms;
	char path[];
};

/* What the server keeps for a connection. */
struct http_session {
	struct http_client *client;
	struct http_fetch *fetch;   /* NULL: none */
	struct http_stream *stream; /* NULL: none */
	bool is_idle;               /* which of the two lists it is in */
};

struct connection_list {
	struct http_connection *first, *last;
};

struct http_server {
	struct loop *loop;
	const struct boot_files *files;
	struct http_options options;
	struct http_patience patience;
	struct http_stats stats;
	struct hash_table clients;
	struct connection_list idle, busy;
	struct loop_timer *sweep;
	struct listener *listener[LISTENERS_MAX];
	size_t listeners;
	bool is_full, stopping;
	struct log_limit full_limit, client_limit;
	struct http_handler *handlers;
};

/* --- fetches ------------------------------------------------------------- */

static void report(struct http_server *server, enum fetch_outcome outcome,
	const struct http_connection *connection, const char *path, uint64_t bytes, uint64_t size,
	uint64_t duration_ms, const char *error)
{
	struct fetch_event event = {
		.kind = FETCH_HTTP,
		.outcome = outcome,
		.peer = connection->peer,
		.path = path,
		.bytes = bytes,
		.size = size,
		.duration_ms = duration_ms,
		.error = error,
	};

	boot_files_report(server->files, &event);
}

static void begin_fetch(struct http_server *server, struct http_connection *connection,
	const struct http_request *request, const struct http_file_answer *answer)
{
	struct http_session *session = connection->owner_data;
	const char *path = request->target.path;

	if (answer->status >= 400) {
		server->stats.failed++;
		server->stats.refused++;
		report(server, FETCH_FAILED, connection, path, 0, answer->size, 0, answer->why);
	} else if (request->method == HTTP_HEAD || answer->status == 304) {
		server->stats.probed++;
		report(server, FETCH_PROBED, connection, path, 0, answer->size, 0, NULL);
	} else {
		server->stats.started++;
		report(server, FETCH_STARTED, connection, path, 0, answer->size, 0, NULL);
		session->fetch = malloc(sizeof(*session->fetch) + strlen(path) + 1);
		if (!session->fetch)
			return; /* its end is not reported */
		*session->fetch = (struct http_fetch){answer->bytes, answer->size, loop_now_ms()};
		strcpy(session->fetch->path, path);
	}
}

static void end_fetch(
	struct http_server *server, struct http_connection *connection, const char *error)
{
	struct http_session *session = connection->owner_data;
	struct http_fetch *fetch = session->fetch;
	uint64_t unsent = http_connection_unsent(connection);

	if (!fetch)
		return;
	session->fetch = NULL;
	if (error)
		fetch->bytes -= unsent < fetch->bytes ? unsent : fetch->bytes;
	server->stats.bytes += fetch->bytes;
	if (error)
		server->stats.failed++;
	else
		server->stats.done++;
	report(server, error ? FETCH_FAILED : FETCH_DONE, connection, fetch->path, fetch->bytes,
		fetch->size, loop_now_ms() - fetch->started_ms, error);
	free(fetch);
}

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
	struct http_handler what = {.call = handler, .arg = arg};

	return add_handler(server, path, &what);
}

int http_server_stream(
	struct http_server *server, const char *path, const struct http_stream_ops *ops, void *arg)
{
	struct http_handler what = {.stream = ops, .arg = arg};

	return add_handler(server, path, &what);
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

static void refuse(struct http_server *server, struct http_connection *connection, int status,
	const char *allow, const char *why)
{
	struct http_reply reply;

	server->stats.refused++;
	http_reply_begin(&reply, status);
	if (allow)
		http_reply_field(&reply, "Allow", "%s", allow);
	http_connection_send_text(connection, &reply, why);
}

static void call_handler(struct http_server *server, struct http_connection *connection,
	const struct http_handler *handler, const struct http_ask *ask)
{
	struct http_answer answer = {.status = 0};
	struct http_reply reply;

	handler->call(handler->arg, ask, &answer);
	if (answer.status == 0) {
		refuse(server, connection, 500, NULL, "there is no answer; the log may say why");
		return;
	}
	server->stats.refused += answer.status >= 400;
	http_reply_begin(&reply, answer.status);
	http_reply_field(&reply, "Content-Type", "%s", answer.content_type);
	http_reply_field(&reply, "Cache-Control", "no-store");
	if (answer.policy)
		http_reply_field(&reply, "Content-Security-Policy", "%s", answer.policy);
	http_connection_send(connection, &reply, answer.body, answer.len);
	free(answer.body);
}

static void open_stream(struct http_server *server, struct http_connection *connection,
	const struct http_handler *handler, const struct http_ask *ask)
{
	struct http_session *session = connection->owner_data;
	struct http_stream *stream;
	struct http_reply reply;

	if (ask->method != HTTP_GET) {
		refuse(server, connection, 405, "GET", "a stream can only be read: GET");
		return;
	}
	stream = malloc(sizeof(*stream));
	if (!stream) {
		refuse(server, connection, 503, NULL, "out of memory");
		return;
	}
	*stream = (struct http_stream){connection, handler};
	session->stream = stream;
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

static void to_handler(struct http_server *server, struct http_connection *connection,
	const struct http_handler *handler, const struct http_request *request, const char *body)
{
	struct http_query query;
	struct http_ask ask = {
		.method = request->method,
		.path = handler->path,
		.query = &query,
		.peer = connection->peer,
		.body = body,
		.body_len = (size_t)request->body_len,
		.last_event_id = request->last_event_id,
	};

	if (http_query_parse(&query, request->target.query) < 0)
		refuse(server, connection, 400, NULL, "the query is malformed");
	else if (handler->stream)
		open_stream(server, connection, handler, &ask);
	else
		call_handler(server, connection, handler, &ask);
}

static void to_file(struct http_server *server, struct http_connection *connection,
	const struct http_request *request)
{
	struct http_file_answer answer;

	if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
		refuse(server, connection, 405, "GET, HEAD", "files are only read: GET or HEAD");
		return;
	}
	http_file_answer(connection, request, server->files, &answer);
	begin_fetch(server, connection, request, &answer);
}

static void requested(void *arg, struct http_connection *connection,
	const struct http_request *request, const char *body, int status, const char *why)
{
	struct http_server *server = arg;
	const struct http_handler *handler;

	server->stats.requests++;
	if (status) {
		refuse(server, connection, status, status == 405 ? "GET, HEAD, POST" : NULL, why);
		return;
	}
	if (server->options.own_names_only &&
		!http_host_is_own(request->host, server->options.name)) {
		refuse(server, connection, 421, NULL,
			"this server answers only to its addresses and its own names");
		return;
	}
	handler = find_handler(server, request->target.path);
	if (handler)
		to_handler(server, connection, handler, request, body);
	else if (server->files)
		to_file(server, connection, request);
	else
		refuse(server, connection, 404, NULL, "there is nothing of this name");
}

static void sent(void *arg, struct http_connection *connection)
{
	end_fetch(arg, connection, NULL);
}

/* --- connections ---------------------------------------------------------- */

static void list_add(struct connection_list *list, struct http_connection *connection)
{
	connection->next = NULL;
	connection->before = list->last;
	if (list->last)
		list->last->next = connection;
	else
		list->first = connection;
	list->last = connection;
}

static void list_remove(struct connection_list *list, struct http_connection *connection)
{
	if (connection->before)
		connection->before->next = connection->next;
	else
		list->first = connection->next;
	if (connection->next)
		connection->next->before = connection->before;
	else
		list->last = connection->before;
}

static struct connection_list *list_of(
	struct http_server *server, const struct http_session *session)
{
	return session->is_idle ? &server->idle : &server->busy;
}

static void moved(void *arg, struct http_connection *connection)
{
	struct http_server *server = arg;
	struct http_session *session = connection->owner_data;

	list_remove(list_of(server, session), connection);
	session->is_idle = connection->state == HTTP_READING;
	list_add(list_of(server, session), connection);
}

static void set_full(struct http_server *server, bool is_full)
{
	if (server->is_full == is_full)
		return;
	server->is_full = is_full;
	server->stats.waited += is_full;
	for (size_t i = 0; i < server->listeners; i++)
		listener_pause(server->listener[i], is_full);
}

static void closed(void *arg, struct http_connection *connection, const char *why)
{
	struct http_server *server = arg;
	struct http_session *session = connection->owner_data;

	end_fetch(server, connection, server->stopping ? "the server was stopped" : why);
	if (session->stream) {
		const struct http_handler *handler = session->stream->handler;

		handler->stream->closed(handler->arg, session->stream, connection->ended_by_us);
		free(session->stream);
	}
	list_remove(list_of(server, session), connection);
	if (--session->client->connections == 0) {
		hash_table_remove(&server->clients, &session->client->by_address);
		free(session->client);
	}
	free(session);
	server->stats.connections--;
	if (!server->stopping)
		set_full(server, false);
}

static const struct http_connection_ops connection_ops = {requested, sent, closed, moved};

static struct http_client *find_client(struct http_server *server, const struct in6_addr *address)
{
	uint64_t hash = hash_table_hash(&server->clients, address, sizeof(*address));
	struct http_client *client;
	struct hash_node *node;

	hash_table_each(node, &server->clients, hash)
	{
		client = hash_entry(node, struct http_client, by_address);
		if (IN6_ARE_ADDR_EQUAL(&client->address, address))
			return client;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->address = *address;
	hash_table_insert(&server->clients, &client->by_address, hash);
	return client;
}

static void drop_late(
	struct http_server *server, struct http_connection *connection, const char *why)
{
	connection->ended_by_us = true;
	server->stats.idled++;
	http_connection_close(connection, why);
}

/* Room for one more: the connection that has been idle longest goes, unless all are young. */
static bool make_room(struct http_server *server)
{
	struct http_connection *oldest = server->idle.first;

	if (server->stats.connections < server->options.connections_max)
		return true;
	if (!oldest || loop_now_ms() - oldest->since_ms < IDLE_LEAST_MS)
		return false;
	drop_late(server, oldest, "it made room for another connection");
	return true;
}

static void refuse_connection(int fd)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
				   "Retry-After: 5\r\nContent-Length: 0\r\n\r\n";

	/* What does not fit in an empty send buffer does not matter: the connection is closed. */
	(void)!send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
	close(fd);
}

static void enter(struct http_server *server, int fd, struct http_client *client)
{
	struct http_session *session = calloc(1, sizeof(*session));
	struct http_connection *connection =
		session ? http_connection_new(
				  server->loop, fd, &client->address, &connection_ops, server)
			: NULL;

	if (!session)
		close(fd);
	if (!connection) {
		free(session);
		if (client->connections == 0) {
			hash_table_remove(&server->clients, &client->by_address);
			free(client);
		}
		return;
	}
	client->connections++;
	*session = (struct http_session){.client = client, .is_idle = true};
	connection->owner_data = session;
	list_add(&server->idle, connection);
	if (server->stats.connections++ == 0)
		loop_timer_arm(server->sweep, SWEEP_MS);
	server->stats.accepted++;
}

static void accepted(void *arg, int fd, const struct sockaddr_in6 *peer)
{
	struct http_server *server = arg;
	/* First: the connection that it drops may be the last one of this client. */
	bool has_room = make_room(server);
	struct http_client *client = find_client(server, &peer->sin6_addr);

	if (!client) {
		close(fd);
		return;
	}
	if (client->connections >= server->options.connections_per_client) {
		char text[INET6_ADDRSTRLEN];

		server->stats.limited++;
		log_limited(&server->client_limit, LOG_LEVEL_WARNING,
			"HTTP: %s has %u connections open: more are refused "
			"(connections-per-client)",
			inet_ntop(AF_INET6, &client->address, text, sizeof(text)),
			client->connections);
		refuse_connection(fd);
		return;
	}
	if (!has_room) { /* it was accepted before the listeners paused */
		refuse_connection(fd);
		if (client->connections == 0) {
			hash_table_remove(&server->clients, &client->by_address);
			free(client);
		}
		return;
	}
	enter(server, fd, client);
	if (server->stats.connections >= server->options.connections_max && !make_room(server)) {
		log_limited(&server->full_limit, LOG_LEVEL_WARNING,
			"HTTP: %u connections are open and busy: new ones wait (connections-max)",
			server->options.connections_max);
		set_full(server, true);
	}
}

static void sweep(void *arg)
{
	struct http_server *server = arg;
	uint64_t now_ms = loop_now_ms();
	struct http_connection *next;
	const char *why;

	while (server->idle.first &&
		(why = http_connection_is_late(server->idle.first, &server->patience, now_ms)))
		drop_late(server, server->idle.first, why);
	for (struct http_connection *c = server->busy.first; c; c = next) {
		next = c->next;
		why = http_connection_is_late(c, &server->patience, now_ms);
		if (why && c->state == HTTP_LINGERING)
			http_connection_close(c, why);
		else if (why)
			drop_late(server, c, why);
	}
	/* An idle connection that was too young to make room may be old enough by now. */
	if (server->is_full && make_room(server))
		set_full(server, false);
	if (server->stats.connections > 0)
		loop_timer_arm(server->sweep, SWEEP_MS);
}

/* --- life ------------------------------------------------------------------ */

static unsigned or_default(unsigned value, unsigned otherwise)
{
	return value ? value : otherwise;
}

/* A connection needs a descriptor, and another one for its file. */
static unsigned connections_that_fit(unsigned wanted)
{
	struct rlimit limit;
	rlim_t fit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return wanted;
	fit = limit.rlim_cur / 2 > 32 ? limit.rlim_cur / 2 - 16 : limit.rlim_cur / 4;
	return fit < 1 ? 1 : wanted < fit ? wanted : (unsigned)fit;
}

struct http_server *http_server_new(
	struct loop *loop, const struct boot_files *files, const struct http_options *options)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->loop = loop;
	server->files = files;
	server->options = *options;
	server->options.connections_max =
		connections_that_fit(or_default(options->connections_max, CONNECTIONS_MAX));
	server->options.connections_per_client =
		or_default(options->connections_per_client, CONNECTIONS_PER_CLIENT);
	server->patience = (struct http_patience){
		.idle_ms = or_default(options->idle_ms, IDLE_MS),
		.stall_ms = or_default(options->stall_ms, STALL_MS),
		.least_rate = or_default(options->least_rate, LEAST_RATE),
	};
	server->sweep = loop_timer_new(loop, sweep, server);
	if (!server->sweep || hash_table_init(&server->clients, CLIENTS_FIRST) < 0) {
		http_server_free(server);
		return NULL;
	}
	return server;
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	server->stopping = true;
	for (size_t i = 0; i < server->listeners; i++)
		listener_free(server->listener[i]);
	while (server->idle.first)
		http_connection_close(server->idle.first, "the server was stopped");
	while (server->busy.first)
		http_connection_close(server->busy.first, "the server was stopped");
	while (server->handlers) {
		struct http_handler *handler = server->handlers;

		server->handlers = handler->next;
		free(handler->path);
		free(handler);
	}
	hash_table_fini(&server->clients);
	loop_timer_free(server->sweep);
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
			      fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ||
			      listen(fd, BACKLOG) < 0))
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	error = listener_new(
		&server->listener[server->listeners], server->loop, fd, "HTTP", accepted, server);
	server->listeners += error == 0;
	return error;
}

void http_server_get_stats(const struct http_server *server, struct http_stats *out)
{
	*out = server->stats;
}
