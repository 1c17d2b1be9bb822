/* SPDX-License-Identifier: ISC */
#include "http/http_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 1024 };

void http_input_clear(struct http_input *in)
{
	free(in->octets);
	*in = (struct http_input){0};
}

void http_input_consume(struct http_input *in, size_t len)
{
	in->len -= len;
	if (in->len == 0)
		http_input_clear(in);
	else
		memmove(in->octets, in->octets + len, in->len);
}

static int make_room(struct http_input *in)
{
	size_t room = in->room ? in->room : ROOM_FIRST;
	char *grown;

	while (room - in->len < ROOM_FIRST / 2)
		room *= 2;
	if (room == in->room)
		return 0;
	grown = realloc(in->octets, room);
	if (!grown)
		return -ENOMEM;
	in->octets = grown;
	in->room = room;
	return 0;
}

int http_input_receive(struct http_input *in, struct http_channel *channel)
{
	ssize_t n;

	if (make_room(in) < 0)
		return -ENOMEM;
	n = http_channel_receive(channel, in->octets + in->len, in->room - in->len);
	if (n > 0) {
		in->len += (size_t)n;
		return 0;
	}
	if (in->len == 0)
		http_input_clear(in);
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? -EAGAIN : -EPIPE;
}

/* A head that is not complete yet: can it still become one? */
static int check_incomplete(const struct http_input *in, const char **why)
{
	for (size_t i = 0; i < in->len; i++)
		if (in->octets[i] == '\n' && (i == 0 || in->octets[i - 1] != '\r')) {
			*why = "a line ends otherwise than with CR LF";
			return 400;
		}
	if (in->len < HTTP_HEAD_MAX)
		return HTTP_INCOMPLETE;
	if (memchr(in->octets, '\n', in->len)) {
		*why = "the fields are too long";
		return 431;
	}
	*why = "the request-line is too long";
	return 414;
}

int http_input_request(const struct http_input *in, struct http_request *out, const char **body,
	size_t *len, const char **why)
{
	/* Parsing changes the head, which is needed again if the body is not there yet. */
	static char head[HTTP_HEAD_MAX];
	size_t head_len = http_request_head_len(in->octets, in->len);
	int status;

	if (head_len == 0 || head_len > HTTP_HEAD_MAX) {
		*out = (struct http_request){0};
		return check_incomplete(in, why);
	}
	memcpy(head, in->octets, head_len);
	status = http_request_parse(head, head_len, out, why);
	*body = in->octets + head_len;
	*len = head_len + (size_t)out->body_len;
	return status == 0 && in->len < *len ? HTTP_BODY_INCOMPLETE : status;
}
