/* SPDX-License-Identifier: ISC */
/*
 * The watch of a listener is off while it rests, because descriptors are missing, and while its
 * owner has paused it.
 */
#include "daemon/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/loop.h"

enum { REST_MS = 1000 };

struct listener {
	const char *what;
	int fd;
	struct loop_watch *watch;
	listener_cb *accepted;
	void *arg;
	struct loop_timer *rest;
	bool rests, is_paused;
};

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
	loop_watch_set(listener->watch, listener->rests || listener->is_paused ? 0 : LOOP_READ);
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
		&(struct log_fields){
			.event = LOG_EVENT_DESCRIPTORS_EXHAUSTED, .reason = strerror(error)},
		"%s: cannot accept connections: %s; trying again every second%s", listener->what,
		strerror(error), error == EMFILE ? " (the limit is LimitNOFILE= of the unit)" : "");
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

int listener_new(struct listener **out, struct loop *loop, int fd, const char *what,
	listener_cb *accepted, void *arg)
{
	struct listener *listener = malloc(sizeof(*listener));

	*out = NULL;
	if (!listener) {
		close(fd);
		return -ENOMEM;
	}
	*listener = (struct listener){.fd = fd, .what = what, .accepted = accepted, .arg = arg};
	listener->rest = loop_timer_new(loop, go_on, listener);
	listener->watch = loop_watch_new(loop, fd, LOOP_READ, accept_one, listener);
	if (!listener->watch || !listener->rest) {
		listener_free(listener);
		return -ENOMEM;
	}
	*out = listener;
	return 0;
}

void listener_free(struct listener *listener)
{
	if (!listener)
		return;
	loop_watch_free(listener->watch);
	loop_timer_free(listener->rest);
	close(listener->fd);
	free(listener);
}

void listener_pause(struct listener *listener, bool is_paused)
{
	listener->is_paused = is_paused;
	apply(listener);
}
