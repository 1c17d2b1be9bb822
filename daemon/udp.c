/* SPDX-License-Identifier: ISC */
/*
 * UDP sockets, and receiving from them in batches; sending is in udp_send.c.
 * All buffers are made once; nothing is allocated per packet.
 *
 * A receiver has one 64 KiB buffer per datagram of a batch. Pages of it are
 * touched only as far as datagrams reach, so small messages cost one page
 * each; what a large one touched beyond is given back before the next batch.
 */
#include "daemon/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONTROL_LEN = CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct timespec)),
	BUFFER_SIZE = UDP_PAYLOAD_MAX + 1, /* whole pages */
};

union pktinfo_control {
	char octets[CONTROL_LEN];
	struct cmsghdr align;
};

struct udp_receiver {
	unsigned most;
	size_t page;
	struct mmsghdr *header; /* ready for recvmmsg but between its return and renew_header() */
	struct iovec *iov;
	union pktinfo_control *control;
	struct udp_datagram *datagram;
	uint8_t *buffers; /* most times BUFFER_SIZE, mapped */
	bool has_large;   /* a datagram of the last batch went beyond its first page */
};

/*
 * A limit, nothing is allocated. What waits for a neighbour that does not answer
 * (seconds, for each) counts against it, and must not keep the others' from going out.
 */
static const int SEND_BUFFER = 16 << 20;

/* Beyond the system's limit where we may. */
static void set_buffer(int fd, int forced, int plain, int octets)
{
	if (setsockopt(fd, SOL_SOCKET, forced, &octets, sizeof(octets)) < 0)
		setsockopt(fd, SOL_SOCKET, plain, &octets, sizeof(octets));
}

int udp_adopt(int fd, int rcvbuf)
{
	int on = 1, flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0)
		return -errno;
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, rcvbuf);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
	return 0;
}

/*
 * The address may be assigned later (IPV6_FREEBIND). Only the bind is free: with the option still
 * set, the kernel would send from any source address, and not refuse one that is gone.
 */
static int bind_freely(int fd, const struct sockaddr_in6 *address)
{
	int on = 1, off = 0;

	if (setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on)) < 0 ||
		bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &off, sizeof(off)) < 0)
		return -errno;
	return 0;
}

static int open_bound(const struct sockaddr_in6 *address, int rcvbuf, int shared)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1, rc;

	if (fd < 0)
		return -errno;
	rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0 ||
			     setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &shared, sizeof(shared)) < 0
		     ? -errno
		     : 0;
	if (rc == 0)
		rc = udp_adopt(fd, rcvbuf);
	if (rc == 0)
		rc = bind_freely(fd, address);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

int udp_open(const struct sockaddr_in6 *address, int rcvbuf)
{
	return open_bound(address, rcvbuf, 0);
}

bool udp_is_assigned(const struct sockaddr_in6 *address)
{
	struct sockaddr_in6 at = *address;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_missing;

	if (fd < 0)
		return true;
	at.sin6_port = 0;
	is_missing =
		bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 && errno == EADDRNOTAVAIL;
	close(fd);
	return !is_missing;
}

int udp_open_shared(const struct sockaddr_in6 *address, int rcvbuf)
{
	return open_bound(address, rcvbuf, 1);
}

/*
 * Sockets have one port while all of them allow it. The first one does so not a moment
 * longer, else somebody else could take the port from us; those beside it always do.
 */
static int bind_beside(int fd, int other, const struct sockaddr_in6 *address)
{
	int before = 0, on = 1, rc;
	socklen_t len = sizeof(before);

	if (getsockopt(other, SOL_SOCKET, SO_REUSEADDR, &before, &len) < 0 ||
		setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	rc = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
	setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &before, sizeof(before));
	return rc;
}

/*
 * Its address is a group of scope 0, which the kernel drops on arrival (RFC 4291
 * section 2.7): a second socket on :: would take unicast from the first. A socket
 * bound to a group chooses or is given its source like one bound to ::.
 */
int udp_open_beside(int other, uint8_t number, int sndbuf)
{
	struct sockaddr_in6 address;
	socklen_t len = sizeof(address);
	int fd, rc;

	if (getsockname(other, (struct sockaddr *)&address, &len) < 0)
		return -errno;
	address.sin6_addr = (struct in6_addr){.s6_addr = {0xff, 0x00, [15] = number}};
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, sndbuf);
	rc = bind_beside(fd, other, &address);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

int udp_open_on_link(int other, const char *link, int rcvbuf)
{
	struct sockaddr_in6 address;
	socklen_t len = sizeof(address);
	int fd, on = 1, off = 0, rc;

	if (getsockname(other, (struct sockaddr *)&address, &len) < 0)
		return -errno;
	address.sin6_addr = in6addr_any;
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0 ||
			     setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link, strlen(link)) < 0 ||
			     setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off, sizeof(off)) < 0
		     ? -errno
		     : udp_adopt(fd, rcvbuf);
	if (rc == 0)
		rc = bind_beside(fd, other, &address);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

uint32_t udp_queue_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(info);

	return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0 ? 0 : info[SK_MEMINFO_DROPS];
}

static void prepare_header(struct udp_receiver *r, unsigned i)
{
	r->iov[i] = (struct iovec){r->buffers + (size_t)i * BUFFER_SIZE, UDP_PAYLOAD_MAX};
	r->header[i].msg_hdr = (struct msghdr){
		.msg_name = &r->datagram[i].peer,
		.msg_namelen = sizeof(r->datagram[i].peer),
		.msg_iov = &r->iov[i],
		.msg_iovlen = 1,
		.msg_control = &r->control[i],
		.msg_controllen = sizeof(r->control[i]),
	};
}

struct udp_receiver *udp_receiver_new(unsigned most)
{
	struct udp_receiver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->most = most;
	r->header = calloc(most, sizeof(*r->header));
	r->iov = calloc(most, sizeof(*r->iov));
	r->control = calloc(most, sizeof(*r->control));
	r->datagram = calloc(most, sizeof(*r->datagram));
	r->buffers = mmap(NULL, (size_t)most * BUFFER_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->buffers == MAP_FAILED)
		r->buffers = NULL;
	if (!r->header || !r->iov || !r->control || !r->datagram || !r->buffers) {
		udp_receiver_free(r);
		return NULL;
	}
	r->page = (size_t)sysconf(_SC_PAGESIZE);
	for (unsigned i = 0; i < most; i++)
		prepare_header(r, i);
	return r;
}

void udp_receiver_free(struct udp_receiver *r)
{
	if (!r)
		return;
	if (r->buffers)
		munmap(r->buffers, (size_t)r->most * BUFFER_SIZE);
	free(r->header);
	free(r->iov);
	free(r->control);
	free(r->datagram);
	free(r);
}

static const struct in6_pktinfo *find_pktinfo(struct msghdr *header)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
			return (const struct in6_pktinfo *)CMSG_DATA(c);
	return NULL;
}

int udp_want_times(int fd)
{
	int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ? -errno : 0;
}

/* 0 without a time, or with one of before the clock was set. */
static uint64_t waited_us(struct msghdr *header, const struct timespec *now)
{
	struct timespec came;
	int64_t us;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&came, CMSG_DATA(c), sizeof(came));
		us = (now->tv_sec - came.tv_sec) * INT64_C(1000000) +
		     (now->tv_nsec - came.tv_nsec) / 1000;
		return us > 0 ? (uint64_t)us : 0;
	}
	return 0;
}

/* Of a header that was received with, what the kernel has changed. */
static void renew_header(struct udp_receiver *r, unsigned i)
{
	r->header[i].msg_hdr.msg_namelen = sizeof(r->datagram[i].peer);
	r->header[i].msg_hdr.msg_controllen = sizeof(r->control[i]);
}

static void give_back_large(struct udp_receiver *r)
{
	for (unsigned i = 0; i < r->most; i++)
		if (r->header[i].msg_len > r->page)
			madvise(r->buffers + (size_t)i * BUFFER_SIZE + r->page,
				BUFFER_SIZE - r->page, MADV_DONTNEED);
	r->has_large = false;
}

/* Returns false if the source of the datagram is unknown, or the datagram is truncated. */
static bool take_datagram(
	struct udp_receiver *r, unsigned i, struct udp_datagram *d, const struct timespec *now)
{
	const struct in6_pktinfo *info = find_pktinfo(&r->header[i].msg_hdr);

	r->has_large |= r->header[i].msg_len > r->page;
	if (!info || r->header[i].msg_hdr.msg_flags & MSG_TRUNC)
		return false;
	d->peer = r->datagram[i].peer;
	d->local = info->ipi6_addr;
	d->ifindex = (int)info->ipi6_ifindex;
	d->waited_us = waited_us(&r->header[i].msg_hdr, now);
	d->data = r->iov[i].iov_base;
	d->len = r->header[i].msg_len;
	return true;
}

int udp_receive(struct udp_receiver *r, int fd, const struct udp_datagram **datagrams)
{
	struct timespec now;
	int n, kept = 0;

	if (r->has_large)
		give_back_large(r);
	n = recvmmsg(fd, r->header, r->most, MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	clock_gettime(CLOCK_REALTIME, &now);
	for (unsigned i = 0; i < (unsigned)n; i++) {
		kept += take_datagram(r, i, &r->datagram[kept], &now);
		renew_header(r, i);
	}
	*datagrams = r->datagram;
	return kept;
}
