/* SPDX-License-Identifier: ISC */
/*
 * Toward the servers: what to put in front of a message from a client or
 * from a relay below (RFC 9915 section 19.1). Decides and builds; sends
 * nothing.
 */
#ifndef NB6_RELAYD_PACKET_FORWARD_H
#define NB6_RELAYD_PACKET_FORWARD_H

#include "daemon/udp.h"
#include "relayd/links/client_link.h"

/*
 * A client's message that came in on `cl`. Builds the Relay-forward header,
 * up to and with the header of the Relay Message option, into `header`;
 * the message itself follows it on the wire, untouched.
 *
 * mac   the six octets of the frame's source, NULL: not known
 *
 * Returns RELAY_PASS and *len, or why the message goes no further.
 */
enum relay_drop forward_client_message(const struct client_link *cl,
	const struct udp_datagram *datagram, const uint8_t *mac, uint8_t header[FORWARD_HEADER_MAX],
	size_t *len);

/* What is allowed to relays below. */
struct forward_policy {
	bool trusted;  /* relays may be on the link that it came in on */
	bool rsoo;     /* they may supply options for the client (RFC 6422 section 5) */
	bool own_port; /* we send to servers from another port than 547 (RFC 8357) */
};

/*
 * A Relay-forward from a relay below. `cl` is the client link that it came in
 * on, NULL where it is another link.
 */
enum relay_drop forward_relayed_message(const struct client_link *cl, struct forward_policy policy,
	const struct udp_datagram *datagram, uint8_t header[FORWARD_HEADER_MAX], size_t *len);

#endif
