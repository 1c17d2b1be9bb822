/* SPDX-License-Identifier: ISC */
/*
 * Tracing (netboot6 relay trace): each message of chosen clients, in both directions, with the
 * relay's decision about it and the reason.
 *
 * While nobody traces, the packet path has one branch for it, `if (trace->filters)`. Everything
 * that a trace shows is read afterwards, from the datagram and from the header that the relay put
 * in front of it, so nothing has to be kept for it.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_TRACE_H
#define NB6_RELAYD_VIEW_RELAY_TRACE_H

#include "daemon/control.h"
#include "daemon/udp.h"
#include "relayd/view/relay_view.h"

struct trace_filter;

struct relay_trace {
	struct control *control;      /* borrowed; NULL: nobody can trace */
	const struct relay_view *view; /* borrowed */
	struct trace_filter *filters; /* one for each stream; NULL: nobody traces */
};

/*
 * The command "trace [mac=M] [duid=D] [link=NAME] [address=A]": see struct control_command. *filter
 * is what relay_trace_close() takes back.
 */
json_t *relay_trace_open(
	struct relay_trace *trace, int n_words, char *const words[], void **filter);
void relay_trace_close(struct relay_trace *trace, void *filter);

/*
 * A message from a client or a relay below was handled. `cl` is the client link it came in on, or
 * NULL; `mac` the MAC of its frame, NULL: not known. If it was forwarded (drop is RELAY_PASS),
 * `header` is what was put in front of it and `chosen` the servers it went to, as bits by index.
 */
void relay_trace_request(struct relay_trace *trace, const struct client_link *cl,
	const struct udp_datagram *d, const uint8_t *mac, const uint8_t *header, unsigned chosen,
	enum relay_drop drop);

/*
 * A Relay-reply was handled. `cl` is the client link that it leads to, or NULL; `to` and `port` are
 * where the message in it went.
 */
void relay_trace_reply(struct relay_trace *trace, const struct client_link *cl,
	const struct udp_datagram *d, const struct in6_addr *to, uint16_t port,
	enum relay_drop drop);

/* The kernel refused to send this datagram to a server, or (NULL) to a client or relay below. */
void relay_trace_refused(struct relay_trace *trace, const struct udp_outgoing *datagram,
	const struct server_path *server, int error);

#endif
