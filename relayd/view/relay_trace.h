/* SPDX-License-Identifier: ISC */
/*
 * Tracing (netboot6 relay trace): each message of the clients that somebody
 * asks for, in both directions, with what was decided about it and why.
 *
 * The packet path has one branch for it, `if (relay->tracers)`. All that is
 * told is found out afterwards, from the datagram and from the very octets that
 * were put in front of it, so that nothing is kept while nobody traces.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_TRACE_H
#define NB6_RELAYD_VIEW_RELAY_TRACE_H

#include "relayd/relay.h"

/* Of the command "trace [mac=M] [duid=D] [link=NAME] [address=A]"; `arg` is a relay_daemon. */
json_t *relay_trace_open(void *arg, int n_words, char *const words[], void **filter);
void relay_trace_close(void *arg, void *filter);

/*
 * A datagram was decided upon. `cl`: the client link that it came in on, or NULL; `header`:
 * what goes in front, where it goes to servers; then relay->chosen says to which.
 */
void relay_trace_datagram(struct relay *relay, const struct client_link *cl,
	const struct udp_datagram *d, const uint8_t *header, enum relay_drop drop);

/* The kernel did not take it. `server`: where it was to go, NULL for a reply. */
void relay_trace_refused(struct relay *relay, const struct udp_outgoing *datagram,
	const struct server_path *server, int error);

#endif
