/* SPDX-License-Identifier: ISC */
/*
 * Bulk Leasequery by TCP (RFC 5460): accepts connections of allowed requestors, up to a limit, and
 * moves octets between each socket and its session (bulk_session.c), which reads the queries and
 * writes the answers. A connection that makes no progress is closed.
 */
#include "bootd/dhcp/bulk_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bootd/dhcp/bulk_session.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/loop.h"

enum { CONNECTIONS = 10, IDLE_MS = 300 * 1000, OUT_SIZE = 4 * BULK_ROOM };

struct connection {
	struct bulk_server *server;
	struct connection *next;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *idle;
	struct bulk_session session;
	bool is_closing; /* the requestor sends no more: answer its queries, then close */
	enum bulk_state state;
	size_t out_len, out_sent;
	uint8_t out[OUT_SIZE];
};

struct bulk_server {
	struct loop *loop;
	const struct exchange *exchange;
	struct bulk_options options;
	struct listener *listener;
	struct connection *first;
	struct bulk_counters counters;
};

static void hang_up(struct connection *c)
{
	struct connection **place = &c->server->first;

	while (*place != c)
		place = &(*place)->next;
	*place = c->next;
	c->server->counters.connections--;
	loop_watch_free(c->watch);
	loop_timer_free(c->idle);
	close(c->fd);
	free(c);
}

static void restart_idle_timer(struct connection *c)
{
	loop_timer_arm(c->idle, c->server->options.idle_ms);
}

static void on_idle(void *arg)
{
	struct connection *c = arg;

	c->server->counters.timed_out++;
	hang_up(c);
}

/* --- one connection --------------------------------------------------------------------- */

static bool has_room(const struct connection *c)
{
	return !c->is_closing && c->session.have < sizeof(c->session.in);
}

/* False if the connection is lost. */
static bool receive(struct connection *c)
{
	uint8_t octets[sizeof(c->session.in)];
	ssize_t n = recv(c->fd, octets, sizeof(c->session.in) - c->session.have, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->is_closing = n == 0;
	bulk_session_take(&c->session, octets, (size_t)n);
	return true;
}

static void answer(struct connection *c)
{
	struct wire_out out = wire_out_of(c->out, sizeof(c->out));
	struct bulk_counters *counters = &c->server->counters;
	uint64_t queries = c->session.queries, clients = c->session.clients;

	c->state = bulk_session_answer(&c->session, c->server->exchange, loop_now_ms(), &out);
	c->out_len = out.len;
	c->out_sent = 0;
	counters->queries += c->session.queries - queries;
	counters->clients += c->session.clients - clients;
	if (c->session.queries > queries)
		restart_idle_timer(c);
}

static bool transmit(struct connection *c)
{
	ssize_t n = send(c->fd, c->out + c->out_sent, c->out_len - c->out_sent, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->out_sent += (size_t)n;
	restart_idle_timer(c);
	return true;
}

/* One step per call, so that other events have their turn; the loop calls again for the rest. */
static void ready(int fd, int what, void *arg)
{
	struct connection *c = arg;
	bool is_fine = true;

	(void)fd;
	if ((what & LOOP_READ) && has_room(c))
		is_fine = receive(c);
	if (is_fine && c->out_sent == c->out_len)
		answer(c);
	if (is_fine && c->out_sent < c->out_len)
		is_fine = transmit(c);
	if (c->state == BULK_BROKEN)
		c->server->counters.broken++;
	if (!is_fine || c->state == BULK_BROKEN ||
		(c->is_closing && c->state == BULK_WAITS && c->out_sent == c->out_len)) {
		hang_up(c);
		return;
	}
	loop_watch_set(c->watch,
		(has_room(c) ? LOOP_READ : 0) |
			(c->out_sent < c->out_len || c->state == BULK_ANSWERS ? LOOP_WRITE : 0));
}

/* --- all connections ------------------------------------------------------------------------ */

static struct connection *connection_new(struct bulk_server *server, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->server = server;
	c->fd = fd;
	c->watch = loop_watch_new(server->loop, fd, LOOP_READ, ready, c);
	c->idle = loop_timer_new(server->loop, on_idle, c);
	if (c->watch && c->idle)
		return c;
	loop_watch_free(c->watch);
	loop_timer_free(c->idle);
	free(c);
	return NULL;
}

static void refuse(struct bulk_server *server, const struct in6_addr *peer, const char *why)
{
	static struct log_limit limit;
	char text[INET6_ADDRSTRLEN];

	server->counters.refused++;
	log_limited(&limit, LOG_LEVEL_NOTICE, "%s: Bulk Leasequery refused: %s",
		inet_ntop(AF_INET6, peer, text, sizeof(text)), why);
}

static bool admit(struct bulk_server *server, int fd, const struct in6_addr *peer)
{
	struct connection *c;

	if (!leasequery_is_allowed(server->exchange->config, peer)) {
		refuse(server, peer, "the address is not in the setting leasequery");
		return false;
	}
	if (server->counters.connections >= server->options.connections) {
		refuse(server, peer, "the limit of connections is reached");
		return false;
	}
	c = connection_new(server, fd);
	if (!c)
		return false;
	c->next = server->first;
	server->first = c;
	server->counters.connections++;
	server->counters.accepted++;
	restart_idle_timer(c);
	return true;
}

static void accept_one(void *arg, int fd, const struct sockaddr_in6 *peer)
{
	if (!admit(arg, fd, &peer->sin6_addr))
		close(fd);
}

int bulk_server_new(struct bulk_server **out, struct loop *loop, const struct exchange *exchange,
	const struct sockaddr_in6 *at, const struct bulk_options *options)
{
	struct bulk_server *server = calloc(1, sizeof(*server));
	int rc;

	*out = NULL;
	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->exchange = exchange;
	server->options = *options;
	if (!server->options.connections)
		server->options.connections = CONNECTIONS;
	if (!server->options.idle_ms)
		server->options.idle_ms = IDLE_MS;
	rc = listener_open_tcp(at, CONNECTIONS);
	if (rc >= 0)
		rc = listener_new(
			&server->listener, loop, rc, "leasequery by TCP", accept_one, server);
	if (rc < 0) {
		bulk_server_free(server);
		return rc;
	}
	*out = server;
	return 0;
}

void bulk_server_free(struct bulk_server *server)
{
	if (!server)
		return;
	while (server->first)
		hang_up(server->first);
	listener_free(server->listener);
	free(server);
}

const struct bulk_counters *bulk_server_counters(const struct bulk_server *server)
{
	return &server->counters;
}
