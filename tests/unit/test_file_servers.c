/* SPDX-License-Identifier: ISC */
/*
 * The TFTP and HTTP servers as they are, on ::1: a child runs the loop, the
 * parent is the client. Needs nothing but the loopback, and is skipped where
 * that has no IPv6. The long and the hostile part is tests/lab/test_files.py.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bootd/http/http_files.h"
#include "bootd/tftp/tftp_server.h"
#include "daemon/log.h"
#include "daemon/loop.h"

enum { FILE_SIZE = 3000000, SKIPPED = 77 };

static char dir[] = "/tmp/netboot6-files.XXXXXX";
static struct sockaddr_in6 tftp_at, http_at;
static pid_t child;

/* What the child's observer saw, for both to see. */
static struct seen {
	unsigned outcome[2][FETCH_PROBED + 1]; /* by kind */
	uint64_t bytes[2];                     /* of those that are done */
} * seen;

static uint8_t pattern(size_t offset)
{
	return (uint8_t)(offset ^ offset >> 8 ^ offset >> 16);
}

/* --- the child -------------------------------------------------------------- */

static void observe(void *arg, const struct fetch_event *event)
{
	(void)arg;
	seen->outcome[event->kind][event->outcome]++;
	if (event->outcome == FETCH_DONE)
		seen->bytes[event->kind] += event->bytes;
}

/* This host, and those whose address begins with 2001:db8:80:. */
static bool is_proxy(void *arg, const struct in6_addr *peer)
{
	static const uint8_t proxies[] = {0x20, 0x01, 0x0d, 0xb8, 0, 0x80};

	(void)arg;
	return IN6_IS_ADDR_LOOPBACK(peer) || memcmp(peer, proxies, sizeof(proxies)) == 0;
}

/* Of every name, the value is the query's "mac". */
static int answer_question(void *arg, const struct boot_question *question, struct boot_answer *now,
	struct boot_asking *later)
{
	static char mac[18];

	(void)arg;
	(void)later;
	snprintf(mac, sizeof(mac), "%.17s", question->mac ? question->mac : "nobody");
	now->values = question->names;
	for (size_t i = 0; i < question->names; i++)
		now->value[i] = strcmp(question->name[i], "mac") == 0 ? mac : NULL;
	return 0;
}

static void greet(void *arg, const struct http_ask *ask, struct http_answer *answer)
{
	const char *name = http_query_get(ask->query, "name");

	char client[INET6_ADDRSTRLEN];

	(void)arg;
	if (http_query_get(ask->query, "client"))
		http_answer_text(answer, 200, "%s",
			inet_ntop(AF_INET6, &ask->client, client, sizeof(client)));
	else if (name)
		http_answer_text(
			answer, 200, "%s %s %.*s", ask->path, name, (int)ask->body_len, ask->body);
}

static int run_servers(int tftp_fd, int http_fd)
{
	struct boot_files files = {.ask = answer_question, .observe = observe};
	struct tftp_options tftp_options = {0};
	struct http_options http_options = {.is_proxy = is_proxy};
	struct file_root *root = NULL;
	struct loop *loop = loop_new();
	struct tftp_server *tftp;
	struct http_files *http;
	int error = file_root_new(dir, &root);

	files.root = root;
	tftp = tftp_server_new(loop, &files, &tftp_options);
	http = http_files_new(loop, &files, &http_options);
	if (!error)
		error = tftp_server_listen_fd(tftp, tftp_fd);
	if (!error)
		error = http_server_listen_fd(http_files_server(http), http_fd);
	if (!error)
		error = http_server_handle(http_files_server(http), "/greet", greet, NULL);
	if (!error && http_server_handle(http_files_server(http), "/greet", greet, NULL) != -EEXIST)
		error = -EPROTO;
	if (!error)
		error = loop_handle_signals(loop, NULL, NULL);
	if (!error)
		error = loop_run(loop);
	http_files_free(http);
	tftp_server_free(tftp);
	file_root_free(root);
	loop_free(loop);
	return error ? 1 : 0;
}

/* --- the parent ------------------------------------------------------------- */

/* A socket bound to a port of ::1 that the kernel picks; -1 where there is no ::1. */
static int bind_loopback(int type, struct sockaddr_in6 *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET6, type, 0);

	*at = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	if (fd >= 0 && bind(fd, (struct sockaddr *)at, sizeof(*at)) == 0 &&
		getsockname(fd, (struct sockaddr *)at, &len) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int client_socket(int type)
{
	struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_INET6, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	return fd;
}

static void put(const char *name, const void *content, size_t len)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(content, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Fetch by TFTP into `out`; the length, or minus the code of an ERROR. */
static long tftp_get(const char *request, size_t request_len, size_t block_size, uint8_t *out)
{
	int fd = client_socket(SOCK_DGRAM);
	uint8_t packet[2048];
	struct sockaddr_in6 from;
	socklen_t from_len = sizeof(from);
	uint16_t expected = 1;
	long got = 0;
	ssize_t n;

	assert_true(sendto(fd, request, request_len, 0, (struct sockaddr *)&tftp_at,
			    sizeof(tftp_at)) > 0);
	do {
		n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &from_len);
		assert_true(n >= 4);
		if (packet[1] == 5) {
			close(fd);
			return -(long)packet[3];
		}
		if (packet[1] == 6) {
			n = (ssize_t)block_size + 4;
			packet[2] = packet[3] = 0;
		} else {
			assert_int_equal(packet[1], 3);
			assert_int_equal(packet[2] << 8 | packet[3], expected++);
			memcpy(out + got, packet + 4, (size_t)n - 4);
			got += n - 4;
		}
		packet[1] = 4;
		assert_int_equal(sendto(fd, packet, 4, 0, (struct sockaddr *)&from, from_len), 4);
	} while ((size_t)n == block_size + 4);
	close(fd);
	return got;
}
#define TFTP_GET(request, block_size, out) tftp_get(request, sizeof(request) - 1, block_size, out)

/* One request on a connection of its own; all that comes back, NUL-terminated. */
static size_t http_say(const char *request, char *out, size_t size)
{
	int fd = client_socket(SOCK_STREAM);
	size_t got = 0;
	ssize_t n;

	assert_int_equal(connect(fd, (struct sockaddr *)&http_at, sizeof(http_at)), 0);
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	while ((n = recv(fd, out + got, size - 1 - got, 0)) > 0)
		got += (size_t)n;
	assert_int_equal(n, 0);
	close(fd);
	out[got] = '\0';
	return got;
}
#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void assert_is_pattern(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != pattern(i))
			fail_msg("wrong octet at %zu", i);
}

static void test_tftp(void **state)
{
	uint8_t *out = malloc(FILE_SIZE + 2048);

	(void)state;
	assert_non_null(out);
	assert_int_equal(TFTP_GET("\0\1file\0octet\0blksize\0001400\0", 1400, out), FILE_SIZE);
	assert_is_pattern(out, FILE_SIZE);
	assert_int_equal(TFTP_GET("\0\1/hello\0octet\0", 512, out), 5);
	assert_memory_equal(out, "hello", 5);
	assert_int_equal(TFTP_GET("\0\1x.ipxe\0octet\0", 512, out), 14);
	assert_memory_equal(out, "#!ipxe\nnobody\n", 14);
	assert_int_equal(TFTP_GET("\0\1none\0octet\0", 512, out), -1);
	assert_int_equal(TFTP_GET("\0\1../none\0octet\0", 512, out), -2);
	assert_int_equal(TFTP_GET("\0\2hello\0octet\0", 512, out), -2);
	assert_int_equal(TFTP_GET("\0\1hello\0netascii\0", 512, out), -4);
	free(out);
}

static void test_http(void **state)
{
	char *out = malloc(FILE_SIZE + 2048);
	size_t n;

	(void)state;
	assert_non_null(out);
	n = http_say(GET("/file"), out, FILE_SIZE + 2048);
	assert_true(n > FILE_SIZE);
	assert_is_pattern((uint8_t *)out + n - FILE_SIZE, FILE_SIZE);

	http_say("HEAD /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", out, 2048);
	assert_non_null(strstr(out, "\r\nContent-Length: 3000000\r\n"));
	assert_string_equal(strstr(out, "\r\n\r\n"), "\r\n\r\n");

	http_say(GET("/x.ipxe?mac=52:54:00:12:34:56"), out, 2048);
	assert_string_equal(strstr(out, "\r\n\r\n"), "\r\n\r\n#!ipxe\n52:54:00:12:34:56\n");
	assert_non_null(strstr(out, "\r\nContent-Length: 25\r\n"));

	http_say(GET("/../file"), out, 2048);
	assert_ptr_equal(strstr(out, "HTTP/1.1 403 "), out);
	http_say(GET("/none"), out, 2048);
	assert_ptr_equal(strstr(out, "HTTP/1.1 404 "), out);
	free(out);
}

/* The last address that is no proxy's: what a client itself writes stands before it. */
static void test_http_clients_behind_proxies(void **state)
{
	static const struct {
		const char *fields, *client; /* NULL: 400 */
	} row[] = {
		{"", "::1"},
		{"X-Forwarded-For: 2001:db8::5\r\n", "2001:db8::5"},
		{"x-forwarded-for: 2001:db8::6, 2001:db8::5\r\n", "2001:db8::5"},
		{"X-Forwarded-For: nonsense, 2001:db8::5,2001:db8:80::1\r\n", "2001:db8::5"},
		{"X-Forwarded-For: 2001:db8::6\r\nX-Forwarded-For: 2001:db8::5\r\n", "2001:db8::5"},
		{"X-Forwarded-For: [2001:db8::5]:1234\r\n", "2001:db8::5"},
		{"X-Forwarded-For: 2001:db8:80::1\r\n", "2001:db8:80::1"},
		{"X-Forwarded-For: 192.0.2.1\r\n", NULL},
		{"X-Forwarded-For: 2001:db8::5,\r\n", NULL},
		{"X-Forwarded-For: [2001:db8::5\r\n", NULL},
		{"X-Forwarded-For: unknown, 2001:db8:80::1\r\n", NULL},
	};
	char request[512], out[2048], body[128];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		snprintf(request, sizeof(request),
			"GET /greet?client=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n",
			row[i].fields);
		http_say(request, out, sizeof(out));
		snprintf(body, sizeof(body), "\r\n\r\n%s\n",
			row[i].client ? row[i].client : "");
		if (row[i].client ? !strstr(out, body) : strncmp(out, "HTTP/1.1 400 ", 13) != 0)
			fail_msg("%s: %s", row[i].fields, out);
	}
}

static void test_http_handler(void **state)
{
	char out[2048];

	(void)state;
	http_say(GET("/greet?name=db%31"), out, sizeof(out));
	assert_non_null(strstr(out, "\r\n\r\n/greet db1 \n"));
	http_say("POST /greet?name=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		 "Content-Length: 4\r\n\r\nbody",
		out, sizeof(out));
	assert_non_null(strstr(out, "\r\n\r\n/greet x body\n"));
	http_say(GET("/greet"), out, sizeof(out));
	assert_ptr_equal(strstr(out, "HTTP/1.1 500 "), out);
	http_say(GET("/greet?name=%0a"), out, sizeof(out));
	assert_ptr_equal(strstr(out, "HTTP/1.1 400 "), out);
}

/* Last: the child ends in order, and everything was observed by then. */
static void test_observed(void **state)
{
	int status;

	(void)state;
	assert_int_equal(kill(child, SIGTERM), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	child = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);

	assert_int_equal(seen->outcome[FETCH_TFTP][FETCH_STARTED], 3);
	assert_int_equal(seen->outcome[FETCH_TFTP][FETCH_DONE], 3);
	assert_int_equal(seen->outcome[FETCH_TFTP][FETCH_FAILED], 2);
	assert_int_equal(seen->bytes[FETCH_TFTP], FILE_SIZE + 5 + 14);
	assert_int_equal(seen->outcome[FETCH_HTTP][FETCH_STARTED], 2);
	assert_int_equal(seen->outcome[FETCH_HTTP][FETCH_DONE], 2);
	assert_int_equal(seen->outcome[FETCH_HTTP][FETCH_FAILED], 2);
	assert_int_equal(seen->outcome[FETCH_HTTP][FETCH_PROBED], 1);
	assert_int_equal(seen->bytes[FETCH_HTTP], FILE_SIZE + 25);
}

static void stop(int fd, int what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

/* What is due for a connection that was just accepted is not run on a server that is gone. */
static void test_http_freed_between_accept_and_request(void **state)
{
	static const struct http_options options;
	struct sockaddr_in6 at;
	int fd = bind_loopback(SOCK_STREAM, &at), end[2], client = client_socket(SOCK_STREAM);
	struct loop *loop = loop_new();
	struct event_base *base = loop_event_base(loop);
	struct http_server *http = http_server_new(loop, &options);
	struct loop_watch *watch;
	struct http_stats stats;

	(void)state;
	assert_int_equal(http_server_listen_fd(http, fd), 0);
	assert_int_equal(pipe(end), 0);
	watch = loop_watch_new(loop, end[0], LOOP_READ, stop, loop);
	/* Both are ready when the loop begins: it accepts, and is stopped in the same turn. */
	assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(write(end[1], "x", 1), 1);
	assert_int_equal(loop_run(loop), 0);
	http_server_get_stats(http, &stats);
	assert_int_equal(stats.accepted, 1);
	http_server_free(http);
	loop_watch_free(watch);

	assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ACTIVE), 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	loop_free(loop);
	close(client);
	close(end[0]);
	close(end[1]);
}

static int set_up(void **state)
{
	int tftp_fd = bind_loopback(SOCK_DGRAM, &tftp_at);
	int http_fd = bind_loopback(SOCK_STREAM, &http_at);
	uint8_t *content = malloc(FILE_SIZE);

	(void)state;
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* Before the child runs, so that no connection comes too early. */
	if (seen == MAP_FAILED || !content || listen(http_fd, 16) < 0 || !mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < FILE_SIZE; i++)
		content[i] = pattern(i);
	put("file", content, FILE_SIZE);
	put("hello", "hello", 5);
	put("x.ipxe", "#!ipxe\n${mac}\n", 14);
	free(content);
	child = fork();
	if (child == 0)
		_exit(run_servers(tftp_fd, http_fd));
	close(tftp_fd);
	close(http_fd);
	return child < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	if (child > 0)
		kill(child, SIGKILL);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tftp),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_http_clients_behind_proxies),
		cmocka_unit_test(test_http_handler),
		cmocka_unit_test(test_observed),
		cmocka_unit_test(test_http_freed_between_accept_and_request),
	};
	struct sockaddr_in6 at;
	int probe = bind_loopback(SOCK_DGRAM, &at);

	if (probe < 0) {
		puts("skipped: ::1 cannot be bound here");
		return SKIPPED;
	}
	close(probe);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
