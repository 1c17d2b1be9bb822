/* SPDX-License-Identifier: ISC */
/*
 * A link's socket is chosen by its ifindex, so neighbouring VLANs use different ones. A batch costs
 * one system call for each socket that has a reply to send.
 */
#include "relayd/packet/reply_sockets.h"

#include <errno.h>
#include <unistd.h>

enum { SEND_BUFFER = 8 << 20 }; /* a limit; nothing is allocated for it */

static int open_share(struct reply_sockets *replies, int fd, unsigned most)
{
	unsigned i = replies->open;

	replies->share[i].fd = udp_open_beside(fd, (uint8_t)(i + 1), SEND_BUFFER);
	if (replies->share[i].fd < 0)
		return replies->share[i].fd;
	replies->open++;
	replies->share[i].sender = udp_sender_new(most);
	return replies->share[i].sender ? 0 : -ENOMEM;
}

int reply_sockets_open(struct reply_sockets *replies, int fd, unsigned most)
{
	int rc = 0;

	*replies = (struct reply_sockets){0};
	while (rc == 0 && replies->open < REPLY_SOCKETS)
		rc = open_share(replies, fd, most);
	if (rc < 0)
		reply_sockets_close(replies);
	return rc;
}

void reply_sockets_close(struct reply_sockets *replies)
{
	for (unsigned i = 0; i < replies->open; i++) {
		close(replies->share[i].fd);
		udp_sender_free(replies->share[i].sender);
	}
	*replies = (struct reply_sockets){0};
}

struct udp_outgoing *reply_sockets_add(struct reply_sockets *replies, int ifindex)
{
	return udp_sender_add(replies->share[(unsigned)ifindex % REPLY_SOCKETS].sender);
}

void reply_sockets_flush(struct reply_sockets *replies, udp_failed_cb *failed, void *arg)
{
	for (unsigned i = 0; i < replies->open; i++)
		udp_flush(replies->share[i].sender, replies->share[i].fd, failed, arg);
}
