/* SPDX-License-Identifier: ISC */
/*
 * Sessions: the I/O around a transfer.
 *
 * The socket is connected, unlike all others of ours: a transfer is short, only this client may
 * send to it, and if the client closes its port, the kernel reports ECONNREFUSED at once. A packet
 * that cannot be sent now counts as lost, and is repaired by the transfer's timer like any loss.
 *
 * A window is read with one call and leaves with one: the kernel or the network card cuts it into
 * packets (UDP_SEGMENT).
 */
#include "bootd/tftp/tftp_session.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/file_pages.h"
#include "daemon/loop.h"

enum {
	RECEIVE_BUFFER = 16384, /* a client's packets are short, and few at a time */
	PACKETS_PER_TURN = 64,
	LOAD_SIZE = 256 * 1024, /* read from the disk at a time */
	LATE_COPY_MS =
		3000,     /* a copy is not delayed longer; a client that starts over waits longer */
	RUN_SIZE = 65000, /* octets that may leave at once, with their headers */
	RUN_PACKETS = 64, /* the kernel's limit */
	PORT_TRIES_MAX = 1024, /* in a range, beginning at a random port */
};

static int open_in_range(struct sockaddr_in6 *local, const struct tftp_ports *ports)
{
	unsigned n = ports->first ? (unsigned)(ports->last - ports->first) + 1 : 1;
	unsigned at = ports->first ? (unsigned)random() % n : 0;
	int fd = -EADDRINUSE;

	for (unsigned i = 0; i < n && i < PORT_TRIES_MAX && fd == -EADDRINUSE; i++) {
		local->sin6_port =
			ports->first ? htons((uint16_t)(ports->first + (at + i) % n)) : 0;
		fd = udp_open(local, RECEIVE_BUFFER);
	}
	return fd;
}

static int open_socket(const struct udp_datagram *datagram, const struct tftp_ports *ports)
{
	struct sockaddr_in6 local = {.sin6_family = AF_INET6, .sin6_addr = datagram->local};
	int fd, error;

	if (IN6_IS_ADDR_LINKLOCAL(&datagram->local))
		local.sin6_scope_id = (uint32_t)datagram->ifindex;
	fd = open_in_range(&local, ports);
	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&datagram->peer, sizeof(datagram->peer)) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

/* A block that needs no fragments on the path, as far as the kernel knows the path. */
static struct tftp_limits limits_of_path(int fd, const struct tftp_limits *limits)
{
	struct tftp_limits lowered = *limits;
	int mtu = 0;
	socklen_t len = sizeof(mtu);

	if (getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &len) == 0 && mtu >= 1280 &&
		lowered.block_size_max > (uint32_t)mtu - TFTP_PACKET_OVERHEAD)
		lowered.block_size_max = (uint32_t)mtu - TFTP_PACKET_OVERHEAD;
	return lowered;
}

static void loaded(void *arg);

/* Blocks that are in memory, or were loaded; else a reader loads them. */
static ssize_t read_file(void *ctx, uint64_t offset, void *buf, size_t len)
{
	struct tftp_session *session = ctx;
	uint64_t left = session->file.size - offset;
	ssize_t n;

	if (!session->readers || session->file.fd < 0 || offset + len <= session->loaded_end)
		return boot_file_read(&session->file, offset, buf, len);
	n = boot_file_read_cached(&session->file, offset, buf, len);
	if (n != -EAGAIN)
		return n;
	n = file_load_start(&session->load, session->readers, session->file.fd, offset,
		left < LOAD_SIZE ? left : LOAD_SIZE, loaded, session);
	if (n < 0)
		return boot_file_read(&session->file, offset, buf, len);
	session->loaded_end = offset + (left < LOAD_SIZE ? left : LOAD_SIZE);
	return -EAGAIN;
}

/* One datagram, or several that the kernel cuts at `segment` octets. Returns 0 or -errno. */
static int send_run(
	const struct tftp_session *session, const uint8_t *octets, size_t len, size_t segment)
{
	union {
		char octets[CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr align;
	} control = {.octets = {0}};
	struct iovec part = {(void *)(uintptr_t)octets, len};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control};
	struct cmsghdr *c = &control.align;

	if (len > segment) {
		uint16_t size = (uint16_t)segment;

		c->cmsg_level = IPPROTO_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof(size));
		memcpy(CMSG_DATA(c), &size, sizeof(size));
		message.msg_controllen += CMSG_SPACE(sizeof(size));
		c = (struct cmsghdr *)(void *)(control.octets + message.msg_controllen);
	}
	if (session->is_shared) {
		struct in6_pktinfo info = {
			.ipi6_addr = session->local, .ipi6_ifindex = (unsigned)session->ifindex};

		message.msg_name = (void *)(uintptr_t)&session->peer;
		message.msg_namelen = sizeof(session->peer);
		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		message.msg_controllen += CMSG_SPACE(sizeof(info));
	}
	if (message.msg_controllen == 0)
		message.msg_control = NULL;
	return sendmsg(session->fd, &message, 0) < 0 ? -errno : 0;
}

/* Where the path does not take segments, because its MTU is smaller, packets go one by one. */
static int send_packets(
	struct tftp_session *session, const uint8_t *octets, size_t len, size_t segment)
{
	int rc = 0;

	if (!session->has_no_gso || len <= segment) {
		rc = send_run(session, octets, len, segment);
		if (len <= segment || (rc != -EINVAL && rc != -EMSGSIZE && rc != -EIO))
			return rc;
		session->has_no_gso = true;
	}
	for (size_t at = 0; at < len && rc != -ECONNREFUSED; at += segment)
		rc = send_run(
			session, octets + at, len - at < segment ? len - at : segment, segment);
	return rc;
}

/* Sends what is due; ECONNREFUSED answers an earlier packet. */
static void send_due(struct tftp_session *session)
{
	static uint8_t run[RUN_SIZE > TFTP_HEADER_SIZE + TFTP_BLOCK_SIZE_MOST
				   ? RUN_SIZE
				   : TFTP_HEADER_SIZE + TFTP_BLOCK_SIZE_MOST];
	size_t len, segment;

	while ((len = tftp_transfer_output(&session->transfer, read_file, session, run, sizeof(run),
			RUN_PACKETS, &segment)) > 0)
		if (send_packets(session, run, len, segment) == -ECONNREFUSED)
			tftp_transfer_abandon(&session->transfer, "the client closed its port");
}

/* Do what the transfer wants; the session may be freed afterwards. */
static void carry_on(struct tftp_session *session)
{
	send_due(session);
	if (tftp_transfer_is_over(&session->transfer))
		session->over(session->over_arg, session);
}

/* While ACKs move the deadline away, the timer is left as it is; when it fires it looks again. An
 * earlier deadline is armed at once. */
static void arm_timer(struct tftp_session *session, uint64_t now_ms)
{
	uint64_t deadline_ms = session->transfer.deadline_ms;

	session->timer_ms = deadline_ms;
	loop_timer_arm(session->timer, deadline_ms > now_ms ? deadline_ms - now_ms : 0);
}

static void bring_timer_forward(struct tftp_session *session)
{
	if (!tftp_transfer_is_over(&session->transfer) &&
		session->transfer.deadline_ms < session->timer_ms)
		arm_timer(session, loop_now_ms());
}

static void loaded(void *arg)
{
	struct tftp_session *session = arg;

	session->load = NULL;
	tftp_transfer_resume(&session->transfer, loop_now_ms());
	bring_timer_forward(session);
	carry_on(session);
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
	bring_timer_forward(session);
	carry_on(session);
}

void tftp_session_input(struct tftp_session *session, const void *packet, size_t len)
{
	tftp_transfer_input(&session->transfer, packet, len, loop_now_ms());
	send_due(session);
	bring_timer_forward(session);
	carry_on(session);
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
	struct thread_pool *readers, const struct tftp_limits *limits,
	const struct tftp_ports *ports, tftp_session_over_fn *over, void *over_arg,
	struct tftp_session **out)
{
	struct tftp_session *session = calloc(1, sizeof(*session));
	struct tftp_limits here;
	int error = -ENOMEM;

	if (!session)
		return -ENOMEM;
	session->file.fd = -1;
	session->peer = datagram->peer;
	session->local = datagram->local;
	session->ifindex = IN6_IS_ADDR_LINKLOCAL(&datagram->peer.sin6_addr) ? datagram->ifindex : 0;
	session->is_shared = ports->shared_fd >= 0;
	session->over = over;
	session->over_arg = over_arg;
	session->started_ms = loop_now_ms();
	strcpy(session->path, request->path);
	session->fd = session->is_shared ? ports->shared_fd : open_socket(datagram, ports);
	if (session->fd < 0) {
		error = session->fd;
		goto fail;
	}
	session->asked = malloc(datagram->len);
	if (!session->is_shared)
		session->watch = loop_watch_new(loop, session->fd, LOOP_READ, readable, session);
	session->timer = loop_timer_new(loop, timer_fired, session);
	if (!session->asked || (!session->is_shared && !session->watch) || !session->timer)
		goto fail;
	memcpy(session->asked, datagram->data, datagram->len);
	session->asked_len = datagram->len;
	here = session->is_shared ? *limits : limits_of_path(session->fd, limits);
	tftp_transfer_start(&session->transfer, request, file->size, &here, session->started_ms);
	session->file = *file;
	session->readers = readers;
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
	file_load_cancel(session->load);
	loop_watch_free(session->watch);
	loop_timer_free(session->timer);
	if (session->fd >= 0 && !session->is_shared)
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

/* A client that acknowledges has not started over, however late we read the copy of its request. */
bool tftp_session_repeat(struct tftp_session *session, uint64_t came_ms)
{
	if (session->transfer.acked > 0)
		return came_ms < session->transfer.heard_ms + LATE_COPY_MS;
	tftp_transfer_repeat(&session->transfer);
	carry_on(session);
	return true;
}

void tftp_session_abandon(struct tftp_session *session, const char *why)
{
	tftp_transfer_abandon(&session->transfer, why);
	session->over(session->over_arg, session);
}
