/* SPDX-License-Identifier: ISC */
/*
 * Toward the clients: where the message inside a Relay-reply goes
 * (RFC 9915 section 19.2). Decides; sends nothing.
 */
#ifndef NB6_RELAYD_PACKET_REPLY_H
#define NB6_RELAYD_PACKET_REPLY_H

#include "daemon/udp.h"
#include "dhcp6/wire.h"
#include "relayd/links/client_links.h"

/* Where to, and what: a view into the datagram, to be sent unchanged. */
struct reply {
	struct client_link *cl; /* NULL: to a relay beyond, by routing */
	struct in6_addr to;
	uint16_t port;
	struct wire_in message;
	uint8_t message_type;
};

/*
 * A datagram that begins as a Relay-reply, from a server that is one of ours.
 * Returns RELAY_PASS and *reply, or why it goes no further.
 */
enum relay_drop reply_decide(
	const struct client_links *links, const struct udp_datagram *datagram, struct reply *reply);

#endif
