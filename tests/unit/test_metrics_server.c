/* SPDX-License-Identifier: ISC */
/*
 * Metrics over HTTP, with real sockets on one loop: what is answered, and for which names.
 */
#include "http/metrics_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "daemon/loop.h"

struct fixture {
	struct loop *loop;
	struct sockaddr_in6 at;
	struct metrics_server *server;
	int client;
	char reply[4096];
	size_t len;
};

static void fill(void *arg, struct metrics *m)
{
	(void)arg;
	metrics_family(m, "nb6_answer", METRICS_GAUGE, "The answer.");
	metrics_sample(m, 42, NULL);
}

/* A port that is free now. */
static struct sockaddr_in6 free_port(void)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	close(fd);
	return at;
}

static int set_up(void **state)
{
	static const char *const name[] = {"router1.example.net"};
	static struct fixture f;
	struct metrics_endpoint at = {.name = name, .names = 1};

	f = (struct fixture){.loop = loop_new(), .at = free_port()};
	at.listen = f.at;
	assert_non_null(f.loop);
	assert_int_equal(metrics_server_new(&f.server, f.loop, &at, fill, NULL), 0);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	metrics_server_free(f->server);
	loop_free(f->loop);
	return 0;
}

static void read_reply(int fd, int what, void *arg)
{
	struct fixture *f = arg;
	ssize_t n = read(fd, f->reply + f->len, sizeof(f->reply) - 1 - f->len);

	(void)what;
	if (n > 0)
		f->len += (size_t)n;
	else
		loop_stop(f->loop);
	f->reply[f->len] = '\0';
}

/* The reply to a request whose Host is `host`; the server closes the connection behind it. */
static const char *ask(struct fixture *f, const char *line, const char *host)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct loop_watch *watch;
	char request[512];

	f->len = 0;
	assert_int_equal(connect(fd, (struct sockaddr *)&f->at, sizeof(f->at)), 0);
	snprintf(request, sizeof(request), "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
		line, host);
	assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	watch = loop_watch_new(f->loop, fd, LOOP_READ, read_reply, f);
	assert_non_null(watch);
	assert_int_equal(loop_run(f->loop), 0);
	loop_watch_free(watch);
	close(fd);
	return f->reply;
}

static void test_metrics_are_answered(void **state)
{
	const char *reply = ask(*state, "GET /metrics", "[::1]:9547");

	assert_ptr_equal(strstr(reply, "HTTP/1.1 200 OK\r\n"), reply);
	assert_non_null(
		strstr(reply, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
	assert_non_null(strstr(reply, "\nnb6_answer 42\n"));
	reply = ask(*state, "HEAD /metrics", "localhost");
	assert_ptr_equal(strstr(reply, "HTTP/1.1 200 OK\r\n"), reply);
	assert_null(strstr(reply, "nb6_answer"));
}

static void test_names_of_others_are_refused(void **state)
{
	static const char *const own[] = {
		"router1.example.net", "ROUTER1.example.net:9547", "192.0.2.1", "[2001:db8::1]"};
	static const char *const other[] = {"evil.example.com", "router1.example.net.example.com",
		"localhost.example.com:9547"};
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	assert_non_null(strstr(ask(*state, "GET /metrics", host), "HTTP/1.1 200 "));
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		assert_non_null(strstr(ask(*state, "GET /metrics", own[i]), "HTTP/1.1 200 "));
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		const char *reply = ask(*state, "GET /metrics", other[i]);

		assert_non_null(strstr(reply, "HTTP/1.1 421 "));
		assert_null(strstr(reply, "nb6_answer"));
	}
}

static void test_everything_else_is_refused(void **state)
{
	static const struct {
		const char *line, *status;
	} row[] = {
		{"POST /metrics", "HTTP/1.1 405 Method Not Allowed\r\n"},
		{"GET /", "HTTP/1.1 404 Not Found\r\n"},
		{"GET  /metrics", "HTTP/1.1 400 Bad Request\r\n"},
		{"GET /metrics HTTP/1.1\r\nContent-Length : 0\r\nX:",
			"HTTP/1.1 400 Bad Request\r\n"},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *reply = ask(*state, row[i].line, "localhost");

		assert_ptr_equal(strstr(reply, row[i].status), reply);
	}
	assert_non_null(
		strstr(ask(*state, "POST /metrics", "localhost"), "\r\nAllow: GET, HEAD\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics_are_answered),
		cmocka_unit_test(test_names_of_others_are_refused),
		cmocka_unit_test(test_everything_else_is_refused),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
