/* SPDX-License-Identifier: ISC */
/*
 * What the relay sends: datagrams are put in a queue and leave together at the
 * end of a batch. What they point at must stay until then.
 */
#ifndef NB6_RELAYD_PACKET_RELAY_SEND_H
#define NB6_RELAYD_PACKET_RELAY_SEND_H

#include "relayd/relay.h"
#include "relayd/packet/reply.h"

/*
 * Queue a message behind a header of ours, for each server that is to get it. Returns
 * RELAY_PASS, or RELAY_DROP_NO_SERVER where there is none.
 */
enum relay_drop relay_send_to_servers(
	struct relay *relay, const struct udp_datagram *d, uint8_t *header, size_t header_len);

/* Queue the message in a server's Relay-reply, for the client or relay that it is for. */
void relay_send_reply(
	struct relay *relay, const struct server_path *server, const struct reply *reply);

/* Send all that is queued. What the kernel refuses is tried once more by a new path, or counted. */
void relay_flush(struct relay *relay);

#endif
