/* SPDX-License-Identifier: ISC */
/*
 * Toward the clients: where the message inside a Relay-reply goes (RFC 9915 section 19.2). Decides;
 * sends nothing.
 */
#ifndef NB6_RELAYD_PACKET_REPLY_H
#define NB6_RELAYD_PACKET_REPLY_H

#include "daemon/udp.h"
#include "dhcp6/wire.h"
#include "relayd/links/client_links.h"

/* The message, a view into the datagram that is sent on unchanged, and its destination. */
struct reply {
	struct client_link *cl; /* the link to send it out on; NULL: by routing, to a relay below */
	struct in6_addr to;
	uint16_t port;
	struct wire_in message;
	uint8_t message_type;
};

/*
 * For a datagram that begins as a Relay-reply and comes from a configured server. Returns RELAY_PASS
 * and *reply, or the reason to drop it.
 */
enum relay_drop reply_decide(
	const struct client_links *links, const struct udp_datagram *datagram, struct reply *reply);

#endif
