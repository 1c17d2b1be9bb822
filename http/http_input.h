/* SPDX-License-Identifier: ISC */
/*
 * What a connection has received and not handled yet. There is memory only while a request is
 * incomplete or waits for the reply before it.
 */
#ifndef NB6_HTTP_HTTP_INPUT_H
#define NB6_HTTP_HTTP_INPUT_H

#include <stddef.h>

#include "http/http_channel.h"
#include "http/http_request.h"

struct http_input {
	char *octets;
	size_t len, room;
};

void http_input_clear(struct http_input *input);
/* The first `len` octets are handled. */
void http_input_consume(struct http_input *input, size_t len);

/*
 * Receive once, from the channel of the connection. Returns 0; -EAGAIN if nothing is there; -EPIPE
 * if the client has closed the connection; -ENOMEM.
 */
int http_input_receive(struct http_input *input, struct http_channel *channel);

enum { HTTP_INCOMPLETE = -1, HTTP_BODY_INCOMPLETE = -2 };

/*
 * The request that the input begins with. Returns 0, and *body and *len (of head and body): hand it
 * over, then consume it. Otherwise HTTP_INCOMPLETE or HTTP_BODY_INCOMPLETE, or the status to refuse
 * it with and *why; `out` is then as far as it was understood. `out` is valid until the next call
 * of this function for any connection.
 */
int http_input_request(const struct http_input *input, struct http_request *out, const char **body,
	size_t *len, const char **why);

#endif
