/* SPDX-License-Identifier: ISC */
/*
 * Short replies, and the making of handlers' answers.
 */
#include "bootd/http/http_reply.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/http/http_server.h"

const char *http_reason(int status)
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
		{414, "URI Too Long"},
		{416, "Range Not Satisfiable"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].status == status)
			return known[i].reason;
	return status < 400 ? "OK" : "Error";
}

bool http_request_is_head(struct evhttp_request *request)
{
	return evhttp_request_get_command(request) == EVHTTP_REQ_HEAD;
}

void http_reply_header(struct evhttp_request *request, const char *name, const char *fmt, ...)
{
	char value[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

void http_reply_body(struct evhttp_request *request, int status, const char *content_type,
	const char *body, size_t len)
{
	http_reply_header(request, "Content-Type", "%s", content_type);
	http_reply_header(request, "Content-Length", "%zu", len);
	if (len > 0 && !http_request_is_head(request))
		evbuffer_add(evhttp_request_get_output_buffer(request), body, len);
	evhttp_send_reply(request, status, http_reason(status), NULL);
}

void http_reply_text(struct evhttp_request *request, int status, const char *text)
{
	char line[512];
	int len = snprintf(line, sizeof(line), "%.500s\n", text);

	http_reply_body(request, status, "text/plain; charset=utf-8", line, (size_t)len);
}

void http_answer_text(struct http_answer *answer, int status, const char *fmt, ...)
{
	char *body = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&body, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;   /* out of memory: status stays 0, and 500 is answered */
	body[len] = '\n'; /* in place of its NUL: the length counts */
	http_answer_body(answer, status, "text/plain; charset=utf-8", body, (size_t)len + 1);
}

void http_answer_body(
	struct http_answer *answer, int status, const char *content_type, char *body, size_t len)
{
	free(answer->body);
	*answer = (struct http_answer){
		.status = status,
		.content_type = content_type,
		.body = body,
		.len = len,
	};
}
