/* SPDX-License-Identifier: ISC */
/*
 * The sockets that send replies to clients and relays below: a few on port 547, each for a share of
 * the links.
 *
 * A datagram to a neighbour that does not answer Neighbor Discovery occupies the socket's send
 * buffer for seconds. So a flood of messages from invented clients fills the buffer for the links
 * that share its socket; messages to servers and most other links have buffers of their own.
 */
#ifndef NB6_RELAYD_PACKET_REPLY_SOCKETS_H
#define NB6_RELAYD_PACKET_REPLY_SOCKETS_H

#include "daemon/udp.h"

enum { REPLY_SOCKETS = 8 };

struct reply_sockets {
	struct {
		int fd;
		struct udp_sender *sender;
	} share[REPLY_SOCKETS];
	unsigned open; /* number of sockets that are open */
};

/* On the same port as `fd`, for batches of `most`. Returns 0, or -errno and none is open. */
int reply_sockets_open(struct reply_sockets *replies, int fd, unsigned most);
void reply_sockets_close(struct reply_sockets *replies); /* also if all zero */

/* A place in the queue for a reply on this link, for the caller to fill in; NULL: flush first. */
struct udp_outgoing *reply_sockets_add(struct reply_sockets *replies, int ifindex);
/* Send all; see udp_flush(). */
void reply_sockets_flush(struct reply_sockets *replies, udp_failed_cb *failed, void *arg);

#endif
