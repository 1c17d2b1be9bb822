/* SPDX-License-Identifier: ISC */
/*
 * Events are numbered from 1 without gaps and named INSTANCE-NUMBER; each start of the server has a
 * random instance, so that ids of another start are recognized. A ring keeps their text; its oldest
 * is `first`.
 */
#include "bootd/page/event_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/loop.h"
#include "http/http_server.h"

enum { TICK_MS = 1000 };

struct reader {
	struct reader *next;
	struct http_stream *http;
};

struct event_stream {
	uint64_t instance;
	uint64_t first, last; /* events that are kept; none: first is last + 1 */
	char *kept[EVENTS_KEPT];
	struct reader *readers;
	struct loop_timer *timer;
	unsigned ticks, this_second;
	bool is_behind; /* there were more events than are sent in a second */
	event_tick_fn *tick;
	void *arg;
	struct event_stream_stats stats;
};

static void forget_kept(struct event_stream *stream)
{
	for (; stream->first <= stream->last; stream->first++) {
		free(stream->kept[stream->first % EVENTS_KEPT]);
		stream->kept[stream->first % EVENTS_KEPT] = NULL;
	}
}

const char *event_stream_last_id(const struct event_stream *stream, char text[EVENT_ID_TEXT])
{
	snprintf(text, EVENT_ID_TEXT, "%016" PRIx64 "-%" PRIu64, stream->instance, stream->last);
	return text;
}

static void send_all(struct event_stream *stream, const char *text)
{
	size_t len = strlen(text);

	for (struct reader *reader = stream->readers; reader; reader = reader->next)
		http_stream_send(reader->http, text, len);
}

/* An event in the stream's own text, malloc'ed; NULL: no memory. */
static char *format_event(const char *id, const char *event, const char *data)
{
	char *text;

	return asprintf(&text, "%s%s%sevent: %s\ndata: %s\n\n", id ? "id: " : "", id ? id : "",
		       id ? "\n" : "", event, data) < 0
		       ? NULL
		       : text;
}

/* --- readers ----------------------------------------------------------------- */

/* True if the stream can continue from this id; then *number is the id's event. */
static bool can_continue(const struct event_stream *stream, const char *id, uint64_t *number)
{
	uint64_t instance;
	char rest;

	return id && sscanf(id, "%" SCNx64 "-%" SCNu64 "%c", &instance, number, &rest) == 2 &&
	       instance == stream->instance && *number + 1 >= stream->first &&
	       *number <= stream->last;
}

static void send_resync(struct event_stream *stream, struct http_stream *http)
{
	char id[EVENT_ID_TEXT], text[160];
	int len;

	event_stream_last_id(stream, id);
	len = snprintf(
		text, sizeof(text), "id: %s\nevent: resync\ndata: {\"id\":\"%s\"}\n\n", id, id);
	http_stream_send(http, text, (size_t)len);
	stream->stats.resyncs++;
}

static void send_missed(struct event_stream *stream, struct http_stream *http, uint64_t number)
{
	while (++number <= stream->last) {
		const char *text = stream->kept[number % EVENTS_KEPT];

		http_stream_send(http, text, strlen(text));
	}
}

static void reader_opened(void *arg, struct http_stream *http, const struct http_ask *ask)
{
	struct event_stream *stream = arg;
	struct reader *reader = calloc(1, sizeof(*reader));
	uint64_t number;

	if (can_continue(stream, ask->last_event_id, &number))
		send_missed(stream, http, number);
	else
		send_resync(stream, http);
	if (!reader)
		return; /* no memory: this reader gets no more events */
	*reader = (struct reader){stream->readers, http};
	if (!stream->readers)
		loop_timer_arm(stream->timer, TICK_MS);
	stream->readers = reader;
	stream->stats.readers++;
}

static void reader_closed(void *arg, struct http_stream *http, bool was_slow)
{
	struct event_stream *stream = arg;
	struct reader **at = &stream->readers, *reader;

	stream->stats.cut += was_slow;
	while (*at && (*at)->http != http)
		at = &(*at)->next;
	reader = *at;
	if (!reader)
		return;
	*at = reader->next;
	free(reader);
	stream->stats.readers--;
}

static const struct http_stream_ops reader_ops = {
	.content_type = "text/event-stream",
	.opened = reader_opened,
	.closed = reader_closed,
};

/* --- events -------------------------------------------------------------------- */

static void every_second(void *arg)
{
	struct event_stream *stream = arg;

	stream->this_second = 0;
	if (!stream->readers)
		return;
	if (stream->is_behind)
		for (struct reader *reader = stream->readers; reader; reader = reader->next)
			send_resync(stream, reader->http);
	stream->is_behind = false;
	if (++stream->ticks % EVENT_COMMENT_S == 0)
		send_all(stream, ":\n\n");
	if (stream->tick)
		stream->tick(stream->arg);
	loop_timer_arm(stream->timer, TICK_MS);
}

bool event_stream_wants(struct event_stream *stream)
{
	if (stream->this_second >= EVENTS_PER_S)
		stream->is_behind = true;
	return stream->readers && !stream->is_behind;
}

void event_stream_skip(struct event_stream *stream)
{
	forget_kept(stream);
	stream->last++;
	stream->first = stream->last + 1;
}

static void keep(struct event_stream *stream, char *text)
{
	stream->last++;
	if (stream->last - stream->first == EVENTS_KEPT)
		free(stream->kept[stream->first++ % EVENTS_KEPT]);
	stream->kept[stream->last % EVENTS_KEPT] = text;
}

void event_stream_publish(struct event_stream *stream, const char *event, const char *data)
{
	char id[EVENT_ID_TEXT], *text;

	snprintf(id, sizeof(id), "%016" PRIx64 "-%" PRIu64, stream->instance, stream->last + 1);
	text = format_event(id, event, data);
	if (!text) {
		event_stream_skip(stream);
		stream->is_behind = true;
		return;
	}
	keep(stream, text);
	stream->this_second++;
	stream->stats.events++;
	send_all(stream, text);
}

void event_stream_say(struct event_stream *stream, const char *event, const char *data)
{
	char *text = format_event(NULL, event, data);

	if (text)
		send_all(stream, text);
	free(text);
}

void event_stream_get_stats(const struct event_stream *stream, struct event_stream_stats *stats)
{
	*stats = stream->stats;
}

/* --- life ------------------------------------------------------------------------ */

int event_stream_new(struct event_stream **out, struct loop *loop, struct http_server *http,
	const char *path, event_tick_fn *tick, void *arg)
{
	struct event_stream *stream = calloc(1, sizeof(*stream));
	int rc;

	*out = NULL;
	if (!stream)
		return -ENOMEM;
	*stream = (struct event_stream){.first = 1, .tick = tick, .arg = arg};
	if (getrandom(&stream->instance, sizeof(stream->instance), 0) != sizeof(stream->instance))
		stream->instance = loop_now_ms();
	stream->timer = loop_timer_new(loop, every_second, stream);
	rc = stream->timer ? http_server_stream(http, path, &reader_ops, stream) : -ENOMEM;
	if (rc < 0) {
		event_stream_free(stream);
		return rc;
	}
	*out = stream;
	return 0;
}

void event_stream_free(struct event_stream *stream)
{
	if (!stream)
		return;
	forget_kept(stream);
	loop_timer_free(stream->timer);
	free(stream);
}
