/* SPDX-License-Identifier: ISC */
/*
 * The sockets that replies to clients and relays below leave by: a few, on the
 * relay's port, each for a share of the links.
 *
 * What is sent to a neighbour that does not answer counts against the socket's
 * send buffer for seconds. A flood of messages from made-up clients fills the
 * share of its link; the messages to the servers, and most of the other links, have
 * their own.
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
	unsigned open; /* how many */
};

/* Beside the socket `fd`, for batches of `most`. Returns 0 or -errno; then none is open. */
int reply_sockets_open(struct reply_sockets *replies, int fd, unsigned most);
void reply_sockets_close(struct reply_sockets *replies); /* zeroed ones, too */

/* The place for a reply by this link, to be filled in; NULL: its share is full, flush first. */
struct udp_outgoing *reply_sockets_add(struct reply_sockets *replies, int ifindex);
/* Send all; see udp_flush(). */
void reply_sockets_flush(struct reply_sockets *replies, udp_failed_cb *failed, void *arg);

#endif
