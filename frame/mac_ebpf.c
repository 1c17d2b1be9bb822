/* SPDX-License-Identifier: ISC */
/*
 * The eBPF side channel: a socket filter on the daemon's UDP socket that lets
 * every datagram pass and, for those that come from clients, writes
 * (link, message head, source address, MAC) into a ring buffer.
 *
 * The filter runs for datagrams of port 547 alone, after the firewall and
 * after their checksum was verified, and before they are queued: when a
 * datagram can be received its record is in the ring. Where the ring is full
 * the record is lost, the datagram is not: its client's MAC is not known.
 */
#include "frame/mac_channel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dhcp6/dhcp6.h"
#include "frame/client_mac.h"

/* Room for some 13,000 records: more than datagrams fit into the socket's own buffer. */
enum { RING_OCTETS = 512 << 10, UDP_HEADER_LEN = 8, IPV6_SOURCE_AT = 8, ETHERNET_SOURCE_AT = 6 };

struct mac_ebpf {
	struct client_mac *cm;
	struct ring_buffer *ring;
	int udp_fd, map_fd, program_fd;
};

/* --- the program, in the kernel's instruction set ---------------------------- */

#define INSN(c, d, s, o, i)                                                                        \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}
#define MOV_REG(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD_IMM(d, i) INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define CALL(f) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define LOAD_MAP(d, fd)                                                                            \
	INSN(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_FD, 0, fd), INSN(0, 0, 0, 0, 0)
#define LOAD(size, d, s, o) INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STORE(size, d, s, o) INSN(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define STORE_IMM(size, d, o, i) INSN(BPF_ST | BPF_MEM | (size), d, 0, o, i)
/* Jumps have one goal, the end; where it lies is filled in once the program stands. */
#define TO_END INT16_MAX
#define END_IF(d, i) INSN(BPF_JMP | BPF_JEQ | BPF_K, d, 0, TO_END, i)
#define END_UNLESS(d, i) INSN(BPF_JMP | BPF_JNE | BPF_K, d, 0, TO_END, i)
#define END() MOV_IMM(BPF_REG_0, -1), INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
enum { END_LEN = 2 };

/* The record is made on the program's stack, whose end register 10 points at. */
#define ON_STACK(member)                                                                           \
	((short)offsetof(struct client_mac_record, member) -                                       \
		(short)sizeof(struct client_mac_record))

/* helper(context, offset, where in the record, length[, of which header]); none: end */
#define COPY_TO_RECORD(helper, offset, member, start)                                              \
	MOV_REG(BPF_REG_1, BPF_REG_6), MOV_IMM(BPF_REG_2, offset), MOV_REG(BPF_REG_3, BPF_REG_10), \
		ADD_IMM(BPF_REG_3, ON_STACK(member)),                                              \
		MOV_IMM(BPF_REG_4, sizeof(((struct client_mac_record *)0)->member)),               \
		MOV_IMM(BPF_REG_5, start), CALL(helper), END_UNLESS(BPF_REG_0, 0)

static int load_program(int map_fd)
{
	struct bpf_insn program[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		/* The context of a UDP socket's filter begins with the UDP header. */
		COPY_TO_RECORD(BPF_FUNC_skb_load_bytes, UDP_HEADER_LEN, head, 0),
		/* Messages of relays get no option 79 from us: RFC 6939 section 5. */
		LOAD(BPF_B, BPF_REG_1, BPF_REG_10, ON_STACK(head)),
		END_IF(BPF_REG_1, DHCP6_RELAY_FORW), END_IF(BPF_REG_1, DHCP6_RELAY_REPL),
		COPY_TO_RECORD(BPF_FUNC_skb_load_bytes_relative, IPV6_SOURCE_AT, source,
			BPF_HDR_START_NET),
		COPY_TO_RECORD(BPF_FUNC_skb_load_bytes_relative, ETHERNET_SOURCE_AT, mac,
			BPF_HDR_START_MAC),
		STORE_IMM(BPF_H, BPF_REG_10, ON_STACK(zero), 0),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, ifindex)),
		STORE(BPF_W, BPF_REG_10, BPF_REG_1, ON_STACK(ifindex)), LOAD_MAP(BPF_REG_1, map_fd),
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, -(int)sizeof(struct client_mac_record)),
		MOV_IMM(BPF_REG_3, sizeof(struct client_mac_record)),
		MOV_IMM(BPF_REG_4, BPF_RB_NO_WAKEUP), CALL(BPF_FUNC_ringbuf_output),
		END(), /* -1: the datagram passes whole */
	};
	const size_t n = sizeof(program) / sizeof(program[0]);
	int fd;

	for (size_t i = 0; i < n; i++)
		if (program[i].off == TO_END)
			program[i].off = (short)(n - END_LEN - i - 1);
	fd = bpf_prog_load(
		BPF_PROG_TYPE_SOCKET_FILTER, "netboot6_mac", "Dual BSD/GPL", program, n, NULL);
	return fd < 0 ? -errno : fd;
}

/* --- the ring ------------------------------------------------------------------ */

static int take_record(void *arg, void *data, size_t len)
{
	struct mac_ebpf *channel = arg;

	if (len >= sizeof(struct client_mac_record))
		client_mac_add(channel->cm, data);
	return 0;
}

/* libbpf would print what we say ourselves. */
static int stay_silent(enum libbpf_print_level level, const char *format, va_list ap)
{
	(void)level;
	(void)format;
	(void)ap;
	return 0;
}

static int open_parts(struct mac_ebpf *channel)
{
	channel->map_fd =
		bpf_map_create(BPF_MAP_TYPE_RINGBUF, "netboot6_mac", 0, 0, RING_OCTETS, NULL);
	if (channel->map_fd < 0)
		return -errno;
	channel->program_fd = load_program(channel->map_fd);
	if (channel->program_fd < 0)
		return channel->program_fd;
	channel->ring = ring_buffer__new(channel->map_fd, take_record, channel, NULL);
	if (!channel->ring)
		return -errno;
	if (setsockopt(channel->udp_fd, SOL_SOCKET, SO_ATTACH_BPF, &channel->program_fd,
		    sizeof(channel->program_fd)) < 0)
		return -errno;
	return 0;
}

int mac_ebpf_open(struct mac_ebpf **out, int udp_fd, struct client_mac *cm)
{
	struct mac_ebpf *channel = calloc(1, sizeof(*channel));
	int rc;

	if (!channel)
		return -ENOMEM;
	*channel = (struct mac_ebpf){.cm = cm, .udp_fd = udp_fd, .map_fd = -1, .program_fd = -1};
	libbpf_set_print(stay_silent);
	rc = open_parts(channel);
	if (rc < 0) {
		mac_ebpf_close(channel);
		return rc;
	}
	*out = channel;
	return 0;
}

void mac_ebpf_drain(struct mac_ebpf *channel)
{
	ring_buffer__consume(channel->ring);
}

void mac_ebpf_close(struct mac_ebpf *channel)
{
	int unused = 0;

	setsockopt(channel->udp_fd, SOL_SOCKET, SO_DETACH_BPF, &unused, sizeof(unused));
	ring_buffer__free(channel->ring);
	if (channel->program_fd >= 0)
		close(channel->program_fd);
	if (channel->map_fd >= 0)
		close(channel->map_fd);
	free(channel);
}
