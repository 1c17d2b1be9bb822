/* SPDX-License-Identifier: ISC */
/*
 * Opens rtnetlink sockets, receives datagrams from them, and requests dumps and reads them to
 * their end. For the monitors of this folder.
 */
#ifndef NB6_NETLINK_RTNL_SOCKET_H
#define NB6_NETLINK_RTNL_SOCKET_H

#include <linux/netlink.h>
#include <stddef.h>
#include <sys/types.h>

struct mnl_socket;

/*
 * Iterates over the messages of a datagram. libmnl's mnl_nlmsg_ok() is not used because it
 * accepts a length of more than 31 bits.
 */
struct rtnl_messages {
	const void *pos; /* aligned to 4 */
	size_t left;     /* octets; not 0 at the end if the rest is not a message */
};

/* The next message, complete; NULL at the end. */
const struct nlmsghdr *rtnl_messages_next(struct rtnl_messages *messages);

/*
 * Longer than any datagram of rtnetlink: dumps come in pieces of at most 32 KiB. The larger the
 * pieces, the less often a dump is interrupted.
 */
#define RTNL_BUFFER_SIZE (64 * 1024)

/*
 * Open and bind. `flags`: SOCK_NONBLOCK for events; 0 for dumps, which wait at most 5 seconds for
 * each answer. The kernel checks requests strictly and does not repeat them in its errors.
 * Returns 0 or -errno; close with mnl_socket_close().
 */
int rtnl_socket_open(struct mnl_socket **nl, int flags);

/* Join an RTNLGRP_* group. Returns 0 or -errno. */
int rtnl_socket_join(struct mnl_socket *nl, int group);

/* Beyond net.core.rmem_max with CAP_NET_ADMIN, otherwise up to it. Returns 0 or -errno. */
int rtnl_socket_set_receive_buffer(struct mnl_socket *nl, int size);

/*
 * Receive one datagram into `buf` (RTNL_BUFFER_SIZE octets, aligned as by malloc).
 *
 * Returns its length, or -EAGAIN: none is queued; -ENOBUFS: the kernel dropped events since the
 * last datagram, or this one did not fit; -EPROTO: the kernel did not send it, skip it; another
 * -errno: the socket is broken.
 */
ssize_t rtnl_socket_receive(struct mnl_socket *nl, void *buf);

/* Returns 0 to go on, or -errno, which ends the dump. */
typedef int rtnl_dump_cb(const struct nlmsghdr *nlh, void *arg);

/*
 * Send `request` (type, family header and attributes; flags and seq are set here) and call `cb`
 * for each message of the answer.
 *
 * Returns 0 after the whole answer; -EINTR after the whole answer if something changed during
 * the dump, so that entries may be missing; another -errno (from the kernel, `cb`, -ETIMEDOUT)
 * if the dump ended early. Then close the socket: the rest of the answer is still queued in it.
 */
int rtnl_dump(
	struct mnl_socket *nl, struct nlmsghdr *request, void *buf, rtnl_dump_cb *cb, void *arg);

#endif
