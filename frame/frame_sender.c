/* SPDX-License-Identifier: ISC */
/*
 * One packet socket of type SOCK_DGRAM: the kernel writes the Ethernet header, and the IPv6 and
 * UDP headers are built here. The socket is bound to no protocol, so that nothing is queued in it.
 */
#include "frame/frame_sender.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { VERSION_6 = 6 << 28, HOP_LIMIT = 64 };

struct frame_sender {
	int fd;
};

/* What stands in front of the message. */
struct headers {
	struct ip6_hdr ip;
	struct udphdr udp;
};

_Static_assert(sizeof(struct headers) == 48, "the headers follow each other without a gap");

struct frame_sender *frame_sender_new(void)
{
	struct frame_sender *sender = calloc(1, sizeof(*sender));

	if (!sender)
		return NULL;
	sender->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sender->fd >= 0)
		return sender;
	free(sender);
	return NULL;
}

void frame_sender_free(struct frame_sender *sender)
{
	if (!sender)
		return;
	close(sender->fd);
	free(sender);
}

/* RFC 1071: a sum of 16-bit words in network order; an odd octet is padded with zero. */
static uint64_t sum_octets(uint64_t sum, const void *octets, size_t len)
{
	const uint8_t *at = octets;
	uint16_t word;

	for (; len > 1; at += 2, len -= 2) {
		memcpy(&word, at, sizeof(word));
		sum += word;
	}
	if (len > 0) {
		word = 0;
		memcpy(&word, at, 1);
		sum += word;
	}
	return sum;
}

/* Over the pseudo-header of RFC 8200 section 8.1, the UDP header and the message. */
static uint16_t checksum(const struct headers *h, const void *message, size_t len)
{
	uint64_t sum = htons(IPPROTO_UDP);

	sum = sum_octets(sum, &h->ip.ip6_src, 2 * sizeof(struct in6_addr));
	sum = sum_octets(sum, &h->udp.len, sizeof(h->udp.len));
	sum = sum_octets(sum, &h->udp, sizeof(h->udp));
	sum = sum_octets(sum, message, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	return (uint16_t)(sum ? sum : 0xffff); /* 0 would mean that there is no checksum */
}

int frame_sender_send(struct frame_sender *sender, const struct frame_address *address,
	const void *message, size_t len)
{
	uint16_t udp_len = (uint16_t)(sizeof(struct udphdr) + len);
	struct headers h = {
		.ip = {.ip6_src = address->source, .ip6_dst = address->to},
		.udp = {.source = htons(address->source_port),
			.dest = htons(address->to_port),
			.len = htons(udp_len)},
	};
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_IPV6),
		.sll_ifindex = address->ifindex,
		.sll_halen = sizeof(address->mac)};
	struct iovec part[2] = {{&h, sizeof(h)}, {(void *)(uintptr_t)message, len}};
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = part, .msg_iovlen = 2};

	if (!sender)
		return -ENOTSUP;
	if (sizeof(h) + len > address->mtu || len > UINT16_MAX - sizeof(struct udphdr))
		return -EMSGSIZE;
	h.ip.ip6_flow = htonl(VERSION_6);
	h.ip.ip6_plen = htons(udp_len);
	h.ip.ip6_nxt = IPPROTO_UDP;
	h.ip.ip6_hlim = HOP_LIMIT;
	h.udp.check = checksum(&h, message, len);
	memcpy(to.sll_addr, address->mac, sizeof(address->mac));
	return sendmsg(sender->fd, &msg, MSG_DONTWAIT) < 0 ? -errno : 0;
}
