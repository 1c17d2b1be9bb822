/* SPDX-License-Identifier: ISC */
/*
 * The I/O of a connection. advance() is the only place that reads requests and writes replies in a
 * loop; callbacks of the owner run inside it, so a connection that breaks meanwhile is only marked
 * dead, and freed when advance() ends.
 */
#include "http/http_connection.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/file_pages.h"
#include "daemon/loop.h"

enum {
	REQUESTS_PER_TURN = 16, /* of a pipelining client */
	LINGER_MS = 2000,
	LINGER_MAX = 1 << 20, /* octets that are read and dropped */
	RATE_MS = 30000,      /* the least rate is measured over this time */
};

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

static void put(struct http_connection *c, const char *octets, size_t len)
{
	if (http_output_add(&c->out, octets, len) < 0)
		die(c, "out of memory");
}

/* `len` of the body, or HTTP_NO_END. */
static void put_head(struct http_connection *c, const struct http_reply *reply, uint64_t len)
{
	const struct http_framing framing = {len, c->keeps_alive, c->is_http_1_0};
	char head[HTTP_REPLY_HEAD_SIZE];

	c->reply_status = reply->status;
	put(c, head, http_reply_head(reply, &framing, head));
}

static void begin_sending(struct http_connection *c, enum http_state state)
{
	c->state = state;
	c->since_ms = c->checked_ms = loop_now_ms();
	c->seen = c->out.sent = c->checked_seen = 0;
}

void http_connection_send(
	struct http_connection *c, struct http_reply *reply, const char *body, size_t len)
{
	put_head(c, reply, len);
	if (!c->is_head && http_reply_has_body(reply))
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

void http_connection_send_file(struct http_connection *c, struct http_reply *reply, int fd,
	const struct http_range *range, struct thread_pool *readers)
{
	int rc = 0;

	put_head(c, reply, range->length);
	begin_sending(c, HTTP_SENDING);
	if (c->is_head)
		close(fd);
	else
		rc = http_output_add_file(&c->out, fd, range->first, range->length, readers);
	if (rc < 0)
		die(c, rc == -ENOMEM ? "out of memory" : "the file cannot be read");
}

uint64_t http_connection_unsent(const struct http_connection *c)
{
	return http_output_waiting(&c->out);
}

/* --- sending ----------------------------------------------------------------- */

static void loaded(void *arg)
{
	struct http_connection *c = arg;

	c->load = NULL;
	watch(c, LOOP_WRITE);
}

/* True if all is sent. */
static bool send_output(struct http_connection *c)
{
	int rc = http_output_send(&c->out, c->fd);

	if (rc == -EINPROGRESS && http_output_load(&c->out, &c->load, loaded, c) < 0)
		die(c, "out of memory");
	if (rc == 0)
		http_output_clear(&c->out);
	else if (rc == -EIO)
		die(c, "the file became shorter while it was sent");
	else if (rc != -EAGAIN && rc != -EINPROGRESS)
		die(c, "the client closed the connection");
	return rc == 0;
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
	c->dropped = 0;
	shutdown(c->fd, SHUT_WR);
}

/* True if the reply is sent, and the next request may be looked at. */
static bool write_reply(struct http_connection *c)
{
	if (!send_output(c)) {
		watch(c, c->load ? 0 : LOOP_WRITE);
		return false;
	}
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

static void say_continue(struct http_connection *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (!c->has_continued && send(c->fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0 &&
		errno != EAGAIN && errno != EINTR)
		die(c, "the client closed the connection");
	c->has_continued = true;
}

/* Hand over the request that `in` begins with, if it is complete. True: it was handed over. */
static bool take_request(struct http_connection *c)
{
	static struct http_request request;
	const char *why = NULL, *body = "";
	size_t len = 0;
	int status = http_input_request(&c->in, &request, &body, &len, &why);

	if (status == HTTP_BODY_INCOMPLETE && request.wants_continue && !request.is_http_1_0)
		say_continue(c);
	if (status == HTTP_INCOMPLETE || status == HTTP_BODY_INCOMPLETE)
		return false;
	c->keeps_alive = status == 0 && request.keeps_alive;
	c->is_http_1_0 = request.is_http_1_0;
	c->is_head = request.method == HTTP_HEAD;
	c->ops->request(c->arg, c, &request, body, status, why);
	c->ops->moved(c->arg, c);
	http_input_consume(&c->in, status == 0 ? len : c->in.len);
	return true;
}

static void read_more(struct http_connection *c)
{
	int rc = http_input_receive(&c->in, c->fd);

	if (rc < 0 && rc != -EAGAIN)
		die(c, rc == -ENOMEM ? "out of memory" : "the client closed the connection");
}

static void drop_input(struct http_connection *c)
{
	static char octets[16 * 1024];
	ssize_t n = recv(c->fd, octets, sizeof(octets), 0);

	if (n > 0)
		c->dropped += (uint64_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
		(c->state == HTTP_LINGERING && c->dropped > LINGER_MAX))
		die(c, "the client closed the connection");
}

/* --- the state machine -------------------------------------------------------- */

static void destroy(struct http_connection *c)
{
	c->ops->closed(c->arg, c, c->why);
	file_load_cancel(c->load);
	loop_watch_free(c->watch);
	http_output_clear(&c->out);
	http_input_clear(&c->in);
	close(c->fd);
	free(c);
}

/* Requests that are there are answered as long as their replies go out at once. */
static void advance(struct http_connection *c)
{
	int requests = 0;

	for (; requests < REQUESTS_PER_TURN && !c->is_dead; requests++) {
		if (c->state == HTTP_READING && (c->in.len == 0 || !take_request(c)))
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
		watch(c, LOOP_READ | (http_output_waiting(&c->out) ? LOOP_WRITE : 0));
}

static void stream_ready(struct http_connection *c, int what)
{
	if (what & LOOP_READ)
		drop_input(c);
	if (!c->is_dead && what & LOOP_WRITE)
		send_output(c);
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
			.watched = LOOP_READ};
		http_output_init(&c->out);
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
	put_head(c, reply, HTTP_NO_END);
	begin_sending(c, HTTP_STREAMING);
}

int http_connection_stream(struct http_connection *c, const char *text, size_t len, size_t max)
{
	char size[24];

	if (c->ended_by_us)
		return -ENOBUFS;
	if (http_output_in_memory(&c->out) + len > max) {
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
	if (!c->is_dead)
		send_output(c);
	if (c->is_dead) {
		c->ended_by_us = true;
		shutdown(c->fd, SHUT_RDWR);
		return -ENOBUFS;
	}
	watch(c, LOOP_READ | (http_output_waiting(&c->out) ? LOOP_WRITE : 0));
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
	uint64_t waiting = http_output_in_memory(&c->out) + octets_in_kernel(c);
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
		taken = c->out.sent - octets_in_kernel(c);
		if (taken != c->seen || c->load)
			c->since_ms = now_ms;
		if (c->load) /* a slow disk is not the client's fault */
			c->checked_ms = now_ms;
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
