/* SPDX-License-Identifier: ISC */
/*
 * The I/O of a connection. advance() is the only place that reads requests and writes replies in a
 * loop; callbacks of the owner run inside it, so a connection that breaks meanwhile is only marked
 * dead, and freed when advance() ends.
 */
#include "bootd/http/http_connection.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/loop.h"

enum {
	IN_FIRST = 1024,
	REQUESTS_PER_TURN = 16,  /* of a pipelining client */
	PIECE_SIZE = 256 * 1024, /* of a file, sent to one client in one turn of the loop */
	SMALL_FILE = 16 * 1024,  /* sent with its head, by one system call */
	LINGER_MS = 2000,
	LINGER_MAX = 1 << 20, /* octets that are read and dropped */
	RATE_MS = 30000,      /* the least rate is measured over this time */
};

/* --- reasons and replies ---------------------------------------------------- */

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} known[] = {
		{200, "OK"},
		{204, "No Content"},
		{206, "Partial Content"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{411, "Length Required"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{416, "Range Not Satisfiable"},
		{417, "Expectation Failed"},
		{421, "Misdirected Request"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].status == status)
			return known[i].reason;
	return status < 400 ? "OK" : "Error";
}

void http_reply_begin(struct http_reply *reply, int status)
{
	reply->status = status;
	reply->len = 0;
}

void http_reply_field(struct http_reply *reply, const char *name, const char *fmt, ...)
{
	size_t room = sizeof(reply->fields) - reply->len;
	char *to = reply->fields + reply->len;
	int n = snprintf(to, room, "%s: ", name), more;
	va_list ap;

	if (n < 0 || (size_t)n >= room)
		return;
	va_start(ap, fmt);
	more = vsnprintf(to + n, room - (size_t)n, fmt, ap);
	va_end(ap);
	if (more < 0 || (size_t)(n + more) + 2 >= room)
		return;
	memcpy(to + n + more, "\r\n", 2);
	reply->len += (size_t)(n + more) + 2;
}

/* Computed once a second at most. */
static const char *date_now(void)
{
	static char text[HTTP_DATE_SIZE];
	static time_t when;
	time_t now = time(NULL);

	if (now != when || !*text) {
		when = now;
		http_date_format(now, text);
	}
	return text;
}

/* --- what is to be sent ------------------------------------------------------ */

static void die(struct http_connection *c, const char *why)
{
	if (c->is_dead)
		return;
	c->is_dead = true;
	c->why = why;
}

static void watch(struct http_connection *c, int what)
{
	if (c->watched == what)
		return;
	c->watched = what;
	loop_watch_set(c->watch, what);
}

static bool make_room(struct http_connection *c, size_t more)
{
	size_t room = c->out_room ? c->out_room : 512;
	char *out;

	if (c->out_at > 0) {
		memmove(c->out, c->out + c->out_at, c->out_len - c->out_at);
		c->out_len -= c->out_at;
		c->out_at = 0;
	}
	while (room < c->out_len + more)
		room *= 2;
	if (room == c->out_room)
		return true;
	out = realloc(c->out, room);
	if (!out) {
		die(c, "out of memory");
		return false;
	}
	c->out = out;
	c->out_room = room;
	return true;
}

static void put(struct http_connection *c, const char *octets, size_t len)
{
	if (len == 0 || !make_room(c, len))
		return;
	memcpy(c->out + c->out_len, octets, len);
	c->out_len += len;
}

/* `len` of the body; UINT64_MAX: it has no end. 304 and 204 have no body, and say no length. */
static void put_head(struct http_connection *c, const struct http_reply *reply, uint64_t len)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "HTTP/1.1 %d %s\r\nDate: %s\r\n", reply->status,
		reason_of(reply->status), date_now());

	put(c, text, (size_t)n);
	put(c, reply->fields, reply->len);
	if (len == UINT64_MAX)
		n = snprintf(
			text, sizeof(text), c->is_http_1_0 ? "" : "Transfer-Encoding: chunked\r\n");
	else if (reply->status == 304 || reply->status == 204)
		n = 0;
	else
		n = snprintf(
			text, sizeof(text), "Content-Length: %llu\r\n", (unsigned long long)len);
	put(c, text, (size_t)n);
	n = snprintf(text, sizeof(text), "%s\r\n",
		!c->keeps_alive  ? "Connection: close\r\n"
		: c->is_http_1_0 ? "Connection: keep-alive\r\n"
				 : "");
	put(c, text, (size_t)n);
}

static void begin_sending(struct http_connection *c, enum http_state state)
{
	c->state = state;
	c->since_ms = c->checked_ms = loop_now_ms();
	c->seen = c->sent = c->checked_seen = 0;
}

void http_connection_send(
	struct http_connection *c, struct http_reply *reply, const char *body, size_t len)
{
	put_head(c, reply, len);
	if (!c->is_head && reply->status != 304 && reply->status != 204)
		put(c, body, len);
	begin_sending(c, HTTP_SENDING);
}

void http_connection_send_text(
	struct http_connection *c, struct http_reply *reply, const char *text)
{
	char line[512];
	int len = snprintf(line, sizeof(line), "%.500s\n", text);

	http_reply_field(reply, "Content-Type", "text/plain; charset=utf-8");
	http_connection_send(c, reply, line, (size_t)len);
}

/* A small file, read behind its head. False: it has become shorter, or cannot be read. */
static bool put_small_file(
	struct http_connection *c, const struct boot_file *file, const struct http_range *range)
{
	ssize_t n;

	if (!make_room(c, (size_t)range->length))
		return false;
	n = boot_file_read(file, range->first, c->out + c->out_len, (size_t)range->length);
	if (n != (ssize_t)range->length)
		return false;
	c->out_len += (size_t)n;
	return true;
}

void http_connection_send_file(struct http_connection *c, struct http_reply *reply,
	struct boot_file *file, const struct http_range *range)
{
	put_head(c, reply, range->length);
	begin_sending(c, HTTP_SENDING);
	if (c->is_head || range->length == 0)
		return;
	if (file->text || range->length <= SMALL_FILE) {
		if (!put_small_file(c, file, range))
			die(c, "the file cannot be read");
		return;
	}
	c->file_fd = file->fd;
	file->fd = -1;
	c->file_at = range->first;
	c->file_end = range->first + range->length;
}

uint64_t http_connection_unsent(const struct http_connection *c)
{
	return c->out_len - c->out_at + (c->file_end - c->file_at);
}

/* --- sending ----------------------------------------------------------------- */

static void forget_output(struct http_connection *c)
{
	free(c->out);
	c->out = NULL;
	c->out_len = c->out_at = c->out_room = 0;
	if (c->file_fd >= 0)
		close(c->file_fd);
	c->file_fd = -1;
	c->file_at = c->file_end = 0;
}

static void sending_failed(struct http_connection *c)
{
	if (errno != EAGAIN && errno != EINTR)
		die(c, "the client closed the connection");
}

static bool send_memory(struct http_connection *c)
{
	int flags = MSG_NOSIGNAL | (c->file_fd >= 0 ? MSG_MORE : 0);
	ssize_t n;

	if (c->out_at == c->out_len)
		return true;
	n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, flags);
	if (n < 0) {
		sending_failed(c);
		return false;
	}
	c->out_at += (size_t)n;
	c->sent += (uint64_t)n;
	return c->out_at == c->out_len;
}

static bool send_piece(struct http_connection *c)
{
	off_t at = (off_t)c->file_at;
	uint64_t left = c->file_end - c->file_at;
	ssize_t n;

	if (c->file_fd < 0)
		return true;
	n = sendfile(c->fd, c->file_fd, &at, left < PIECE_SIZE ? (size_t)left : PIECE_SIZE);
	if (n < 0) {
		sending_failed(c);
		return false;
	}
	if (n == 0) {
		die(c, "the file became shorter while it was sent");
		return false;
	}
	c->file_at += (uint64_t)n;
	c->sent += (uint64_t)n;
	return c->file_at == c->file_end;
}

static void reading_again(struct http_connection *c)
{
	c->state = HTTP_READING;
	c->since_ms = loop_now_ms();
	c->has_continued = false;
	c->ops->moved(c->arg, c);
}

static void begin_lingering(struct http_connection *c)
{
	c->state = HTTP_LINGERING;
	c->since_ms = loop_now_ms();
	c->sent = 0; /* counts what is dropped */
	shutdown(c->fd, SHUT_WR);
}

/* True if the reply is sent, and the next request may be looked at. */
static bool write_reply(struct http_connection *c)
{
	if (!send_memory(c) || !send_piece(c)) {
		watch(c, LOOP_WRITE);
		return false;
	}
	forget_output(c);
	c->ops->sent(c->arg, c);
	if (!c->keeps_alive) {
		begin_lingering(c);
		watch(c, LOOP_READ);
		return false;
	}
	reading_again(c);
	return true;
}

/* --- reading ----------------------------------------------------------------- */

static void consume(struct http_connection *c, size_t len)
{
	c->in_len -= len;
	if (c->in_len == 0) {
		free(c->in);
		c->in = NULL;
		c->in_room = 0;
	} else {
		memmove(c->in, c->in + len, c->in_len);
	}
}

static void refuse(struct http_connection *c, int status, const char *why)
{
	static const struct http_request unknown;

	c->keeps_alive = false;
	c->is_head = c->is_http_1_0 = false;
	c->ops->request(c->arg, c, &unknown, "", status, why);
	c->ops->moved(c->arg, c);
	consume(c, c->in_len);
}

/* A head that is not complete yet: can it still become one? */
static void check_incomplete(struct http_connection *c)
{
	for (size_t i = 0; i < c->in_len; i++)
		if (c->in[i] == '\n' && (i == 0 || c->in[i - 1] != '\r')) {
			refuse(c, 400, "a line ends otherwise than with CR LF");
			return;
		}
	if (c->in_len < HTTP_HEAD_MAX)
		return;
	if (memchr(c->in, '\n', c->in_len))
		refuse(c, 431, "the fields are too long");
	else
		refuse(c, 414, "the request-line is too long");
}

static void say_continue(struct http_connection *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (!c->has_continued && send(c->fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
		sending_failed(c);
	c->has_continued = true;
}

/*
 * Hand over the request that `in` begins with, if it is complete. The head is parsed in a copy,
 * because parsing changes it and the body may not be there yet. True: it was handed over.
 */
static bool take_request(struct http_connection *c)
{
	static char head[HTTP_HEAD_MAX];
	static struct http_request request;
	size_t len = http_request_head_len(c->in, c->in_len);
	const char *why;
	int status;

	if (len == 0 || len > HTTP_HEAD_MAX) {
		check_incomplete(c);
		return c->state != HTTP_READING;
	}
	memcpy(head, c->in, len);
	status = http_request_parse(head, len, &request, &why);
	if (status == 0 && c->in_len < len + request.body_len) {
		if (request.wants_continue && !request.is_http_1_0)
			say_continue(c);
		return false;
	}
	c->keeps_alive = status == 0 && request.keeps_alive;
	c->is_http_1_0 = request.is_http_1_0;
	c->is_head = request.method == HTTP_HEAD;
	c->ops->request(c->arg, c, &request, c->in + len, status, why);
	c->ops->moved(c->arg, c);
	consume(c, status == 0 ? len + (size_t)request.body_len : c->in_len);
	return true;
}

/* True if something came, or may still come at once. */
static bool read_more(struct http_connection *c)
{
	size_t room = c->in_room ? c->in_room : IN_FIRST;
	ssize_t n;

	while (room - c->in_len < IN_FIRST / 2)
		room *= 2;
	if (room != c->in_room) {
		char *in = realloc(c->in, room);

		if (!in) {
			die(c, "out of memory");
			return false;
		}
		c->in = in;
		c->in_room = room;
	}
	n = recv(c->fd, c->in + c->in_len, c->in_room - c->in_len, 0);
	if (n > 0) {
		c->in_len += (size_t)n;
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		die(c, "the client closed the connection");
	if (c->in_len == 0)
		consume(c, 0);
	return false;
}

static void drop_input(struct http_connection *c)
{
	static char octets[16 * 1024];
	ssize_t n = recv(c->fd, octets, sizeof(octets), 0);

	if (n > 0)
		c->sent += (uint64_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
		(c->state == HTTP_LINGERING && c->sent > LINGER_MAX))
		die(c, "the client closed the connection");
}

/* --- the state machine -------------------------------------------------------- */

static void destroy(struct http_connection *c)
{
	c->ops->closed(c->arg, c, c->why);
	loop_watch_free(c->watch);
	forget_output(c);
	free(c->in);
	close(c->fd);
	free(c);
}

/* Requests that are there are answered as long as their replies go out at once. */
static void advance(struct http_connection *c)
{
	int requests = 0;

	for (; requests < REQUESTS_PER_TURN && !c->is_dead; requests++) {
		if (c->state == HTTP_READING && (c->in_len == 0 || !take_request(c)))
			break;
		if (c->is_dead || c->state != HTTP_SENDING || !write_reply(c))
			break;
	}
	/*
	 * A socket is nearly always writable: the next turn of the loop goes on with the rest. No
	 * more is read before that, or a client that pipelines fills the memory.
	 */
	if (!c->is_dead && c->state == HTTP_READING)
		watch(c, requests == REQUESTS_PER_TURN ? LOOP_WRITE : LOOP_READ);
	if (!c->is_dead && c->state == HTTP_STREAMING)
		watch(c, LOOP_READ | (c->out_at < c->out_len ? LOOP_WRITE : 0));
}

static void stream_ready(struct http_connection *c, int what)
{
	if (what & LOOP_READ)
		drop_input(c);
	if (!c->is_dead && what & LOOP_WRITE && send_memory(c))
		forget_output(c);
}

static void ready(int fd, int what, void *arg)
{
	struct http_connection *c = arg;

	(void)fd;
	if (c->state == HTTP_READING && what & LOOP_READ)
		read_more(c);
	else if (c->state == HTTP_LINGERING)
		drop_input(c);
	else if (c->state == HTTP_STREAMING)
		stream_ready(c, what);
	if (!c->is_dead)
		advance(c);
	if (c->is_dead)
		destroy(c);
}

struct http_connection *http_connection_new(struct loop *loop, int fd, const struct in6_addr *peer,
	const struct http_connection_ops *ops, void *arg)
{
	struct http_connection *c = calloc(1, sizeof(*c));

	if (c) {
		*c = (struct http_connection){.ops = ops,
			.arg = arg,
			.peer = *peer,
			.since_ms = loop_now_ms(),
			.fd = fd,
			.file_fd = -1,
			.watched = LOOP_READ};
		c->watch = loop_watch_new(loop, fd, LOOP_READ, ready, c);
	}
	if (!c || !c->watch) {
		close(fd);
		free(c);
		return NULL;
	}
	return c;
}

void http_connection_close(struct http_connection *c, const char *why)
{
	die(c, why);
	destroy(c);
}

/* --- streams ------------------------------------------------------------------ */

void http_connection_begin_stream(struct http_connection *c, struct http_reply *reply)
{
	c->keeps_alive = false;
	put_head(c, reply, UINT64_MAX);
	begin_sending(c, HTTP_STREAMING);
}

int http_connection_stream(struct http_connection *c, const char *text, size_t len, size_t max)
{
	char size[24];

	if (c->ended_by_us)
		return -ENOBUFS;
	if (c->out_len - c->out_at + len > max) {
		/* Its watch finds the end, and closes it when no callback runs. */
		c->ended_by_us = true;
		shutdown(c->fd, SHUT_RDWR);
		return -ENOBUFS;
	}
	if (!c->is_http_1_0)
		put(c, size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", len));
	put(c, text, len);
	if (!c->is_http_1_0)
		put(c, "\r\n", 2);
	if (c->is_dead || send_memory(c))
		forget_output(c);
	if (c->is_dead) {
		c->ended_by_us = true;
		shutdown(c->fd, SHUT_RDWR);
		return -ENOBUFS;
	}
	watch(c, LOOP_READ | (c->out_at < c->out_len ? LOOP_WRITE : 0));
	return 0;
}

/* --- patience ----------------------------------------------------------------- */

/* Octets that the kernel holds because the client has not taken them. */
static uint64_t octets_in_kernel(const struct http_connection *c)
{
	int octets = 0;

	return ioctl(c->fd, SIOCOUTQ, &octets) < 0 ? 0 : (uint64_t)octets;
}

/* More is added to a stream all the time, so progress is that less waits, or nothing. */
static bool stream_progresses(struct http_connection *c)
{
	uint64_t waiting = c->out_len - c->out_at + octets_in_kernel(c);
	bool progresses = waiting == 0 || waiting < c->seen;

	c->seen = waiting;
	return progresses;
}

const char *http_connection_is_late(
	struct http_connection *c, const struct http_patience *patience, uint64_t now_ms)
{
	uint64_t taken;

	if (c->state == HTTP_READING)
		return now_ms - c->since_ms >= patience->idle_ms ? "no request came in time" : NULL;
	if (c->state == HTTP_LINGERING)
		return now_ms - c->since_ms >= LINGER_MS ? "the client did not close" : NULL;
	if (c->state == HTTP_STREAMING) {
		if (stream_progresses(c))
			c->since_ms = now_ms;
	} else {
		/* The kernel may still hold octets of the reply before this one. */
		taken = c->sent - octets_in_kernel(c);
		if (taken != c->seen)
			c->since_ms = now_ms;
		c->seen = taken;
	}
	if (now_ms - c->since_ms >= patience->stall_ms)
		return "the client took nothing for too long";
	if (c->state == HTTP_STREAMING || now_ms - c->checked_ms < RATE_MS)
		return NULL;
	if ((int64_t)(c->seen - c->checked_seen) <
		(int64_t)(patience->least_rate * (now_ms - c->checked_ms) / 1000))
		return "the client was slower than the least rate";
	c->checked_seen = c->seen;
	c->checked_ms = now_ms;
	return NULL;
}
