/* SPDX-License-Identifier: ISC */
/* Replies without an end: each piece is a chunk of evhttp's, cut off where nobody takes them. */
#include "bootd/http/http_stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bootd/http/http_reply.h"

struct http_stream {
	const struct http_handler *handler;
	struct evhttp_request *request;
	struct http_connection *connection;
	struct evbuffer *piece; /* empty but while it is sent */
	bool is_cut;
};

static struct http_stream *new_stream(const struct http_handler *handler,
	struct evhttp_request *request, struct http_connection *connection)
{
	struct http_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	*stream = (struct http_stream){handler, request, connection, evbuffer_new(), false};
	if (!stream->piece) {
		free(stream);
		return NULL;
	}
	return stream;
}

void http_stream_open(const struct http_handler *handler, struct evhttp_request *request,
	const char *query_text, struct http_connection *connection)
{
	struct http_stream *stream;
	struct http_query query;
	struct http_ask ask;

	if (http_handler_ask(handler, request, query_text, &connection->peer, &query, &ask) != 0)
		return;
	if (ask.method != HTTP_GET) {
		http_reply_header(request, "Allow", "GET");
		http_reply_text(request, 405, "a stream is only read: GET");
		return;
	}
	stream = new_stream(handler, request, connection);
	if (!stream) {
		http_reply_text(request, 503, "out of memory");
		return;
	}
	http_reply_header(request, "Content-Type", "%s", handler->stream->content_type);
	http_reply_header(request, "Cache-Control", "no-store");
	http_reply_header(
		request, "X-Accel-Buffering", "no"); /* a proxy shall pass it on at once */
	connection->stream = stream;
	evhttp_send_reply_start(request, 200, http_reason(200));
	handler->stream->opened(handler->arg, stream, &ask);
}

int http_stream_send(struct http_stream *stream, const char *text, size_t len)
{
	if (stream->is_cut)
		return -ENOBUFS;
	if (http_connection_unsent(stream->connection) + len > HTTP_STREAM_MAX ||
		evbuffer_add(stream->piece, text, len) < 0) {
		stream->is_cut = true;
		shutdown(bufferevent_getfd(stream->connection->bev), SHUT_RDWR);
		return -ENOBUFS;
	}
	evhttp_send_reply_chunk(stream->request, stream->piece);
	return 0;
}

void http_stream_closed(struct http_connection *connection)
{
	struct http_stream *stream = connection->stream;

	if (!stream)
		return;
	connection->stream = NULL;
	stream->handler->stream->closed(
		stream->handler->arg, stream, stream->is_cut || connection->ended);
	/* A request that lost its connection under way is left to who answers it. */
	if (!evhttp_request_get_connection(stream->request))
		evhttp_send_reply_end(stream->request);
	evbuffer_free(stream->piece);
	free(stream);
}
