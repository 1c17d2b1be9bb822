/* SPDX-License-Identifier: ISC */
/*
 * A reply's fields are collected as text, because a handler knows them before the connection knows
 * how the body is framed; http_reply_head() puts both together.
 */
#include "http/http_reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/http_fields.h"

/* RFC 9110 section 15 */
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

bool http_reply_has_body(const struct http_reply *reply)
{
	return reply->status != 304 && reply->status != 204;
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

static const char *connection_field(const struct http_framing *framing)
{
	if (!framing->keeps_alive)
		return "Connection: close\r\n";
	return framing->is_http_1_0 ? "Connection: keep-alive\r\n" : "";
}

size_t http_reply_head(const struct http_reply *reply, const struct http_framing *framing,
	char out[HTTP_REPLY_HEAD_SIZE])
{
	char length[64] = "";

	if (framing->body_len == HTTP_NO_END)
		strcpy(length, framing->is_http_1_0 ? "" : "Transfer-Encoding: chunked\r\n");
	else if (http_reply_has_body(reply))
		snprintf(length, sizeof(length), "Content-Length: %llu\r\n",
			(unsigned long long)framing->body_len);
	return (size_t)snprintf(out, HTTP_REPLY_HEAD_SIZE,
		"HTTP/1.1 %d %s\r\nDate: %s\r\n%.*s%s%s\r\n", reply->status,
		reason_of(reply->status), date_now(), (int)reply->len, reply->fields, length,
		connection_field(framing));
}
