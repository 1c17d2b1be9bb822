/* SPDX-License-Identifier: ISC */
/*
 * Lines for a peer in one buffer, written from its front as the peer reads: at once where
 * it keeps up, else when the loop says that there is room again.
 */
#include "daemon/control_output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/loop.h"

enum {
	OUTPUT_MAX = 16 << 20, /* answers that wait to be read */
	EVENTS_MAX = 1 << 20,  /* the same where another event is to be added */
};

void control_output_fini(struct control_output *output)
{
	free(output->text);
	*output = (struct control_output){.fd = -1};
}

/* Write what waits; the loop calls again for the rest. */
static void output_flush(struct control_output *output)
{
	size_t sent = 0;

	while (sent < output->len) {
		ssize_t n = send(output->fd, output->text + sent, output->len - sent,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			output->broken = true;
			break;
		}
		sent += (size_t)n;
	}
	output->len -= sent;
	if (sent > 0) /* else a deaf client would have it all copied for each answer */
		memmove(output->text, output->text + sent, output->len);
	loop_watch_set(output->watch, LOOP_READ | (output->len ? LOOP_WRITE : 0));
}

static int output_append(struct control_output *output, const char *text, size_t len)
{
	size_t need = output->len + len + 1;

	if (need > OUTPUT_MAX)
		return -ENOBUFS;
	if (need > output->size) {
		char *grown = realloc(output->text, need * 2);

		if (!grown)
			return -ENOMEM;
		output->text = grown;
		output->size = need * 2;
	}
	memcpy(output->text + output->len, text, len);
	output->text[output->len + len] = '\n';
	output->len = need;
	return 0;
}

/* Send one JSON line. A client that does not read is marked for closing. */
void control_output_send(struct control_output *output, const json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (!text || output_append(output, text, strlen(text)) < 0)
		output->broken = true;
	else
		output_flush(output);
	free(text);
}

/* There is room again: say what did not find any. */
static void output_tell_lost(struct control_output *output)
{
	char line[48];

	if (output->lost == 0 || output->len > EVENTS_MAX / 2)
		return;
	snprintf(line, sizeof(line), "{\"lost\":%" PRIu64 "}", output->lost);
	output->lost = 0;
	if (output_append(output, line, strlen(line)) < 0)
		output->broken = true;
	else
		output_flush(output);
}

/* Send an event, or count it as lost: its maker has other things to do than to wait. */
void control_output_send_event(struct control_output *output, const char *text, size_t len)
{
	output_tell_lost(output);
	if (output->broken)
		return;
	if (output->lost > 0 || output->len + len + 1 > EVENTS_MAX ||
		output_append(output, text, len) < 0)
		output->lost++;
	else
		output_flush(output);
}

void control_output_ready(struct control_output *output)
{
	output_flush(output);
	output_tell_lost(output);
}
