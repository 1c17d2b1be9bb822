/* SPDX-License-Identifier: ISC */
/*
 * rtnetlink sockets by libmnl. Two things differ from libmnl's own loop: the receive function
 * checks that the kernel sent the datagram, and an interrupted dump is read to its end, so that
 * the socket can be used again at once.
 */
#include "netlink/rtnl_socket.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { ANSWER_WITHIN_S = 5 };

static int socket_set_options(struct mnl_socket *nl)
{
	static const int options[] = {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK};
	struct timeval wait = {.tv_sec = ANSWER_WITHIN_S};
	int on = 1;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (mnl_socket_setsockopt(nl, options[i], &on, sizeof(on)) < 0)
			return -errno;
	}
	if (setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0)
		return -errno;
	return 0;
}

int rtnl_socket_open(struct mnl_socket **nl, int flags)
{
	int err;

	*nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);
	if (!*nl)
		return -errno;
	err = socket_set_options(*nl);
	if (!err && mnl_socket_bind(*nl, 0, MNL_SOCKET_AUTOPID) < 0)
		err = -errno;
	if (err) {
		mnl_socket_close(*nl);
		*nl = NULL;
	}
	return err;
}

int rtnl_socket_join(struct mnl_socket *nl, int group)
{
	if (mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return 0;
}

int rtnl_socket_set_receive_buffer(struct mnl_socket *nl, int size)
{
	int fd = mnl_socket_get_fd(nl);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == 0)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == 0)
		return 0;
	return -errno;
}

ssize_t rtnl_socket_receive(struct mnl_socket *nl, void *buf)
{
	struct sockaddr_nl from;
	struct iovec iov = {.iov_base = buf, .iov_len = RTNL_BUFFER_SIZE};
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t len;

	do
		len = recvmsg(mnl_socket_get_fd(nl), &msg, 0);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	if (msg.msg_namelen != sizeof(from) || from.nl_pid != 0)
		return -EPROTO;
	if (msg.msg_flags & MSG_TRUNC)
		return -ENOBUFS;
	return len;
}

const struct nlmsghdr *rtnl_messages_next(struct rtnl_messages *messages)
{
	const struct nlmsghdr *nlh = messages->pos;
	size_t step;

	if (messages->left < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) ||
		nlh->nlmsg_len > messages->left)
		return NULL;
	step = NLMSG_ALIGN((size_t)nlh->nlmsg_len);
	if (step > messages->left) /* the last message may lack its padding */
		step = messages->left;
	messages->pos = (const char *)messages->pos + step;
	messages->left -= step;
	return nlh;
}

/* --- dumps ----------------------------------------------------------------- */

struct dump {
	uint32_t seq, port;
	rtnl_dump_cb *cb;
	void *arg;
	bool interrupted, done;
};

/* NLMSG_ERROR and NLMSG_DONE both begin with an error number; NLMSG_DONE may lack it. */
static int message_error(const struct nlmsghdr *nlh)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	return error < 0 ? error : 0;
}

static int dump_message(struct dump *dump, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_seq != dump->seq || nlh->nlmsg_pid != dump->port)
		return 0;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		dump->interrupted = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_OVERRUN:
		return -ENOBUFS;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		dump->done = true;
		return message_error(nlh);
	}
	return dump->cb(nlh, dump->arg);
}

static int dump_datagram(struct dump *dump, const void *buf, size_t size)
{
	struct rtnl_messages messages = {.pos = buf, .left = size};
	const struct nlmsghdr *nlh;
	int err = 0;

	while (!err && !dump->done && (nlh = rtnl_messages_next(&messages)))
		err = dump_message(dump, nlh);
	return err;
}

static uint32_t next_seq(void)
{
	static uint32_t seq;

	return ++seq;
}

int rtnl_dump(
	struct mnl_socket *nl, struct nlmsghdr *request, void *buf, rtnl_dump_cb *cb, void *arg)
{
	struct dump dump = {
		.seq = next_seq(), .port = mnl_socket_get_portid(nl), .cb = cb, .arg = arg};
	ssize_t len;
	int err = 0;

	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = dump.seq;
	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		return -errno;
	while (!err && !dump.done) {
		len = rtnl_socket_receive(nl, buf);
		if (len == -EPROTO)
			continue;
		err = len < 0 ? (int)len : dump_datagram(&dump, buf, (size_t)len);
	}
	if (err == -EAGAIN)
		return -ETIMEDOUT;
	return err ? err : dump.interrupted ? -EINTR : 0;
}
