/* SPDX-License-Identifier: ISC */
/*
 * Handlers: from evhttp's request to a struct http_ask, and back.
 */
#include "bootd/http/http_handler.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/http/http_reply.h"

int http_handlers_add(
	struct http_handler **handlers, const char *path, const struct http_handler *what)
{
	struct http_handler *handler;

	if (http_handlers_find(*handlers, path))
		return -EEXIST;
	handler = malloc(sizeof(*handler));
	if (!handler)
		return -ENOMEM;
	*handler = *what;
	handler->path = strdup(path);
	if (!handler->path) {
		free(handler);
		return -ENOMEM;
	}
	handler->next = *handlers;
	*handlers = handler;
	return 0;
}

const struct http_handler *http_handlers_find(const struct http_handler *handlers, const char *path)
{
	while (handlers && strcmp(handlers->path, path) != 0)
		handlers = handlers->next;
	return handlers;
}

void http_handlers_free(struct http_handler **handlers)
{
	while (*handlers) {
		struct http_handler *handler = *handlers;

		*handlers = handler->next;
		free(handler->path);
		free(handler);
	}
}

static int read_method(struct evhttp_request *request, enum http_method *out)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET:
		*out = HTTP_GET;
		return 0;
	case EVHTTP_REQ_HEAD:
		*out = HTTP_HEAD;
		return 0;
	case EVHTTP_REQ_POST:
		*out = HTTP_POST;
		return 0;
	default:
		return -EINVAL;
	}
}

static int refuse(struct evhttp_request *request, int status, const char *why)
{
	http_reply_text(request, status, why);
	return status;
}

int http_handler_ask(const struct http_handler *handler, struct evhttp_request *request,
	const char *query_text, const struct in6_addr *peer, struct http_query *query,
	struct http_ask *ask)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request);

	*ask = (struct http_ask){
		.path = handler->path,
		.query = query,
		.peer = *peer,
		.body = "",
		.body_len = evbuffer_get_length(body),
		.last_event_id = evhttp_find_header(
			evhttp_request_get_input_headers(request), "Last-Event-ID"),
	};
	if (read_method(request, &ask->method) < 0) {
		http_reply_header(request, "Allow", "GET, HEAD, POST");
		return refuse(request, 405, "only GET, HEAD and POST are answered here");
	}
	if (http_query_parse(query, query_text) < 0)
		return refuse(request, 400, "the query is malformed");
	if (ask->body_len > 0)
		ask->body = (const char *)evbuffer_pullup(body, -1);
	return 0;
}

int http_handler_answer(const struct http_handler *handler, struct evhttp_request *request,
	const char *query_text, const struct in6_addr *peer)
{
	struct http_answer answer = {.status = 0};
	struct http_query query;
	struct http_ask ask;
	int refused = http_handler_ask(handler, request, query_text, peer, &query, &ask);

	if (refused)
		return refused;
	handler->call(handler->arg, &ask, &answer);
	if (answer.status == 0)
		return refuse(request, 500, "there is no answer; the log may say why");
	http_reply_header(request, "Cache-Control", "no-store");
	if (answer.policy)
		http_reply_header(request, "Content-Security-Policy", "%s", answer.policy);
	http_reply_body(request, answer.status, answer.content_type, answer.body, answer.len);
	free(answer.body);
	return answer.status;
}
