/* SPDX-License-Identifier: ISC */
/*
 * What a peer of the control socket is to read, and has not read yet. Nobody waits for it:
 *
 *   - an answer it asked for is kept, up to a bound; past that the peer is `broken`,
 *     as is one whose connection failed. Its owner closes it when it gets to it.
 *   - an event has less room, so that there is some left for answers; what finds none is
 *     counted, and the count sent as {"lost": N} once half of that room is free.
 */
#ifndef NB6_DAEMON_CONTROL_OUTPUT_H
#define NB6_DAEMON_CONTROL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop_watch;

struct control_output {
	int fd;                   /* borrowed */
	struct loop_watch *watch; /* of fd, borrowed: set when there is something to write */
	bool broken;              /* to be closed */
	uint64_t lost;            /* events that the peer was too slow for, not reported yet */
	char *text;
	size_t len, size;
};

void control_output_fini(struct control_output *output);

/* Send JSON as one line, borrowed; NULL (no memory for an answer) breaks the output. */
void control_output_send(struct control_output *output, const json_t *json);
/* The same for an event that is text already, made once for all who watch. */
void control_output_send_event(struct control_output *output, const char *text, size_t len);
/* The descriptor takes more: write what waits, then what was lost. */
void control_output_ready(struct control_output *output);

#endif
