/* SPDX-License-Identifier: ISC */
/*
 * What a client has taken is known from the kernel: octets sent, less those in the send buffer. An
 * encrypted connection has some more there than it has sent, at most 22 octets for each record of
 * 16 KiB, which is too little to matter for the least rate.
 */
#include "http/http_patience.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

enum {
	LINGER_MS = 2000,
	RATE_MS = 30000, /* the least rate is measured over this time */
};

/* Octets that the kernel holds because the client has not taken them. */
static uint64_t octets_in_kernel(const struct http_connection *c)
{
	int octets = 0;

	return ioctl(c->channel.fd, SIOCOUTQ, &octets) < 0 ? 0 : (uint64_t)octets;
}

/* More is added to a stream all the time, so progress is that less waits, or nothing. */
static bool stream_progresses(struct http_connection *c)
{
	uint64_t waiting = http_output_in_memory(&c->out) + octets_in_kernel(c);
	bool progresses = waiting == 0 || waiting < c->seen;

	c->seen = waiting;
	return progresses;
}

const char *http_patience_is_over(
	struct http_connection *c, const struct http_patience *patience, uint64_t now_ms)
{
	uint64_t taken;

	if (c->state == HTTP_READING)
		return now_ms - c->since_ms >= patience->idle_ms ? "no request came in time" : NULL;
	if (c->state == HTTP_WAITING)
		return now_ms - c->since_ms >= patience->stall_ms
			       ? "the reply was not ready in time"
			       : NULL;
	if (c->state == HTTP_LINGERING)
		return now_ms - c->since_ms >= LINGER_MS ? "the client did not close" : NULL;
	if (c->state == HTTP_STREAMING) {
		if (stream_progresses(c))
			c->since_ms = now_ms;
	} else {
		/* The kernel may still hold octets of the reply before this one. */
		taken = c->out.sent - octets_in_kernel(c);
		if (taken != c->seen || c->load)
			c->since_ms = now_ms;
		if (c->load) /* a slow disk is not the client's fault */
			c->checked_ms = now_ms;
		c->seen = taken;
	}
	if (now_ms - c->since_ms >= patience->stall_ms)
		return "the client took nothing for too long";
	if (c->state == HTTP_STREAMING || now_ms - c->checked_ms < RATE_MS)
		return NULL;
	if ((int64_t)(c->seen - c->checked_seen) <
		(int64_t)(patience->least_rate * (now_ms - c->checked_ms) / 1000))
		return "the client was slower than the least rate";
	c->checked_seen = c->seen;
	c->checked_ms = now_ms;
	return NULL;
}
