/* SPDX-License-Identifier: ISC */
/*
 * Connections are in two lists: idle ones, which wait for a request, in the order in which their
 * waiting began; and busy ones. A client is an address with its number of connections; it is
 * forgotten with its last connection.
 *
 *	accepted -> room in all? -> the client's limit? -> http_connection -> idle <-> busy
 *	                |                                                       |
 *	                +- no: the oldest idle one is closed,         late or left: closed
 *	                   or the listeners pause
 */
#include "http/http_clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "util/hash_table.h"

enum {
	LISTENERS_MAX = 32,
	SWEEP_MS = 1000,
	IDLE_LEAST_MS = 1000, /* a connection this young does not make room for another one */
	CLIENTS_FIRST = 256,
};

/* A client with its open connections. */
struct http_client {
	struct hash_node by_address;
	struct in6_addr address;
	unsigned connections;
};

/* owner_data of a connection. */
struct session {
	struct http_client *client;
	bool is_idle; /* which of the two lists it is in */
};

struct connection_list {
	struct http_connection *first, *last;
};

/* A listening socket, and the transport of its connections. */
struct entrance {
	struct http_clients *clients;
	struct listener *listener;
	struct http_transport transport;
};

struct http_clients {
	struct loop *loop;
	struct http_limits limits;
	const struct http_clients_ops *ops;
	void *arg;
	struct http_clients_stats stats;
	struct hash_table by_address;
	struct connection_list idle, busy;
	struct loop_timer *sweep;
	struct entrance entrance[LISTENERS_MAX];
	size_t entrances;
	bool is_full, stopping;
	struct log_limit full_limit, client_limit;
};

/* --- lists ------------------------------------------------------------------ */

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

static struct connection_list *list_of(struct http_clients *clients, const struct session *session)
{
	return session->is_idle ? &clients->idle : &clients->busy;
}

/* --- clients ---------------------------------------------------------------- */

static struct http_client *find_client(struct http_clients *clients, const struct in6_addr *address)
{
	uint64_t hash = hash_table_hash(&clients->by_address, address, sizeof(*address));
	struct http_client *client;
	struct hash_node *node;

	hash_table_each(node, &clients->by_address, hash)
	{
		client = hash_entry(node, struct http_client, by_address);
		if (IN6_ARE_ADDR_EQUAL(&client->address, address))
			return client;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->address = *address;
	hash_table_insert(&clients->by_address, &client->by_address, hash);
	return client;
}

static void forget_if_unused(struct http_clients *clients, struct http_client *client)
{
	if (client->connections > 0)
		return;
	hash_table_remove(&clients->by_address, &client->by_address);
	free(client);
}

/* --- the end of connections ------------------------------------------------- */

static void drop_late(
	struct http_clients *clients, struct http_connection *connection, const char *why)
{
	connection->ended_by_us = true;
	clients->stats.idled++;
	http_connection_close(connection, why);
}

/* Room for one more: the connection that has been idle longest goes, unless all are young. */
static bool make_room(struct http_clients *clients)
{
	struct http_connection *oldest = clients->idle.first;

	if (clients->stats.connections < clients->limits.connections_max)
		return true;
	if (!oldest || loop_now_ms() - oldest->since_ms < IDLE_LEAST_MS)
		return false;
	drop_late(clients, oldest, "it made room for another connection");
	return true;
}

static void set_full(struct http_clients *clients, bool is_full)
{
	if (clients->is_full == is_full)
		return;
	clients->is_full = is_full;
	clients->stats.waited += is_full;
	for (size_t i = 0; i < clients->entrances; i++)
		listener_pause(clients->entrance[i].listener, is_full);
}

static void sweep(void *arg)
{
	struct http_clients *clients = arg;
	const struct http_patience *patience = &clients->limits.patience;
	uint64_t now_ms = loop_now_ms();
	struct http_connection *next;
	const char *why;

	while (clients->idle.first &&
		(why = http_patience_is_over(clients->idle.first, patience, now_ms)))
		drop_late(clients, clients->idle.first, why);
	for (struct http_connection *c = clients->busy.first; c; c = next) {
		next = c->next;
		why = http_patience_is_over(c, patience, now_ms);
		if (why && c->state == HTTP_LINGERING)
			http_connection_close(c, why);
		else if (why)
			drop_late(clients, c, why);
	}
	/* An idle connection that was too young to make room may be old enough by now. */
	if (clients->is_full && make_room(clients))
		set_full(clients, false);
	if (clients->stats.connections > 0)
		loop_timer_arm(clients->sweep, SWEEP_MS);
}

/* --- a connection's events --------------------------------------------------- */

static void requested(void *arg, struct http_connection *connection,
	const struct http_request *request, const char *body, int status, const char *why)
{
	struct http_clients *clients = arg;

	clients->ops->request(clients->arg, connection, request, body, status, why);
}

static void sent(void *arg, struct http_connection *connection)
{
	struct http_clients *clients = arg;

	clients->ops->sent(clients->arg, connection);
}

static void moved(void *arg, struct http_connection *connection)
{
	struct http_clients *clients = arg;
	struct session *session = connection->owner_data;

	list_remove(list_of(clients, session), connection);
	session->is_idle = connection->state == HTTP_READING;
	list_add(list_of(clients, session), connection);
}

static void closed(void *arg, struct http_connection *connection, const char *why)
{
	struct http_clients *clients = arg;
	struct session *session = connection->owner_data;

	clients->ops->closed(clients->arg, connection, why);
	list_remove(list_of(clients, session), connection);
	session->client->connections--;
	forget_if_unused(clients, session->client);
	free(session);
	clients->stats.connections--;
	if (!clients->stopping)
		set_full(clients, false);
}

static const struct http_connection_ops connection_ops = {requested, sent, closed, moved};

/* --- new connections --------------------------------------------------------- */

/* Without a handshake there is nothing that a client of a secure transport would understand. */
static void refuse_connection(const struct entrance *entrance, int fd)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
				   "Retry-After: 5\r\nContent-Length: 0\r\n\r\n";

	/* What does not fit in an empty send buffer does not matter: the connection is closed. */
	if (!entrance->transport.ops)
		(void)!send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
	close(fd);
}

static void enter(const struct entrance *entrance, int fd, struct http_client *client)
{
	struct http_clients *clients = entrance->clients;
	struct session *session = calloc(1, sizeof(*session));
	struct http_connection *connection =
		session ? http_connection_new(clients->loop, fd, &client->address,
				  &entrance->transport, &connection_ops, clients)
			: NULL;

	if (!session)
		close(fd);
	if (!connection) {
		free(session);
		forget_if_unused(clients, client);
		return;
	}
	client->connections++;
	*session = (struct session){.client = client, .is_idle = true};
	connection->owner_data = session;
	list_add(&clients->idle, connection);
	if (clients->stats.connections++ == 0)
		loop_timer_arm(clients->sweep, SWEEP_MS);
	clients->stats.accepted++;
}

static void refuse_greedy(const struct entrance *entrance, int fd, const struct http_client *client)
{
	struct http_clients *clients = entrance->clients;
	char text[INET6_ADDRSTRLEN];

	clients->stats.limited++;
	log_limited(&clients->client_limit, LOG_LEVEL_WARNING,
		"%s: %s has %u connections open: more are refused (connections-per-client)",
		clients->limits.service, inet_ntop(AF_INET6, &client->address, text, sizeof(text)),
		client->connections);
	refuse_connection(entrance, fd);
}

static bool is_proxy(const struct http_limits *limits, const struct in6_addr *peer)
{
	return limits->is_proxy && limits->is_proxy(limits->is_proxy_arg, peer);
}

static void accepted(void *arg, int fd, const struct sockaddr_in6 *peer)
{
	const struct entrance *entrance = arg;
	struct http_clients *clients = entrance->clients;
	/* First: the connection that it drops may be the last one of this client. */
	bool has_room = make_room(clients);
	struct http_client *client = find_client(clients, &peer->sin6_addr);

	if (!client) {
		close(fd);
		return;
	}
	if (client->connections >= clients->limits.connections_per_client &&
		!is_proxy(&clients->limits, &peer->sin6_addr)) {
		refuse_greedy(entrance, fd, client);
		return;
	}
	if (!has_room) { /* it was accepted before the listeners paused */
		refuse_connection(entrance, fd);
		forget_if_unused(clients, client);
		return;
	}
	enter(entrance, fd, client);
	if (clients->stats.connections >= clients->limits.connections_max && !make_room(clients)) {
		log_limited(&clients->full_limit, LOG_LEVEL_WARNING,
			"%s: %u connections are open and busy: new ones wait (connections)",
			clients->limits.service, clients->limits.connections_max);
		set_full(clients, true);
	}
}

int http_clients_accept_from(
	struct http_clients *clients, int fd, const struct http_transport *transport)
{
	struct entrance *entrance = &clients->entrance[clients->entrances];
	int rc;

	if (clients->entrances == LISTENERS_MAX) {
		close(fd);
		return -ENOSPC;
	}
	*entrance = (struct entrance){.clients = clients};
	if (transport)
		entrance->transport = *transport;
	rc = listener_new(&entrance->listener, clients->loop, fd, clients->limits.service, accepted,
		entrance);
	clients->entrances += rc == 0;
	return rc;
}

/* --- life -------------------------------------------------------------------- */

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

struct http_clients *http_clients_new(struct loop *loop, const struct http_limits *limits,
	const struct http_clients_ops *ops, void *arg)
{
	struct http_clients *clients = calloc(1, sizeof(*clients));

	if (!clients)
		return NULL;
	*clients = (struct http_clients){.loop = loop, .limits = *limits, .ops = ops, .arg = arg};
	clients->limits.connections_max = connections_that_fit(limits->connections_max);
	clients->sweep = loop_timer_new(loop, sweep, clients);
	if (!clients->sweep || hash_table_init(&clients->by_address, CLIENTS_FIRST) < 0) {
		http_clients_free(clients);
		return NULL;
	}
	return clients;
}

void http_clients_free(struct http_clients *clients)
{
	if (!clients)
		return;
	clients->stopping = true;
	for (size_t i = 0; i < clients->entrances; i++)
		listener_free(clients->entrance[i].listener);
	while (clients->idle.first)
		http_connection_close(clients->idle.first, "the server was stopped");
	while (clients->busy.first)
		http_connection_close(clients->busy.first, "the server was stopped");
	hash_table_fini(&clients->by_address);
	loop_timer_free(clients->sweep);
	free(clients);
}

const struct http_clients_stats *http_clients_stats(const struct http_clients *clients)
{
	return &clients->stats;
}
