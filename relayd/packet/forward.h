/* SPDX-License-Identifier: ISC */
/*
 * Toward the servers: the Relay-forward header in front of a message from a client or from a relay
 * below (RFC 9915 section 19.1). Decides and builds the octets; sends nothing.
 */
#ifndef NB6_RELAYD_PACKET_FORWARD_H
#define NB6_RELAYD_PACKET_FORWARD_H

#include "daemon/udp.h"
#include "relayd/links/client_link.h"

/*
 * For a client's message that came in on `cl`, build the Relay-forward header including the header
 * of the Relay Message option. The message itself follows it on the wire, unchanged.
 *
 * mac   the six octets of the frame's source address, NULL: not known
 *
 * Returns RELAY_PASS and *len, or the reason to drop the message.
 */
enum relay_drop forward_client_message(const struct client_link *cl,
	const struct udp_datagram *datagram, const uint8_t *mac, uint8_t header[FORWARD_HEADER_MAX],
	size_t *len);

/* What relays below may do. */
struct forward_policy {
	bool trusted;  /* the relay is a configured one, by its link or address */
	bool rsoo;     /* relays may supply options for the client (RFC 6422 section 5) */
	bool own_port; /* we send to servers from another port than 547 (RFC 8357) */
};

/*
 * Why a message of this type is not relayed for a client: only servers or relays send it, or it is a
 * Leasequery (RFC 5007 section 5). RELAY_PASS: it is. A type that nobody knows is (RFC 7283).
 */
enum relay_drop forward_check_type(uint8_t type);

/*
 * The same for a Relay-forward from a relay below. `cl` is the client link that it came in on, NULL
 * if the link is not client-facing.
 */
enum relay_drop forward_relayed_message(const struct client_link *cl, struct forward_policy policy,
	const struct udp_datagram *datagram, uint8_t header[FORWARD_HEADER_MAX], size_t *len);

#endif
