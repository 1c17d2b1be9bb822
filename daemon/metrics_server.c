/* SPDX-License-Identifier: ISC */
/*
 * libevent's evhttp as it is: what asks here is trusted to be few, and is given little time.
 */
#include "daemon/metrics_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/loop.h"

enum { TIMEOUT_S = 10, HEADERS_MAX = 8192, BODY_MAX = 0, BACKLOG = 16 };

struct metrics_server {
	struct evhttp *http;
	struct listener *listener;
	metrics_fill_fn *fill;
	void *arg;
};

static void answer(struct evhttp_request *request, void *arg)
{
	struct metrics_server *server = arg;
	struct evbuffer *body = evbuffer_new();
	struct metrics m = {0};

	server->fill(server->arg, &m);
	if (!body || m.failed || evbuffer_add(body, m.text, m.len) < 0) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
	} else {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			"text/plain; version=0.0.4; charset=utf-8");
		evhttp_send_reply(request, HTTP_OK, "OK", body);
	}
	if (body)
		evbuffer_free(body);
	metrics_fini(&m);
}

static int open_http(
	struct metrics_server *server, struct loop *loop, const struct sockaddr_in6 *at)
{
	int fd = listener_open_tcp(at, BACKLOG), rc;

	if (fd < 0)
		return fd;
	server->http = evhttp_new(loop_event_base(loop));
	if (!server->http) {
		close(fd);
		return -ENOMEM;
	}
	rc = listener_new_http(&server->listener, loop, fd, "metrics", server->http);
	if (rc < 0)
		return rc;
	evhttp_set_timeout(server->http, TIMEOUT_S);
	evhttp_set_max_headers_size(server->http, HEADERS_MAX);
	evhttp_set_max_body_size(server->http, BODY_MAX);
	evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	return evhttp_set_cb(server->http, "/metrics", answer, server) < 0 ? -ENOMEM : 0;
}

int metrics_server_new(struct metrics_server **out, struct loop *loop,
	const struct sockaddr_in6 *at, metrics_fill_fn *fill, void *arg)
{
	struct metrics_server *server = calloc(1, sizeof(*server));
	char text[INET6_ADDRSTRLEN];
	int rc = -ENOMEM;

	*out = NULL;
	if (server) {
		*server = (struct metrics_server){.fill = fill, .arg = arg};
		rc = open_http(server, loop, at);
	}
	if (rc == 0) {
		*out = server;
		return 0;
	}
	metrics_server_free(server);
	log_error("metrics: [%s]:%u cannot be listened on: %s: going on without",
		inet_ntop(AF_INET6, &at->sin6_addr, text, sizeof(text)), ntohs(at->sin6_port),
		strerror(-rc));
	return rc;
}

void metrics_server_free(struct metrics_server *server)
{
	if (!server)
		return;
	listener_free(server->listener);
	if (server->http)
		evhttp_free(server->http);
	free(server);
}
