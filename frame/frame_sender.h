/* SPDX-License-Identifier: ISC */
/*
 * Sends a UDP datagram to a client whose MAC is known, without Neighbor Discovery.
 *
 * A reply through a UDP socket makes the kernel resolve the client's address first. Its table of
 * neighbours is one for the whole host (gc_thresh3, 1,024 by default): a flood of made-up
 * clients, or a building whose power comes back, fills it, and the kernel then refuses replies
 * on every link. A reply to the MAC that stood in the client's own frame needs no entry.
 *
 * The datagram is written to a packet socket, which does not pass the OUTPUT rules of the packet
 * filter (traffic control and netdev egress hooks still see it). The socket never receives.
 */
#ifndef NB6_FRAME_FRAME_SENDER_H
#define NB6_FRAME_FRAME_SENDER_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct frame_sender;

struct frame_address {
	int ifindex;    /* an Ethernet link */
	unsigned mtu;   /* of the link */
	uint8_t mac[6]; /* of the client */
	struct in6_addr source, to;
	uint16_t source_port, to_port;
};

/*
 * Needs CAP_NET_RAW. NULL without it, or without memory, with errno set; the caller then sends
 * everything by UDP.
 */
struct frame_sender *frame_sender_new(void);
void frame_sender_free(struct frame_sender *sender); /* may be NULL */

/*
 * Send now. Returns 0, -EMSGSIZE if the datagram exceeds the MTU (it would have to be
 * fragmented), -ENOTSUP if `sender` is NULL, or another -errno. After an error nothing was sent,
 * and the caller sends by UDP.
 */
int frame_sender_send(struct frame_sender *sender, const struct frame_address *address,
	const void *message, size_t len);

#endif
