/* SPDX-License-Identifier: ISC */
/*
 * The file servers of bootd without the rest of it, for the labs:
 *
 *	file_servers DIRECTORY TFTP-PORT HTTP-PORT [NAME=VALUE]...
 *
 * serves DIRECTORY at [::]. Says "ready" on stdout, then a line per fetch:
 *
 *	KIND OUTCOME PEER BYTES SIZE PATH [| ERROR]
 *
 * and, at the end, the counters. NAME=VALUE sets an option of the servers. A
 * script's ${mac} is the query's "mac", which must be MAC-like, ${address} is
 * the peer's address. POST or GET of /counters answers the counters as text; GET of
 * /stream never ends, and brings a line of 1,000 octets every 50 ms.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/http/http_files.h"
#include "bootd/tftp/tftp_server.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/thread_pool.h"

enum { READERS = 4, STREAMS = 16, STREAM_LINE = 1000, STREAM_MS = 50 };

struct servers {
	struct tftp_server *tftp;
	struct http_files *http;
	char mac[18], address[INET6_ADDRSTRLEN];
	struct loop_timer *timer;
	struct http_stream *stream[STREAMS];
};

static void observe(void *arg, const struct fetch_event *event)
{
	char peer[INET6_ADDRSTRLEN];

	(void)arg;
	inet_ntop(AF_INET6, &event->peer, peer, sizeof(peer));
	printf("%s %s %s %" PRIu64 " %" PRIu64 " %s%s%s\n", fetch_kind_name(event->kind),
		fetch_outcome_name(event->outcome), peer, event->bytes, event->size, event->path,
		event->error ? " | " : "", event->error ? event->error : "");
}

static const char *value_of(const struct servers *servers, const char *name)
{
	if (strcmp(name, "mac") == 0 && servers->mac[0])
		return servers->mac;
	return strcmp(name, "address") == 0 ? servers->address : NULL;
}

static int answer_question(void *arg, const struct boot_question *question, struct boot_answer *now,
	struct boot_asking *later)
{
	struct servers *servers = arg;
	const char *mac = question->mac;

	(void)later;
	servers->mac[0] = '\0';
	now->status =
		mac && (strlen(mac) != 17 || strspn(mac, "0123456789abcdef:") != 17) ? -EINVAL : 0;
	if (mac && now->status == 0)
		strcpy(servers->mac, mac);
	inet_ntop(AF_INET6, &question->peer, servers->address, sizeof(servers->address));
	now->values = question->names;
	for (size_t i = 0; i < question->names; i++)
		now->value[i] = value_of(servers, question->name[i]);
	return 0;
}

/* The counters as lines, to be freed. */
static char *counters(struct servers *servers)
{
	struct tftp_stats t;
	struct http_files_stats h;
	char *text = NULL;

	tftp_server_get_stats(servers->tftp, &t);
	http_files_get_stats(servers->http, &h);
	if (asprintf(&text,
		    "tftp-active %" PRIu64 "\ntftp-done %" PRIu64 "\ntftp-failed %" PRIu64
		    "\ntftp-refused %" PRIu64 "\ntftp-malformed %" PRIu64 "\ntftp-repeated %" PRIu64
		    "\ntftp-retransmitted %" PRIu64 "\ntftp-displaced %" PRIu64
		    "\nhttp-connections %" PRIu64 "\nhttp-requests %" PRIu64
		    "\nhttp-refused %" PRIu64 "\nhttp-idled %" PRIu64 "\nhttp-waited %" PRIu64
		    "\nhttp-limited %" PRIu64 "\n",
		    t.active, t.done, t.failed, t.refused, t.malformed, t.repeated, t.retransmitted,
		    t.displaced, h.server.connections, h.server.requests, h.server.refused,
		    h.server.idled, h.server.waited, h.server.limited) < 0)
		return NULL;
	return text;
}

static void answer_counters(void *arg, const struct http_ask *ask, struct http_answer *answer)
{
	char *text = counters(arg);

	(void)ask;
	if (text)
		http_answer_body(answer, 200, "text/plain", text, strlen(text));
}

/* --- streams ----------------------------------------------------------------- */

static void swap_stream(
	struct servers *servers, const struct http_stream *from, struct http_stream *to)
{
	for (int i = 0; i < STREAMS; i++)
		if (servers->stream[i] == from) {
			servers->stream[i] = to;
			return;
		}
}

static void stream_opened(void *arg, struct http_stream *stream, const struct http_ask *ask)
{
	(void)ask;
	swap_stream(arg, NULL, stream);
}

static void stream_closed(void *arg, struct http_stream *stream, bool was_slow)
{
	swap_stream(arg, stream, NULL);
	puts(was_slow ? "stream cut" : "stream left");
}

static const struct http_stream_ops stream_ops = {"text/plain", stream_opened, stream_closed};

static void send_lines(void *arg)
{
	static char line[STREAM_LINE];
	struct servers *servers = arg;

	memset(line, 'x', sizeof(line));
	line[STREAM_LINE - 1] = '\n';
	for (int i = 0; i < STREAMS; i++)
		if (servers->stream[i])
			http_stream_send(servers->stream[i], line, sizeof(line));
	loop_timer_arm(servers->timer, STREAM_MS);
}

static int set_option(struct tftp_options *tftp, struct http_options *http, const char *setting)
{
	static unsigned single_port, first_port, last_port;
	const struct {
		const char *name;
		unsigned *value;
	} known[] = {
		{"tftp-block-size-max", &tftp->block_size_max},
		{"tftp-window-max", &tftp->window_max},
		{"tftp-transfers-max", &tftp->transfers_max},
		{"tftp-transfers-per-client", &tftp->transfers_per_client},
		{"tftp-single-port", &single_port},
		{"tftp-first-port", &first_port},
		{"tftp-last-port", &last_port},
		{"http-connections-max", &http->connections_max},
		{"http-connections-per-client", &http->connections_per_client},
		{"http-least-rate", &http->least_rate},
		{"http-idle-ms", &http->idle_ms},
		{"http-stall-ms", &http->stall_ms},
	};
	size_t name_len = strcspn(setting, "=");

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == name_len && setting[name_len] == '=' &&
			strncmp(setting, known[i].name, name_len) == 0) {
			*known[i].value = (unsigned)atoi(setting + name_len + 1);
			tftp->single_port = single_port;
			tftp->first_port = (uint16_t)first_port;
			tftp->last_port = (uint16_t)last_port;
			return 0;
		}
	return -EINVAL;
}

static struct sockaddr_in6 any_address(const char *port)
{
	return (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)atoi(port)),
	};
}

static int serve(struct loop *loop, struct servers *servers, char **argv)
{
	struct sockaddr_in6 tftp_at = any_address(argv[2]), http_at = any_address(argv[3]);
	int error = tftp_server_listen(servers->tftp, &tftp_at);

	if (!error)
		error = http_server_listen(http_files_server(servers->http), &http_at);
	if (!error)
		error = http_server_handle(
			http_files_server(servers->http), "/counters", answer_counters, servers);
	if (!error)
		error = http_server_stream(
			http_files_server(servers->http), "/stream", &stream_ops, servers);
	if (!error)
		send_lines(servers);
	if (!error)
		error = loop_handle_signals(loop, NULL, NULL);
	if (error) {
		fprintf(stderr, "file_servers: %s\n", strerror(-error));
		return 1;
	}
	puts("ready");
	return loop_run(loop) ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct servers servers = {0};
	struct boot_files files = {.ask = answer_question, .ask_arg = &servers, .observe = observe};
	struct tftp_options tftp = {0};
	struct http_options http = {0};
	struct loop *loop = loop_new();
	struct file_root *root = NULL;
	char *text;
	int status = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 4; i < argc; i++)
		if (set_option(&tftp, &http, argv[i]) < 0)
			argc = 0;
	if (argc < 4 || !loop || file_root_new(argv[1], &root) < 0) {
		fputs("file_servers DIRECTORY TFTP-PORT HTTP-PORT [NAME=VALUE]...\n", stderr);
		goto out;
	}
	files.root = root;
	files.readers = thread_pool_new(loop, READERS);
	servers.tftp = tftp_server_new(loop, &files, &tftp);
	servers.http = http_files_new(loop, &files, &http);
	servers.timer = loop_timer_new(loop, send_lines, &servers);
	if (servers.tftp && servers.http && servers.timer)
		status = serve(loop, &servers, argv);
	text = servers.tftp && servers.http ? counters(&servers) : NULL;
	fputs(text ? text : "", stdout);
	free(text);
out:
	http_files_free(servers.http);
	tftp_server_free(servers.tftp);
	loop_timer_free(servers.timer);
	thread_pool_free(files.readers);
	file_root_free(root);
	loop_free(loop);
	return status;
}
