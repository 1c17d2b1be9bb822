/* SPDX-License-Identifier: ISC */
/*
 * What every rtnetlink socket of ours has in common: how it is opened, how a
 * datagram is taken from it, how a dump is asked for and read to its end.
 * For the monitors of this folder.
 */
#ifndef NB6_NETLINK_RTNL_SOCKET_H
#define NB6_NETLINK_RTNL_SOCKET_H

#include <linux/netlink.h>
#include <stddef.h>
#include <sys/types.h>

struct mnl_socket;

/*
 * The messages of a datagram, one after the other. libmnl's mnl_nlmsg_ok()
 * takes a length over 31 bits for one that fits.
 */
struct rtnl_messages {
	const void *pos; /* aligned to 4 */
	size_t left;     /* octets; at the end over 0 if the rest is no message */
};

/* The next one, all of whose octets are there; NULL at the end. */
const struct nlmsghdr *rtnl_messages_next(struct rtnl_messages *messages);

/*
 * No datagram of rtnetlink is longer: dumps come in pieces of at most 32 KiB,
 * and the more fits at once, the less often a dump is interrupted.
 */
#define RTNL_BUFFER_SIZE (64 * 1024)

/*
 * Open and bind. `flags`: SOCK_NONBLOCK for a socket of events; 0 for one of
 * dumps, which then waits 5 seconds at most for each answer.
 * Requests are checked strictly, errors come without the request in them.
 * Returns 0 or -errno; close with mnl_socket_close().
 */
int rtnl_socket_open(struct mnl_socket **nl, int flags);

/* Join RTNLGRP_`group`, whatever its number. Returns 0 or -errno. */
int rtnl_socket_join(struct mnl_socket *nl, int group);

/* Past the system's limit where we may (CAP_NET_ADMIN), else up to it. Returns 0 or -errno. */
int rtnl_socket_set_receive_buffer(struct mnl_socket *nl, int size);

/*
 * One datagram into `buf` (RTNL_BUFFER_SIZE octets, aligned as by malloc).
 *
 * Returns its length, or -EAGAIN: none there; -ENOBUFS: the kernel dropped
 * events since the last one (or this one did not fit, which is the same);
 * -EPROTO: it did not come from the kernel, skip it; another -errno: the socket
 * broke.
 */
ssize_t rtnl_socket_receive(struct mnl_socket *nl, void *buf);

/* Returns 0 to go on, or -errno, which ends the dump. */
typedef int rtnl_dump_cb(const struct nlmsghdr *nlh, void *arg);

/*
 * Send `request` (type, family header and attributes; flags and seq are set
 * here) and hand each message of the answer to `cb`.
 *
 * Returns 0: the whole answer, all of one state; -EINTR: the whole answer, but
 * what it shows changed under way, so that something may be missing; another
 * -errno (the kernel's, cb's, -ETIMEDOUT): ended early. Then close the socket:
 * the rest is still in it.
 */
int rtnl_dump(
	struct mnl_socket *nl, struct nlmsghdr *request, void *buf, rtnl_dump_cb *cb, void *arg);

#endif
