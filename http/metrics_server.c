/* SPDX-License-Identifier: ISC */
/*
 * The metrics are made when they are requested and sent as one reply. The server is that of
 * http_server.h with small limits: one path, few connections, and names of its own.
 */
#include "http/metrics_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "http/http_server.h"

/* A monitoring system has a few connections, and is done with each at once. */
enum { CONNECTIONS_MAX = 64, CONNECTIONS_PER_CLIENT = 16, IDLE_MS = 120000 };

struct metrics_server {
	struct http_server *http;
	metrics_fill_fn *fill;
	void *arg;
};

static void answer(void *arg, const struct http_ask *ask, struct http_answer *answer)
{
	struct metrics_server *server = arg;
	struct metrics m = {0};

	if (ask->method != HTTP_GET && ask->method != HTTP_HEAD) {
		http_answer_text(answer, 405, "metrics are only read: GET or HEAD");
		answer->allow = "GET, HEAD";
		return;
	}
	server->fill(server->arg, &m);
	if (m.failed) { /* the status stays 0, and 500 is answered */
		metrics_fini(&m);
		return;
	}
	http_answer_body(answer, 200, "text/plain; version=0.0.4; charset=utf-8", m.text, m.len);
}

static int open_server(
	struct metrics_server *server, struct loop *loop, const struct metrics_endpoint *at)
{
	struct http_options options = {.service = "metrics",
		.connections_max = CONNECTIONS_MAX,
		.connections_per_client = CONNECTIONS_PER_CLIENT,
		.idle_ms = IDLE_MS,
		.own_names_only = true,
		.name = at->name,
		.names = at->names};
	int rc;

	server->http = http_server_new(loop, &options);
	rc = server->http ? http_server_handle(server->http, "/metrics", answer, server) : -ENOMEM;
	return rc == 0 ? http_server_listen(server->http, &at->listen) : rc;
}

int metrics_server_new(struct metrics_server **out, struct loop *loop,
	const struct metrics_endpoint *at, metrics_fill_fn *fill, void *arg)
{
	struct metrics_server *server = calloc(1, sizeof(*server));
	char text[INET6_ADDRSTRLEN];
	int rc = -ENOMEM;

	*out = NULL;
	if (server) {
		*server = (struct metrics_server){.fill = fill, .arg = arg};
		rc = open_server(server, loop, at);
	}
	if (rc == 0) {
		*out = server;
		return 0;
	}
	metrics_server_free(server);
	log_error("metrics: cannot listen on [%s]:%u: %s; metrics are not served by HTTP",
		inet_ntop(AF_INET6, &at->listen.sin6_addr, text, sizeof(text)),
		ntohs(at->listen.sin6_port), strerror(-rc));
	return rc;
}

void metrics_server_free(struct metrics_server *server)
{
	if (!server)
		return;
	http_server_free(server->http);
	free(server);
}
