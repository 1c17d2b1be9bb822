/* SPDX-License-Identifier: ISC */
/*
 * Sending: datagrams are queued and leave together at the end of a batch. The octets that they point
 * at must stay valid until then.
 */
#ifndef NB6_RELAYD_PACKET_RELAY_SEND_H
#define NB6_RELAYD_PACKET_RELAY_SEND_H

#include "relayd/packet/relay_state.h"
#include "relayd/packet/reply.h"

/*
 * Queue a message with the header of its slot in front of it, for each server that gets it. Returns
 * RELAY_PASS, or the reason why no server gets it. If the kernel refuses all copies later, the
 * message is counted as dropped then.
 */
enum relay_drop relay_send_to_servers(
	struct relay *relay, unsigned slot, const struct udp_datagram *d, size_t header_len);

/* Remember the MAC of a client's message, so that replies to it need no Neighbor Discovery. */
void relay_remember_mac(
	struct relay *relay, unsigned slot, const struct client_link *cl, const struct udp_datagram *d);

/*
 * Send or queue the message that was in a server's Relay-reply, for the client or relay below.
 * Returns RELAY_PASS, or why it is not sent.
 */
enum relay_drop relay_send_reply(
	struct relay *relay, const struct server_path *server, const struct reply *reply);

/*
 * A message of this batch that may change delegated prefixes; its link has routes. It counts only if
 * it leaves: relay_apply_observed() comes after relay_flush().
 */
void relay_observe(struct relay *relay, const struct observed_message *message);
void relay_apply_observed(struct relay *relay);

/* Send the queue. A datagram that the kernel refuses is sent again by a new path, or counted. */
void relay_flush(struct relay *relay);

#endif
