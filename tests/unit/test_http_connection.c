/* SPDX-License-Identifier: ISC */
/*
 * A connection to a client that sends requests without waiting for the replies, over a socket
 * pair and on one loop.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/loop.h"
#include "http/http_connection.h"

enum { REQUESTS = 20000, BLOCK = 2048, BUFFER_MAX = 128 * 1024 };

static const char one[] = "GET / HTTP/1.1\r\nHost:a\r\n\r\n";

struct story {
	struct loop *loop;
	int fd; /* the client's */
	unsigned requests;
	size_t in_len_max;
};

static void requested(void *arg, struct http_connection *c, const struct http_request *request,
	const char *body, int status, const char *why)
{
	struct story *s = arg;
	struct http_reply reply;

	(void)request, (void)body, (void)why;
	assert_int_equal(status, 0);
	if (c->in.len > s->in_len_max)
		s->in_len_max = c->in.len;
	if (++s->requests == REQUESTS)
		loop_stop(s->loop);
	http_reply_begin(&reply, 404);
	http_connection_send_text(c, &reply, "nothing");
}

static void sent(void *arg, struct http_connection *c)
{
	(void)arg, (void)c;
}

static void closed(void *arg, struct http_connection *c, const char *why)
{
	(void)arg, (void)c, (void)why;
}

static const struct http_connection_ops ops = {requested, sent, closed, sent};

/* The client writes all that the socket accepts, and reads the replies. */
static void client_ready(int fd, int what, void *arg)
{
	static char block[BLOCK * (sizeof(one) - 1)], replies[64 * 1024];
	static size_t at;
	ssize_t n;

	(void)arg;
	for (size_t i = 0; i < BLOCK; i++)
		memcpy(block + i * (sizeof(one) - 1), one, sizeof(one) - 1);
	if (what & LOOP_WRITE) {
		n = send(fd, block + at, sizeof(block) - at, MSG_NOSIGNAL);
		at = (at + (n > 0 ? (size_t)n : 0)) % sizeof(block);
	}
	while (recv(fd, replies, sizeof(replies), 0) > 0)
		;
}

static void test_a_client_that_pipelines_fills_no_memory(void **state)
{
	const struct in6_addr peer = {0};
	struct story s = {.loop = loop_new()};
	struct http_connection *connection;
	struct loop_watch *client;
	int fd[2];

	(void)state;
	assert_non_null(s.loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	connection = http_connection_new(s.loop, fd[0], &peer, NULL, &ops, &s);
	client = loop_watch_new(s.loop, fd[1], LOOP_READ | LOOP_WRITE, client_ready, &s);
	assert_true(connection && client);
	assert_int_equal(loop_run(s.loop), 0);
	assert_int_equal(s.requests, REQUESTS);
	assert_in_range(s.in_len_max, sizeof(one) - 1, BUFFER_MAX);
	http_connection_close(connection, "the end");
	loop_watch_free(client);
	close(fd[1]);
	loop_free(s.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_client_that_pipelines_fills_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
