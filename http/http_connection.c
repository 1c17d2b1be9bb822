/* SPDX-License-Identifier: ISC */
/*
 * The I/O of a connection. advance() is the only place that reads requests and writes replies in a
 * loop; callbacks of the owner run inside it, so a connection that breaks meanwhile is only marked
 * dead, and freed when advance() ends.
 */
#include "http/http_connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/file_pages.h"
#include "daemon/loop.h"

enum {
	REQUESTS_PER_TURN = 16, /* of a pipelining client */
	LINGER_MAX = 1 << 20,   /* octets that are read and dropped */
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
	if (c->state == HTTP_WAITING)
		watch(c, LOOP_WRITE);
	c->state = state;
	c->since_ms = c->checked_ms = loop_now_ms();
	c->seen = c->out.sent = c->checked_seen = 0;
}

void http_connection_defer(struct http_connection *c)
{
	c->state = HTTP_WAITING;
	c->since_ms = loop_now_ms();
	c->is_deferred = true;
	c->reply_status = 0;
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
	int rc = http_output_send(&c->out, &c->channel);

	if (rc == -EINPROGRESS && http_output_load(&c->out, &c->load, loaded, c) < 0)
		die(c, "out of memory");
	if (rc == 0)
		http_output_clear(&c->out);
	else if (rc == -EIO)
		die(c, "the file became shorter while it was sent");
	else if (rc != -EAGAIN && rc != -EINPROGRESS)
		die(c, http_channel_why(&c->channel, "the client closed the connection"));
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
	http_channel_finish(&c->channel);
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

	/* Nothing else is being sent: if this does not fit, the client does not read. */
	if (!c->has_continued && http_channel_send(&c->channel, text, sizeof(text) - 1, false) < 0)
		die(c, http_channel_why(&c->channel, "the client closed the connection"));
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
	c->is_deferred = false;
	c->ops->request(c->arg, c, &request, body, status, why);
	c->ops->moved(c->arg, c);
	http_input_consume(&c->in, status == 0 ? len : c->in.len);
	return true;
}

static void read_more(struct http_connection *c)
{
	int rc = http_input_receive(&c->in, &c->channel);

	if (rc < 0 && rc != -EAGAIN)
		die(c, rc == -ENOMEM ? "out of memory"
				     : http_channel_why(
					       &c->channel, "the client closed the connection"));
}

static void drop_input(struct http_connection *c)
{
	static char octets[16 * 1024];
	ssize_t n = http_channel_receive(&c->channel, octets, sizeof(octets));

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
	http_channel_close(&c->channel);
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
		watch(c, requests == REQUESTS_PER_TURN || http_channel_has_pending(&c->channel)
				 ? LOOP_WRITE
				 : LOOP_READ);
	if (!c->is_dead && c->state == HTTP_WAITING)
		watch(c, 0);
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

/* True if the handshake is done. It counts as waiting for a request, with the same limit of time.
 */
static bool shake_hands(struct http_connection *c)
{
	int what = LOOP_READ;
	int rc = http_channel_handshake(&c->channel, &what);

	if (rc == -EAGAIN)
		watch(c, what);
	else if (rc < 0)
		die(c, http_channel_why(&c->channel, "the client closed the connection"));
	return rc == 0;
}

static void go_on(struct http_connection *c, int what)
{
	/* Octets that are decrypted already make no socket readable. */
	if (http_channel_has_pending(&c->channel))
		what |= LOOP_READ;
	if (c->state == HTTP_READING && what & LOOP_READ)
		read_more(c);
	else if (c->state == HTTP_LINGERING)
		drop_input(c);
	else if (c->state == HTTP_STREAMING)
		stream_ready(c, what);
	if (!c->is_dead)
		advance(c);
}

static void ready(int fd, int what, void *arg)
{
	struct http_connection *c = arg;

	(void)fd;
	if (c->channel.is_ready || shake_hands(c))
		go_on(c, what);
	if (c->is_dead)
		destroy(c);
}

struct http_connection *http_connection_new(struct loop *loop, int fd, const struct in6_addr *peer,
	const struct http_transport *transport, const struct http_connection_ops *ops, void *arg)
{
	struct http_connection *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	*c = (struct http_connection){.ops = ops,
		.arg = arg,
		.peer = *peer,
		.client = *peer,
		.since_ms = loop_now_ms(),
		.watched = LOOP_READ};
	http_output_init(&c->out);
	if (http_channel_open(&c->channel, fd, peer, transport) < 0) {
		free(c);
		return NULL;
	}
	c->watch = loop_watch_new(loop, fd, LOOP_READ, ready, c);
	if (c->watch)
		return c;
	http_channel_close(&c->channel);
	free(c);
	return NULL;
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
		shutdown(c->channel.fd, SHUT_RDWR);
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
		shutdown(c->channel.fd, SHUT_RDWR);
		return -ENOBUFS;
	}
	watch(c, LOOP_READ | (http_output_waiting(&c->out) ? LOOP_WRITE : 0));
	return 0;
}
