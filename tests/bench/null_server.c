/* SPDX-License-Identifier: ISC */
/*
 * The null responder: what answering costs the kernel, and the least that a program must
 * do. In batches (recvmmsg, sendmmsg), with one fixed answer: a Relay-reply with an Advertise
 * that gives 2001:db8:1::1 and a boot file URL, as long as a real one. From the request come
 * the relay's 34 octets and the transaction id, so that the asker knows its answer. Decides
 * nothing, checks nothing, remembers nothing, looks at no clock.
 *
 *	null_server
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BATCH = 64,
	OCTETS = 2048,
	HEADER = 34,
	RELAY_REPL = 13,
	OPTION_RELAY_MSG = 9,
	SERVER_PORT = 547,
	RECEIVE_BUFFER = 16 << 20,
};

/* Advertise: Server Identifier, IA_NA with an address, Bootfile-URL, Vendor Class, Architecture. */
static const uint8_t inner[] = {0x02, 0, 0, 0, /* Client Identifier */ 0, 1, 0, 18, 0, 4, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* Server Identifier */ 0, 2, 0, 18, 0, 4, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* IA_NA */ 0, 3, 0, 40, 0, 0, 0, 1, 0, 0, 0, 225, 0,
	0, 1, 104, 0, 5, 0, 24, 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1,
	194, 0, 0, 2, 88, /* Bootfile-URL */ 0, 59, 0, 38, 't', 'f', 't', 'p', ':', '/', '/', '[',
	'2', '0', '0', '1', ':', 'd', 'b', '8', ':', '1', '0', '0', ':', ':', '6', '9', ']', '/',
	's', 'n', 'p', 'o', 'n', 'l', 'y', '-', 'x', '6', '4', '.', 'e', 'f', 'i',
	/* Architecture */ 0, 61, 0, 2, 0, 7};

static struct sockaddr_in6 peer[BATCH];
static uint8_t in_octets[BATCH][OCTETS], out_octets[BATCH][HEADER + 4 + sizeof(inner)];
static struct iovec in_iov[BATCH], out_iov[BATCH];
static struct mmsghdr in[BATCH], out[BATCH];
static _Alignas(
	struct cmsghdr) unsigned char control[BATCH][CMSG_SPACE(sizeof(struct in6_pktinfo))];

static int open_socket(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(SERVER_PORT)};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), on = 1, size = RECEIVE_BUFFER;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
		bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0) {
		perror("socket");
		exit(EXIT_FAILURE);
	}
	return fd;
}

static void prepare(unsigned i)
{
	uint8_t *answer = out_octets[i];

	answer[HEADER + 1] = OPTION_RELAY_MSG;
	answer[HEADER + 3] = sizeof(inner);
	memcpy(answer + HEADER + 4, inner, sizeof(inner));
	in_iov[i] = (struct iovec){in_octets[i], OCTETS};
	out_iov[i] = (struct iovec){answer, sizeof(out_octets[i])};
	in[i].msg_hdr = (struct msghdr){.msg_name = &peer[i],
		.msg_iov = &in_iov[i],
		.msg_iovlen = 1,
		.msg_control = control[i]};
	out[i].msg_hdr = (struct msghdr){.msg_name = &peer[i],
		.msg_namelen = sizeof(peer[i]),
		.msg_iov = &out_iov[i],
		.msg_iovlen = 1,
		.msg_control = control[i],
		.msg_controllen = sizeof(control[i])};
}

static void answer(unsigned i)
{
	const uint8_t *request = in_octets[i];
	unsigned len = in[i].msg_len, at = HEADER;
	struct in6_pktinfo *info =
		(struct in6_pktinfo *)CMSG_DATA((struct cmsghdr *)(void *)control[i]);

	info->ipi6_ifindex = 0; /* the route knows; the source stays */
	memcpy(out_octets[i], request, HEADER);
	out_octets[i][0] = RELAY_REPL;
	while (at + 8 <= len && request[at + 1] != OPTION_RELAY_MSG)
		at += 4 + (unsigned)(request[at + 2] << 8 | request[at + 3]);
	if (at + 8 <= len)
		memcpy(out_octets[i] + HEADER + 5, request + at + 5, 3);
}

int main(void)
{
	int fd = open_socket();

	for (unsigned i = 0; i < BATCH; i++)
		prepare(i);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		int n;

		for (unsigned i = 0; i < BATCH; i++) {
			in[i].msg_hdr.msg_namelen = sizeof(peer[i]);
			in[i].msg_hdr.msg_controllen = sizeof(control[i]);
		}
		n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++)
			answer((unsigned)i);
		for (int sent = 0, rc; sent<n; sent += rc> 0 ? rc : 1)
			rc = sendmmsg(fd, out + sent, (unsigned)(n - sent), 0);
	}
}
