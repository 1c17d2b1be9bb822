/* SPDX-License-Identifier: ISC */
/*
 * The control socket's server side: who is connected, what each asks, which stream it reads.
 *
 * Life of a client: accepted -> lines come in and are answered in order ->
 * closed by the peer, by an error, or because it does not read what it asked
 * for (control_output.h). A client is freed in one place, from the loop's
 * callback of its own descriptor or with the whole control.
 */
#include "daemon/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/control_output.h"
#include "daemon/control_socket.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/loop.h"

/* Outlives its client: the answer may come when nobody waits for it any more. */
struct control_ticket {
	struct control_client *client; /* NULL: gone */
};

struct control_client {
	struct control *control;
	struct control_ticket *ticket; /* its request that is not answered yet; or NULL */
	bool begins;                   /* within begin() of a command */
	struct control_client *next;
	struct loop_watch *watch;
	int fd;
	const struct control_command *stream; /* NULL: it asks only */
	void *filter;                         /* the stream's */
	struct control_output output;         /* .broken: to be closed once nobody walks the list */
	size_t in_len;
	char in[CONTROL_LINE_MAX];
};

struct control {
	struct loop *loop;
	const struct control_command *commands;
	void *arg;
	struct listener *listener;
	struct control_client *clients;
	unsigned n_clients, n_watching;
	struct sockaddr_un address;
};

json_t *control_error(const char *fmt, ...)
{
	char text[CONTROL_LINE_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return json_pack("{s:s}", "error", text);
}

/* --- streams ------------------------------------------------------------------------ */

static json_t *open_watch(void *arg, int n_words, char *const words[], void **filter)
{
	(void)arg;
	(void)n_words;
	(void)words;
	(void)filter;
	return json_pack("{s:b}", "watching", 1);
}

static const struct control_command watch = {.name = "watch", .open = open_watch};

static void client_close_stream(struct control_client *client)
{
	const struct control_command *stream = client->stream;

	if (!stream)
		return;
	client->control->n_watching -= stream == &watch;
	client->stream = NULL;
	if (stream->close)
		stream->close(client->control->arg, client->filter);
}

static json_t *client_open_stream(struct control_client *client,
	const struct control_command *stream, int n_words, char *const words[])
{
	void *filter = NULL;
	json_t *answer = stream->open(client->control->arg, n_words, words, &filter);

	if (!answer || json_object_get(answer, "error"))
		return answer;
	client_close_stream(client);
	client->control->n_watching += stream == &watch;
	client->stream = stream;
	client->filter = filter;
	return answer;
}

/* --- clients ------------------------------------------------------------------------ */

static void client_free(struct control_client *client)
{
	struct control *control = client->control;
	struct control_client **at = &control->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	control->n_clients--;
	if (client->ticket)
		client->ticket->client = NULL;
	client_close_stream(client);
	loop_watch_free(client->watch);
	close(client->fd);
	control_output_fini(&client->output);
	free(client);
}

static void answer(struct control_client *client, json_t *json)
{
	control_output_send(&client->output, json);
	json_decref(json);
}

static void begin_command(struct control_client *client, const struct control_command *command,
	int n_words, char *const words[])
{
	struct control_ticket *ticket = malloc(sizeof(*ticket));

	if (!ticket) {
		answer(client, control_error("%s: no memory", words[0]));
		return;
	}
	ticket->client = client;
	client->ticket = ticket;
	client->begins = true;
	command->begin(client->control->arg, ticket, n_words, words);
	client->begins = false;
}

static void run_command(struct control_client *client, int n_words, char *const words[])
{
	const struct control_command *c = client->control->commands;

	while (c->name && strcmp(c->name, words[0]) != 0)
		c++;
	if (strcmp(words[0], watch.name) == 0)
		answer(client, client_open_stream(client, &watch, n_words, words));
	else if (!c->name)
		answer(client, control_error("%s has no command \"%s\"",
				       program_invocation_short_name, words[0]));
	else if (c->open)
		answer(client, client_open_stream(client, c, n_words, words));
	else if (c->begin)
		begin_command(client, c, n_words, words);
	else
		answer(client, c->run(client->control->arg, n_words, words));
}

/* Answers repeat the words of a request, and JSON is UTF-8 only. */
static bool is_text(const char *line, size_t len)
{
	json_t *text = json_stringn(line, len);
	bool is_utf8 = text != NULL;

	json_decref(text);
	return is_utf8 && !memchr(line, '\0', len);
}

static void answer_line(struct control_client *client, char *line)
{
	char *words[CONTROL_WORDS_MAX];
	char *rest = line, *word;
	int n = 0;

	while (n < CONTROL_WORDS_MAX && (word = strtok_r(rest, " \t\r", &rest)))
		words[n++] = word;
	if (n == CONTROL_WORDS_MAX)
		answer(client, control_error("more than %d words", CONTROL_WORDS_MAX - 1));
	else if (n > 0)
		run_command(client, n, words);
}

/* A request of `len` octets, ended by a NUL; an empty one is nothing. */
static void client_line(struct control_client *client, char *line, size_t len)
{
	if (line[strspn(line, " \t\r")] == '\0' && strlen(line) == len)
		return;
	if (is_text(line, len))
		answer_line(client, line);
	else
		answer(client, control_error("a request is a line of UTF-8 text"));
}

/* Answer every whole line that has come in. */
static void client_take_lines(struct control_client *client)
{
	char *start = client->in, *end;

	while (!client->output.broken && !client->ticket &&
		(end = memchr(start, '\n', client->in_len))) {
		*end = '\0';
		client->in_len -= (size_t)(end + 1 - start);
		client_line(client, start, (size_t)(end - start));
		start = end + 1;
	}
	memmove(client->in, start, client->in_len);
	if (client->in_len == sizeof(client->in)) {
		answer(client, control_error("a request has at most %d octets", CONTROL_LINE_MAX));
		client->output.broken = true;
	}
}

void control_answer(struct control_ticket *ticket, json_t *json)
{
	struct control_client *client = ticket->client;

	free(ticket);
	if (!client) {
		json_decref(json);
		return;
	}
	client->ticket = NULL;
	answer(client, json);
	if (!client->begins) /* else whoever called begin() goes on with the next line */
		client_take_lines(client);
	if (client->output.broken) /* it is freed when its own callback runs */
		shutdown(client->fd, SHUT_RDWR);
}

static void client_ready(int fd, int what, void *arg)
{
	struct control_client *client = arg;
	ssize_t n;

	if (what & LOOP_WRITE) {
		control_output_ready(&client->output);
	}
	if (what & LOOP_READ) {
		n = recv(fd, client->in + client->in_len, sizeof(client->in) - client->in_len,
			MSG_DONTWAIT);
		if (n > 0) {
			client->in_len += (size_t)n;
			client_take_lines(client);
		} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			client->output.broken = true;
		}
	}
	if (client->output.broken)
		client_free(client);
}

static void accept_client(void *arg, int fd, const struct sockaddr_in6 *peer)
{
	struct control *control = arg;
	struct control_client *client =
		control->n_clients < CONTROL_CLIENTS_MAX ? calloc(1, sizeof(*client)) : NULL;

	(void)peer;
	if (client)
		client->watch = loop_watch_new(control->loop, fd, LOOP_READ, client_ready, client);
	if (!client || !client->watch) {
		free(client);
		close(fd);
		return;
	}
	client->control = control;
	client->fd = fd;
	client->output = (struct control_output){.fd = fd, .watch = client->watch};
	client->next = control->clients;
	control->clients = client;
	control->n_clients++;
}

bool control_watched(const struct control *control)
{
	return control && control->n_watching > 0;
}

static bool takes_all(const void *filter)
{
	(void)filter;
	return true;
}

void control_publish_to(struct control *control, const char *stream,
	bool (*takes)(const void *filter), json_t *event)
{
	char *text = control && event ? json_dumps(event, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;

	for (struct control_client *c = text ? control->clients : NULL; c; c = c->next)
		if (c->stream && !c->output.broken && strcmp(c->stream->name, stream) == 0 &&
			takes(c->filter))
			control_output_send_event(&c->output, text, len);
	/* One that broke here is freed when its own callback runs, not under the walk. */
	for (struct control_client *c = text ? control->clients : NULL; c; c = c->next)
		if (c->output.broken)
			shutdown(c->fd, SHUT_RDWR);
	free(text);
	json_decref(event);
}

void control_publish(struct control *control, json_t *event)
{
	if (control_watched(control))
		control_publish_to(control, watch.name, takes_all, event);
	else
		json_decref(event);
}

int control_new(struct control **out, struct loop *loop, const char *path,
	const struct control_command *commands, void *arg)
{
	struct control *control = calloc(1, sizeof(*control));
	int rc;

	if (!control)
		return -ENOMEM;
	*control = (struct control){.loop = loop, .commands = commands, .arg = arg};
	rc = control_socket_listen(&control->address, path, CONTROL_CLIENTS_MAX);
	if (rc >= 0)
		rc = listener_new(
			&control->listener, loop, rc, "control socket", accept_client, control);
	if (rc < 0) {
		control_free(control);
		return rc;
	}
	*out = control;
	return 0;
}

int control_open(struct control **control, struct loop *loop, const char *path,
	const struct control_command *commands, void *arg)
{
	int rc = control_new(control, loop, path, commands, arg);

	if (rc == -EADDRINUSE)
		log_error("control: another daemon answers on %s already: stop it, or give this one a "
			  "socket of its own",
			path);
	else if (rc < 0)
		log_warning("control: %s cannot be opened: %s; the netboot6 command cannot reach "
			    "this daemon",
			path, strerror(-rc));
	return rc == -EADDRINUSE ? rc : 0;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	while (control->clients)
		client_free(control->clients);
	if (control->listener)
		control_socket_remove(&control->address);
	listener_free(control->listener);
	free(control);
}
