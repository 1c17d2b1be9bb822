/* SPDX-License-Identifier: ISC */
/*
 * How long a connection may take: for a request (and the handshake of a secure transport before
 * the first one), for reading the reply, for a pause. A client that is slower is closed, so that
 * nobody keeps a connection by doing nothing.
 */
#ifndef NB6_HTTP_HTTP_PATIENCE_H
#define NB6_HTTP_HTTP_PATIENCE_H

#include "http/http_connection.h"

/* Limits of time, in milliseconds, and of a download's rate. */
struct http_patience {
	uint64_t idle_ms;    /* a request must be complete by then */
	uint64_t stall_ms;   /* a client that takes nothing for so long is dropped */
	uint64_t least_rate; /* octets a second that a download must reach */
};

/* NULL, or why the connection is to be closed now. Call it about once a second. */
const char *http_patience_is_over(
	struct http_connection *connection, const struct http_patience *patience, uint64_t now_ms);

#endif
