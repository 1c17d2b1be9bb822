/* SPDX-License-Identifier: ISC */
/*
 * Sessions: the I/O around a transfer.
 *
 * The socket is connected, against our habit elsewhere: a transfer is short,
 * only this client may speak to it, and a client that closes its port shows as
 * ECONNREFUSED at once. A packet that cannot go out now counts as lost: the
 * transfer's timer mends that as it mends any loss.
 */
#include "bootd/tftp/tftp_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/loop.h"

enum {
	RECEIVE_BUFFER = 16384, /* a client's packets are short, and few at a time */
	PACKETS_PER_TURN = 64,
	LATE_COPY_MS = 3000, /* the network brings a copy within this, a client begins anew later */
	HEADERS_SIZE = 40 + 8 + TFTP_HEADER_SIZE, /* IPv6, UDP, TFTP */
};

static int open_socket(const struct udp_datagram *datagram)
{
	struct sockaddr_in6 local = {.sin6_family = AF_INET6, .sin6_addr = datagram->local};
	int fd, error;

	if (IN6_IS_ADDR_LINKLOCAL(&datagram->local))
		local.sin6_scope_id = (uint32_t)datagram->ifindex;
	fd = udp_open(&local, RECEIVE_BUFFER);
	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&datagram->peer, sizeof(datagram->peer)) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

/* A block that needs no fragments on the way, as far as the kernel knows the way. */
static struct tftp_limits limits_of_path(int fd, const struct tftp_limits *limits)
{
	struct tftp_limits lowered = *limits;
	int mtu = 0;
	socklen_t len = sizeof(mtu);

	if (getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &len) == 0 && mtu >= 1280 &&
		lowered.block_size_max > (uint32_t)mtu - HEADERS_SIZE)
		lowered.block_size_max = (uint32_t)mtu - HEADERS_SIZE;
	return lowered;
}

static ssize_t read_file(void *ctx, uint64_t offset, void *buf, size_t len)
{
	return boot_file_read(ctx, offset, buf, len);
}

/* Sends what is due; ECONNREFUSED is an earlier packet's answer. */
static void send_due(struct tftp_session *session)
{
	uint8_t packet[TFTP_HEADER_SIZE + TFTP_BLOCK_SIZE_MOST];
	size_t len;

	while ((len = tftp_transfer_output(
			&session->transfer, read_file, &session->file, packet, sizeof(packet))) > 0)
		if (send(session->fd, packet, len, 0) < 0 && errno == ECONNREFUSED)
			tftp_transfer_abandon(&session->transfer, "the client closed its port");
}

/* Carry out what the transfer wants; the session may be gone afterwards. */
static void carry_on(struct tftp_session *session)
{
	send_due(session);
	if (tftp_transfer_is_over(&session->transfer))
		session->over(session->over_arg, session);
}

static void readable(int fd, int what, void *arg)
{
	struct tftp_session *session = arg;
	uint8_t packet[TFTP_HEADER_SIZE + TFTP_BLOCK_SIZE];

	(void)what;
	for (int i = 0; i < PACKETS_PER_TURN && !tftp_transfer_is_over(&session->transfer); i++) {
		ssize_t n = recv(fd, packet, sizeof(packet), 0);

		if (n < 0 && errno == ECONNREFUSED)
			tftp_transfer_abandon(&session->transfer, "the client closed its port");
		else if (n < 0)
			break;
		else
			tftp_transfer_input(&session->transfer, packet, (size_t)n, loop_now_ms());
		send_due(session);
	}
	carry_on(session);
}

/* The timer runs on while the deadline moves away with each ACK; it looks again then. */
static void arm_timer(struct tftp_session *session, uint64_t now_ms)
{
	uint64_t deadline_ms = session->transfer.deadline_ms;

	loop_timer_arm(session->timer, deadline_ms > now_ms ? deadline_ms - now_ms : 0);
}

static void timer_fired(void *arg)
{
	struct tftp_session *session = arg;
	uint64_t now_ms = loop_now_ms();

	tftp_transfer_timeout(&session->transfer, now_ms);
	if (!tftp_transfer_is_over(&session->transfer))
		arm_timer(session, now_ms);
	carry_on(session);
}

int tftp_session_new(struct loop *loop, const struct udp_datagram *datagram,
	const struct tftp_request *request, const struct boot_file *file,
	const struct tftp_limits *limits, tftp_session_over_fn *over, void *over_arg,
	struct tftp_session **out)
{
	struct tftp_session *session = calloc(1, sizeof(*session));
	struct tftp_limits here;
	int error = -ENOMEM;

	if (!session)
		return -ENOMEM;
	session->file.fd = -1;
	session->peer = datagram->peer;
	session->over = over;
	session->over_arg = over_arg;
	session->started_ms = loop_now_ms();
	strcpy(session->path, request->path);
	session->fd = open_socket(datagram);
	if (session->fd < 0) {
		error = session->fd;
		goto fail;
	}
	session->asked = malloc(datagram->len);
	session->watch = loop_watch_new(loop, session->fd, LOOP_READ, readable, session);
	session->timer = loop_timer_new(loop, timer_fired, session);
	if (!session->asked || !session->watch || !session->timer)
		goto fail;
	memcpy(session->asked, datagram->data, datagram->len);
	session->asked_len = datagram->len;
	here = limits_of_path(session->fd, limits);
	tftp_transfer_start(&session->transfer, request, file->size, &here, session->started_ms);
	session->file = *file;
	*out = session;
	return 0;
fail:
	tftp_session_free(session);
	return error;
}

void tftp_session_free(struct tftp_session *session)
{
	if (!session)
		return;
	loop_watch_free(session->watch);
	loop_timer_free(session->timer);
	if (session->fd >= 0)
		close(session->fd);
	boot_file_close(&session->file);
	free(session->asked);
	free(session);
}

void tftp_session_begin(struct tftp_session *session)
{
	arm_timer(session, session->started_ms);
	carry_on(session);
}

bool tftp_session_is_for(const struct tftp_session *session, const struct udp_datagram *datagram)
{
	return session->asked_len == datagram->len &&
	       memcmp(session->asked, datagram->data, datagram->len) == 0;
}

bool tftp_session_repeat(struct tftp_session *session)
{
	if (session->transfer.acked > 0)
		return loop_now_ms() - session->started_ms < LATE_COPY_MS;
	tftp_transfer_repeat(&session->transfer);
	carry_on(session);
	return true;
}

void tftp_session_abandon(struct tftp_session *session, const char *why)
{
	tftp_transfer_abandon(&session->transfer, why);
	session->over(session->over_arg, session);
}
