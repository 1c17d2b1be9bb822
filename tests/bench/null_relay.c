/* SPDX-License-Identifier: ISC */
/*
 * The least that a relay can do: what is left of the cost of relaying when all
 * decisions are taken away. Other relays are measured against it.
 *
 *	up      38 fixed octets in front (relay header, header of the Relay Message option), to
 *		the server, with the source named
 *	down    the 38 octets off, to the peer-address on the link that the link-address names:
 *		what goes up has the ifindex in its last four octets
 *
 * One socket, 64 datagrams to a system call, nothing looked at but the first
 * octet. It trusts what it gets: never run it outside of a benchmark.
 *
 *	null_relay SERVER SOURCE PREFIX    serves all links whose names begin with PREFIX
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BATCH = 64,
	OCTETS = 2048,
	HEADER = 38,
	LINK_ADDRESS_AT = 2,
	IFINDEX_AT = LINK_ADDRESS_AT + 12,
	PEER_ADDRESS_AT = 18,
	OPTION_AT = 34,
	RELAY_FORW = 12,
	RELAY_REPL = 13,
	OPTION_RELAY_MSG = 9,
	CLIENT_PORT = 546,
	SERVER_PORT = 547,
	RECEIVE_BUFFER = 4 << 20,
};

/* One datagram, on its way in and then out. The header stands before the message already. */
struct datagram {
	struct sockaddr_in6 peer, to;
	_Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct iovec in, out;
	uint8_t octets[HEADER + OCTETS];
};

static struct datagram datagrams[BATCH];
static struct mmsghdr in[BATCH], out[BATCH];
static struct sockaddr_in6 server = {.sin6_family = AF_INET6, .sin6_port = 0 /* set in main */};
static struct in6_addr source;

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static int open_socket(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(SERVER_PORT)};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), on = 1, size = RECEIVE_BUFFER;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
		bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		fail("socket");
	return fd;
}

static int join(int fd, unsigned ifindex)
{
	struct ipv6_mreq request = {.ipv6mr_interface = ifindex};

	inet_pton(AF_INET6, "ff02::1:2", &request.ipv6mr_multiaddr);
	return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request));
}

/* The kernel limits memberships per socket: a full socket stays open, and another one is opened. */
static unsigned join_all(const char *prefix)
{
	struct if_nameindex *links = if_nameindex();
	int holder = socket(AF_INET6, SOCK_DGRAM, 0);
	unsigned joined = 0;

	for (struct if_nameindex *link = links; link && link->if_name; link++) {
		if (strncmp(link->if_name, prefix, strlen(prefix)) != 0)
			continue;
		if (join(holder, link->if_index) < 0) {
			if (errno != ENOMEM)
				fail(link->if_name);
			holder = socket(AF_INET6, SOCK_DGRAM, 0);
			if (join(holder, link->if_index) < 0)
				fail(link->if_name);
		}
		joined++;
	}
	if_freenameindex(links);
	return joined;
}

static void prepare(struct datagram *d, struct mmsghdr *receive, struct mmsghdr *send)
{
	uint8_t *header = d->octets;

	header[0] = RELAY_FORW;
	header[OPTION_AT + 1] = OPTION_RELAY_MSG;
	d->in = (struct iovec){d->octets + HEADER, OCTETS};
	receive->msg_hdr = (struct msghdr){.msg_name = &d->peer,
		.msg_iov = &d->in,
		.msg_iovlen = 1,
		.msg_control = d->control};
	send->msg_hdr = (struct msghdr){.msg_name = &d->to,
		.msg_namelen = sizeof(d->to),
		.msg_iov = &d->out,
		.msg_iovlen = 1,
		.msg_control = d->control,
		.msg_controllen = sizeof(d->control)};
}

static void relay_up(struct datagram *d, struct in6_pktinfo *info, size_t len)
{
	uint32_t ifindex = htonl(info->ipi6_ifindex);

	memcpy(d->octets + IFINDEX_AT, &ifindex, sizeof(ifindex));
	memcpy(d->octets + PEER_ADDRESS_AT, &d->peer.sin6_addr, sizeof(d->peer.sin6_addr));
	d->octets[HEADER - 2] = (uint8_t)(len >> 8);
	d->octets[HEADER - 1] = (uint8_t)len;
	d->to = server;
	d->out = (struct iovec){d->octets, HEADER + len};
	*info = (struct in6_pktinfo){.ipi6_addr = source};
}

static void relay_down(struct datagram *d, struct in6_pktinfo *info, size_t len)
{
	const uint8_t *message = d->octets + HEADER;
	uint32_t ifindex;

	memcpy(&ifindex, message + IFINDEX_AT, sizeof(ifindex));
	d->to = (struct sockaddr_in6){.sin6_family = AF_INET6,
		.sin6_port = htons(CLIENT_PORT),
		.sin6_scope_id = ntohl(ifindex)};
	memcpy(&d->to.sin6_addr, message + PEER_ADDRESS_AT, sizeof(d->to.sin6_addr));
	d->out = (struct iovec){d->octets + HEADER + HEADER, len - HEADER};
	*info = (struct in6_pktinfo){.ipi6_ifindex = ntohl(ifindex)};
}

static int receive(int fd)
{
	int n;

	for (int i = 0; i < BATCH; i++) {
		in[i].msg_hdr.msg_namelen = sizeof(datagrams[i].peer);
		in[i].msg_hdr.msg_controllen = sizeof(datagrams[i].control);
	}
	n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
	if (n < 0)
		fail("recvmmsg");
	return n;
}

static void relay_batch(int fd)
{
	int n = receive(fd);

	for (int i = 0; i < n; i++) {
		struct datagram *d = &datagrams[i];
		struct in6_pktinfo *info =
			(struct in6_pktinfo *)CMSG_DATA((struct cmsghdr *)(void *)d->control);

		if (d->octets[HEADER] == RELAY_REPL && in[i].msg_len > HEADER)
			relay_down(d, info, in[i].msg_len);
		else
			relay_up(d, info, in[i].msg_len);
	}
	for (int sent = 0, rc; sent<n; sent += rc> 0 ? rc : 1)
		rc = sendmmsg(fd, out + sent, (unsigned)(n - sent), 0);
}

int main(int argc, char *argv[])
{
	int fd;

	if (argc != 4 || inet_pton(AF_INET6, argv[1], &server.sin6_addr) != 1 ||
		inet_pton(AF_INET6, argv[2], &source) != 1) {
		fprintf(stderr, "null_relay SERVER SOURCE PREFIX\n");
		return EXIT_FAILURE;
	}
	server.sin6_port = htons(SERVER_PORT);
	fd = open_socket();
	for (int i = 0; i < BATCH; i++)
		prepare(&datagrams[i], &in[i], &out[i]);
	printf("relaying: %u links\n", join_all(argv[3]));
	fflush(stdout);
	for (;;)
		relay_batch(fd);
}
