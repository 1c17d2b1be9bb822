/* SPDX-License-Identifier: ISC */
/*
 * Connections. They are ended by shutdown(2): evhttp then sees the end that a
 * client would have made, and cleans up in its own way.
 */
#include "bootd/http/http_connection.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct http_connection *http_connections_add(
	struct http_connections *all, struct bufferevent *bev, uint64_t now_ms)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	bufferevent_incref(bev);
	connection->bev = bev;
	connection->since_ms = now_ms;
	connection->next = all->first;
	all->first = connection;
	all->n++;
	return connection;
}

struct http_connection *http_connections_find(
	const struct http_connections *all, const struct bufferevent *bev)
{
	struct http_connection *connection = all->first;

	while (connection && connection->bev != bev)
		connection = connection->next;
	return connection;
}

/* evhttp's callbacks have its connection for argument, until it frees the bufferevent. */
struct evhttp_connection *http_connection_evhttp(const struct http_connection *connection)
{
	void *arg;

	bufferevent_getcb(connection->bev, NULL, NULL, NULL, &arg);
	return arg;
}

void http_connection_silence(struct http_connection *connection)
{
	bufferevent_disable(connection->bev, EV_READ | EV_WRITE);
}

size_t http_connection_unsent(const struct http_connection *connection)
{
	return evbuffer_get_length(bufferevent_get_output(connection->bev));
}

/* With what the kernel holds: a slow client drains that long before we may write again. */
static size_t queued_octets(const struct http_connection *connection)
{
	int in_kernel = 0;

	if (ioctl(bufferevent_getfd(connection->bev), SIOCOUTQ, &in_kernel) < 0)
		in_kernel = 0;
	return http_connection_unsent(connection) + (size_t)in_kernel;
}

static bool is_late(
	struct http_connection *connection, uint64_t idle_ms, uint64_t stall_ms, uint64_t now_ms)
{
	size_t queued;

	if (!connection->busy)
		return now_ms - connection->since_ms >= idle_ms;
	queued = queued_octets(connection);
	/* To a stream more is added all the time: only what gets less, or nothing, is progress. */
	if (connection->stream ? queued == 0 || queued < connection->queued
			       : queued != connection->queued) {
		connection->since_ms = now_ms;
	}
	connection->queued = queued;
	return now_ms - connection->since_ms >= stall_ms;
}

static void remove_at(struct http_connections *all, struct http_connection **link)
{
	struct http_connection *connection = *link;

	*link = connection->next;
	bufferevent_decref(connection->bev);
	free(connection);
	all->n--;
}

unsigned http_connections_sweep(
	struct http_connections *all, uint64_t idle_ms, uint64_t stall_ms, uint64_t now_ms)
{
	struct http_connection **link = &all->first;
	unsigned ended = 0;

	while (*link) {
		struct http_connection *connection = *link;

		if (!http_connection_evhttp(connection)) {
			remove_at(all, link);
			continue;
		}
		if (is_late(connection, idle_ms, stall_ms, now_ms)) {
			shutdown(bufferevent_getfd(connection->bev), SHUT_RDWR);
			connection->since_ms = now_ms;
			connection->ended = true;
			ended++;
		}
		link = &connection->next;
	}
	return ended;
}

void http_connections_fini(struct http_connections *all)
{
	while (all->first)
		remove_at(all, &all->first);
}

struct in6_addr http_connection_peer(const struct http_connection *connection)
{
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6};
	socklen_t len = sizeof(peer);

	if (getpeername(bufferevent_getfd(connection->bev), (struct sockaddr *)&peer, &len) < 0)
		return in6addr_any;
	return peer.sin6_addr;
}
