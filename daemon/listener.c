/* SPDX-License-Identifier: ISC */
/*
 * Two kinds of listener with one rule for running out of descriptors. Those of evhttp accept
 * by themselves; their error callback has evhttp's argument and not ours, so the listener is
 * found in a list of all of them.
 */
#include "daemon/listener.h"

#include <errno.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/loop.h"

enum { REST_MS = 1000 };

struct listener {
	struct listener *next; /* of all_listeners */
	const char *what;
	int fd; /* -1: evhttp's */
	struct loop_watch *watch;
	listener_cb *accepted;
	void *arg;
	struct evhttp *http;
	struct evhttp_bound_socket *bound;
	struct loop_timer *rest;
	bool rests, is_paused;
};

static struct listener *all_listeners;
static uint64_t exhausted;

uint64_t listener_exhausted(void)
{
	return exhausted;
}

int listener_open_tcp(const struct sockaddr_in6 *at, int backlog)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, rc;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on)) == 0 &&
		bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 && listen(fd, backlog) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static void apply(struct listener *listener)
{
	bool accepts = !listener->rests && !listener->is_paused;
	struct evconnlistener *http;

	if (!listener->http) {
		loop_watch_set(listener->watch, accepts ? LOOP_READ : 0);
		return;
	}
	http = evhttp_bound_socket_get_listener(listener->bound);
	if (accepts)
		evconnlistener_enable(http);
	else
		evconnlistener_disable(http);
}

static void go_on(void *arg)
{
	struct listener *listener = arg;

	listener->rests = false;
	apply(listener);
}

static void accept_failed(struct listener *listener, int error)
{
	static struct log_limit limit;

	/* All others are of the one connection, which is gone: accept(2). */
	if (error != EMFILE && error != ENFILE && error != ENOMEM && error != ENOBUFS)
		return;
	exhausted++;
	listener->rests = true;
	apply(listener);
	loop_timer_arm(listener->rest, REST_MS);
	log_limited_with(&limit, LOG_LEVEL_WARNING,
		&(struct log_fields){.event = LOG_EVENT_DESCRIPTORS_EXHAUSTED,
			.reason = strerror(error)},
		"%s: cannot accept connections: %s; trying again every second%s", listener->what,
		strerror(error),
		error == EMFILE ? " (the limit is LimitNOFILE= of the unit)" : "");
}

static void accept_one(int fd, int what, void *arg)
{
	struct listener *listener = arg;
	struct sockaddr_storage peer = {0};
	socklen_t len = sizeof(peer);
	int accepted = accept4(fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (accepted < 0)
		accept_failed(listener, errno);
	else
		listener->accepted(listener->arg, accepted,
			peer.ss_family == AF_INET6 ? (const struct sockaddr_in6 *)(void *)&peer
						   : NULL);
}

static void http_accept_failed(struct evconnlistener *failed, void *of_evhttp)
{
	int error = errno;

	(void)of_evhttp;
	for (struct listener *listener = all_listeners; listener; listener = listener->next)
		if (listener->http && evhttp_bound_socket_get_listener(listener->bound) == failed) {
			accept_failed(listener, error);
			return;
		}
}

static struct listener *make(struct loop *loop, int fd, const char *what)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return NULL;
	*listener = (struct listener){.next = all_listeners, .fd = fd, .what = what};
	all_listeners = listener;
	listener->rest = loop_timer_new(loop, go_on, listener);
	return listener;
}

int listener_new(struct listener **out, struct loop *loop, int fd, const char *what,
	listener_cb *accepted, void *arg)
{
	struct listener *listener = make(loop, fd, what);

	*out = NULL;
	if (!listener) {
		close(fd);
		return -ENOMEM;
	}
	listener->accepted = accepted;
	listener->arg = arg;
	listener->watch = loop_watch_new(loop, fd, LOOP_READ, accept_one, listener);
	if (!listener->watch || !listener->rest) {
		listener_free(listener);
		return -ENOMEM;
	}
	*out = listener;
	return 0;
}

int listener_new_http(struct listener **out, struct loop *loop, int fd, const char *what,
	struct evhttp *http)
{
	struct listener *listener = make(loop, fd, what);

	*out = NULL;
	if (listener && listener->rest)
		listener->bound = evhttp_accept_socket_with_handle(http, fd);
	if (!listener || !listener->bound) {
		if (!listener)
			close(fd);
		listener_free(listener);
		return -ENOMEM;
	}
	listener->http = http;
	listener->fd = -1;
	evconnlistener_set_error_cb(
		evhttp_bound_socket_get_listener(listener->bound), http_accept_failed);
	*out = listener;
	return 0;
}

void listener_free(struct listener *listener)
{
	struct listener **at = &all_listeners;

	if (!listener)
		return;
	while (*at != listener)
		at = &(*at)->next;
	*at = listener->next;
	loop_watch_free(listener->watch);
	loop_timer_free(listener->rest);
	if (listener->http)
		evhttp_del_accept_socket(listener->http, listener->bound);
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener);
}

void listener_pause(struct listener *listener, bool is_paused)
{
	listener->is_paused = is_paused;
	apply(listener);
}
