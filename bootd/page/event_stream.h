/* SPDX-License-Identifier: ISC */
/*
 * A stream of events for browsers: Server-Sent Events (WHATWG HTML, section 9.2).
 *
 *	opened -> the events since its Last-Event-ID, or "resync" -> event, event...
 *
 * The last EVENTS_KEPT are kept for readers that come back after a short while. A reader that
 * cannot continue from its last event gets "resync": it has to fetch everything again. So do all
 * readers, once a second, while there are more than EVENTS_PER_S events: a storm of boots costs a
 * bounded amount of work, and a slow reader delays nobody.
 */
#ifndef NB6_BOOTD_PAGE_EVENT_STREAM_H
#define NB6_BOOTD_PAGE_EVENT_STREAM_H

#include <stdbool.h>
#include <stdint.h>

struct event_stream;
struct http_server;
struct loop;

enum {
	EVENTS_KEPT = 512,
	EVENTS_PER_S = 500,
	EVENT_ID_TEXT = 40,
	EVENT_COMMENT_S = 15, /* a comment line, for proxies that end silent connections */
};

struct event_stream_stats {
	unsigned readers; /* now */
	uint64_t events;  /* sent, each once however many read it */
	uint64_t resyncs; /* times that a reader had to fetch everything again */
	uint64_t cut;     /* readers that were too slow */
};

/* Called once a second while somebody reads. */
typedef void event_tick_fn(void *arg);

/* On this path of the server, which must outlive the stream's last use. Returns 0 or -errno. */
int event_stream_new(struct event_stream **stream, struct loop *loop, struct http_server *http,
	const char *path, event_tick_fn *tick, void *arg);
void event_stream_free(struct event_stream *stream); /* after the server; NULL is fine */

/* Will anybody read the next event? If not, call event_stream_skip() for it. */
bool event_stream_wants(struct event_stream *stream);
void event_stream_skip(struct event_stream *stream);

/* `data` is one line. publish() numbers and keeps the event, say() only sends it, without a number.
 */
void event_stream_publish(struct event_stream *stream, const char *event, const char *data);
void event_stream_say(struct event_stream *stream, const char *event, const char *data);

/* The id of the last event. Ids that begin alike are of the same start of the server. */
const char *event_stream_last_id(const struct event_stream *stream, char text[EVENT_ID_TEXT]);

void event_stream_get_stats(const struct event_stream *stream, struct event_stream_stats *stats);

#endif
