/* SPDX-License-Identifier: ISC */
/*
 * The packet-socket side channel, for kernels and sandboxes without eBPF: it receives a copy of
 * each frame that carries a client's message and only reads the addresses in it. The messages
 * themselves come through the UDP socket, behind the firewall.
 *
 * The socket taps all protocols although it needs only IPv6: the kernel serves such taps before
 * IPv6 itself, so that the record is there when the datagram can be received. A tap for IPv6
 * alone comes after it on newer kernels (seen on 6.18), which is too late for a daemon that runs
 * on another CPU. Frames that this machine sends are not tapped.
 *
 * The classic filter accepts IPv6 with UDP to port 547 as the next header and destination
 * ff02::1:2. It ignores frames on their way up to a VLAN device, where they are tapped again. The
 * MAC of fragmented messages and of those with extension headers is not known.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dhcp6/message.h"
#include "frame/mac_channel.h"

enum {
	IPV6_LEN = 40,
	NEXT_HEADER_AT = 6,
	SOURCE_AT = 8,
	DESTINATION_AT = 24,
	UDP_LEN = 8,
	HEAD_AT = IPV6_LEN + UDP_LEN,
	HEAD_LEN = 4,
	RECEIVE_BUFFER = 4 << 20,
};

struct mac_packet {
	struct mac_records *records;
	int fd;
};

static int attach_filter(int fd)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 11),
		BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 9),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NEXT_HEADER_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 7),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, IPV6_LEN + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP6_SERVER_PORT, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DESTINATION_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xff020000, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DESTINATION_AT + 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x00010002, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, HEAD_AT + HEAD_LEN),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ? -errno
											 : 0;
}

/* Bound after the filter is attached: nothing else is ever queued. */
static int bind_to_all(int fd)
{
	struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	return bind(fd, (struct sockaddr *)&all, sizeof(all)) < 0 ? -errno : 0;
}

int mac_packet_open(struct mac_packet **out, struct mac_records *records)
{
	struct mac_packet *channel = calloc(1, sizeof(*channel));
	int size = RECEIVE_BUFFER, on = 1, rc;

	if (!channel)
		return -ENOMEM;
	channel->records = records;
	channel->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Since Linux 4.20; on_frame() ignores what an older kernel delivers. */
	setsockopt(channel->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	rc = channel->fd < 0 ? -errno : attach_filter(channel->fd);
	if (rc == 0)
		rc = bind_to_all(channel->fd);
	if (rc < 0) {
		mac_packet_close(channel);
		return rc;
	}
	if (setsockopt(channel->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(channel->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	*out = channel;
	return 0;
}

static void on_frame(struct mac_packet *channel, const struct sockaddr_ll *from,
	const uint8_t *packet, size_t len)
{
	struct mac_record record = {.ifindex = (uint32_t)from->sll_ifindex};
	struct wire_in in = wire_in_of(packet, len);
	const uint8_t *head;

	wire_get_bytes(&in, SOURCE_AT);
	record.source = wire_get_in6(&in);
	wire_get_bytes(&in, HEAD_AT - DESTINATION_AT);
	head = wire_get_bytes(&in, HEAD_LEN);
	/* Not what this machine sent, nor its own multicast that was looped back without a frame.
	 */
	if (!head || from->sll_pkttype == PACKET_OUTGOING || from->sll_pkttype == PACKET_LOOPBACK ||
		from->sll_hatype != ARPHRD_ETHER || from->sll_halen != MAC_LEN ||
		dhcp6_is_relay_type(head[0]))
		return;
	memcpy(record.head, head, HEAD_LEN);
	memcpy(record.mac, from->sll_addr, sizeof(record.mac));
	mac_records_add(channel->records, &record);
}

void mac_packet_drain(struct mac_packet *channel)
{
	for (;;) {
		uint8_t packet[HEAD_AT + HEAD_LEN];
		struct sockaddr_ll from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(channel->fd, packet, sizeof(packet), MSG_DONTWAIT,
			(struct sockaddr *)&from, &from_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		on_frame(channel, &from, packet, (size_t)n);
	}
}

void mac_packet_close(struct mac_packet *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	free(channel);
}
