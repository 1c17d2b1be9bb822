/* SPDX-License-Identifier: ISC */
/*
 * The eBPF side channel: a socket filter on the daemon's UDP socket. It does two things.
 *
 * 1. It limits the backlog of each link. For each datagram that it lets pass it adds the octets
 *    that the datagram costs to `admitted` of the link's slot; the daemon adds the same number
 *    to `received` when it has received the datagram. If a link's difference exceeds half of
 *    the receive buffer, the filter drops the datagram and counts it in `refused`. The slots
 *    are memory that the kernel and the daemon share.
 *
 * 2. For each client message it writes (link, first octets, source, MAC) into a ring buffer. It
 *    runs after the firewall and the checksum, and before the datagram is queued: when a
 *    datagram can be received, its record is in the ring. If the ring is full, the record is
 *    lost and the client's MAC is unknown; the datagram is not lost.
 *
 * A datagram that the filter admitted but that the kernel could not queue is never received.
 * Therefore, while there is traffic, mac_ebpf_settle() runs every second: what was admitted
 * before the last time, and is not received yet, was lost, and `received` is set accordingly.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dhcp6/dhcp6.h"
#include "frame/mac_channel.h"

enum {
	RING_OCTETS = 1 << 20, /* some 26,000 records: more than datagrams fit into the socket */
	UDP_HEADER_LEN = 8,
	IPV6_SOURCE_AT = 8,
	ETHERNET_SOURCE_AT = 6,
	SLOTS = 8192,        /* links share one only if their ifindexes differ by a multiple */
	DATAGRAM_COST = 768, /* at least what the kernel charges for one, beside its octets */
};

/*
 * The kernel writes the first SLOTS entries of the array, the daemon the others: neither waits
 * for a cache line that the other one has just written.
 */
union slot {
	struct {
		uint64_t admitted; /* octets, by the filter */
		uint64_t refused;  /* datagrams */
	} kernel;
	struct {
		uint64_t received; /* octets, by the daemon */
		uint64_t unused;
	} daemon;
};

struct mac_ebpf {
	struct mac_records *records;
	struct ring_buffer *ring;
	int udp_fd, ring_fd, slots_fd, program_fd;
	union slot *slots, *daemon_slots;
	uint64_t received[SLOTS];        /* what daemon_slots has, for this process to read */
	uint64_t admitted_before[SLOTS]; /* at the last mac_ebpf_settle() */
};

/* --- the program, in the kernel's instruction set ---------------------------------- */

#define INSN(c, d, s, o, i)                                                                        \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}
#define MOV_REG(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD_REG(d, s) INSN(BPF_ALU64 | BPF_ADD | BPF_X, d, s, 0, 0)
#define ADD_IMM(d, i) INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define SUB_REG(d, s) INSN(BPF_ALU64 | BPF_SUB | BPF_X, d, s, 0, 0)
#define AND_IMM(d, i) INSN(BPF_ALU64 | BPF_AND | BPF_K, d, 0, 0, i)
#define CALL(f) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define LOAD_MAP(d, fd)                                                                            \
	INSN(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_FD, 0, fd), INSN(0, 0, 0, 0, 0)
#define LOAD(size, d, s, o) INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STORE(size, d, s, o) INSN(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define ATOMIC_ADD(d, s, o) INSN(BPF_STX | BPF_ATOMIC | BPF_DW, d, s, o, BPF_ADD)
#define RETURN(value) MOV_IMM(BPF_REG_0, value), INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Jumps lead to one of two ends; their offsets are filled in when the program is complete. */
#define TO_PASS INT16_MAX
#define TO_REFUSE (INT16_MAX - 1)
#define PASS_IF(d, i) INSN(BPF_JMP | BPF_JEQ | BPF_K, d, 0, TO_PASS, i)
#define PASS_UNLESS(d, i) INSN(BPF_JMP | BPF_JNE | BPF_K, d, 0, TO_PASS, i)
#define REFUSE_IF_MORE(d, i) INSN(BPF_JMP | BPF_JSGT | BPF_K, d, 0, TO_REFUSE, i)
enum { END_LEN = 2, REFUSE_LEN = 4 };

/* Register 10 points to the end of the stack, on which record and key are built. */
#define ON_STACK(member)                                                                           \
	((short)offsetof(struct mac_record, member) - (short)sizeof(struct mac_record))
#define KEY_ON_STACK (-(short)sizeof(struct mac_record) - 8)

/* helper(context, offset, where in the record, length[, header]); if it fails, pass */
#define COPY_TO_RECORD(helper, offset, member, len, start)                                         \
	MOV_REG(BPF_REG_1, BPF_REG_6), MOV_IMM(BPF_REG_2, offset), MOV_REG(BPF_REG_3, BPF_REG_10), \
		ADD_IMM(BPF_REG_3, ON_STACK(member)), MOV_IMM(BPF_REG_4, len),                     \
		MOV_IMM(BPF_REG_5, start), CALL(helper), PASS_UNLESS(BPF_REG_0, 0)

static int load_program(int ring_fd, int slots_fd, int backlog_max)
{
	/* Registers: 6 context, 7 slot of the link, 8 ifindex, 9 cost of the datagram. */
	struct bpf_insn program[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		LOAD(BPF_W, BPF_REG_8, BPF_REG_6, offsetof(struct __sk_buff, ifindex)),
		LOAD(BPF_W, BPF_REG_9, BPF_REG_6, offsetof(struct __sk_buff, len)),
		ADD_REG(BPF_REG_9, BPF_REG_9), ADD_IMM(BPF_REG_9, DATAGRAM_COST),
		/* slot := &slots[ifindex % SLOTS] */
		MOV_REG(BPF_REG_1, BPF_REG_8), AND_IMM(BPF_REG_1, SLOTS - 1),
		STORE(BPF_W, BPF_REG_10, BPF_REG_1, KEY_ON_STACK), LOAD_MAP(BPF_REG_1, slots_fd),
		MOV_REG(BPF_REG_2, BPF_REG_10), ADD_IMM(BPF_REG_2, KEY_ON_STACK),
		CALL(BPF_FUNC_map_lookup_elem), PASS_IF(BPF_REG_0, 0),
		MOV_REG(BPF_REG_7, BPF_REG_0),
		/* the daemon's part of the slot: &slots[SLOTS + ifindex % SLOTS] */
		MOV_REG(BPF_REG_1, BPF_REG_8), AND_IMM(BPF_REG_1, SLOTS - 1),
		ADD_IMM(BPF_REG_1, SLOTS), STORE(BPF_W, BPF_REG_10, BPF_REG_1, KEY_ON_STACK),
		LOAD_MAP(BPF_REG_1, slots_fd), MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, KEY_ON_STACK), CALL(BPF_FUNC_map_lookup_elem),
		PASS_IF(BPF_REG_0, 0),
		/* refuse if admitted - received exceeds the limit */
		LOAD(BPF_DW, BPF_REG_2, BPF_REG_0, offsetof(union slot, daemon.received)),
		LOAD(BPF_DW, BPF_REG_1, BPF_REG_7, offsetof(union slot, kernel.admitted)),
		SUB_REG(BPF_REG_1, BPF_REG_2), REFUSE_IF_MORE(BPF_REG_1, backlog_max),
		ATOMIC_ADD(BPF_REG_7, BPF_REG_9, offsetof(union slot, kernel.admitted)),
		/* The context of a UDP socket's filter begins with the UDP header. */
		COPY_TO_RECORD(BPF_FUNC_skb_load_bytes, UDP_HEADER_LEN, head, 4, 0),
		/* The relay adds no option 79 to messages of relays: RFC 6939 section 5. */
		LOAD(BPF_B, BPF_REG_1, BPF_REG_10, ON_STACK(head)),
		PASS_IF(BPF_REG_1, DHCP6_RELAY_FORW), PASS_IF(BPF_REG_1, DHCP6_RELAY_REPL),
		/* What this machine sent itself has no frame: its "MAC header" is IPv6's. */
		LOAD(BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, pkt_type)),
		PASS_IF(BPF_REG_1, PACKET_LOOPBACK),
		COPY_TO_RECORD(BPF_FUNC_skb_load_bytes_relative, IPV6_SOURCE_AT, source,
			sizeof(struct in6_addr), BPF_HDR_START_NET),
		COPY_TO_RECORD(BPF_FUNC_skb_load_bytes_relative, ETHERNET_SOURCE_AT, mac,
			MAC_LEN + 2, BPF_HDR_START_MAC),
		LOAD(BPF_H, BPF_REG_1, BPF_REG_10, ON_STACK(ethertype)),
		PASS_UNLESS(BPF_REG_1, htons(ETHERTYPE_IPV6)),
		STORE(BPF_W, BPF_REG_10, BPF_REG_8, ON_STACK(ifindex)),
		LOAD_MAP(BPF_REG_1, ring_fd), MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, -(int)sizeof(struct mac_record)),
		MOV_IMM(BPF_REG_3, sizeof(struct mac_record)), MOV_IMM(BPF_REG_4, BPF_RB_NO_WAKEUP),
		CALL(BPF_FUNC_ringbuf_output), RETURN(-1), /* pass: keep all octets */
		MOV_IMM(BPF_REG_1, 1),
		ATOMIC_ADD(BPF_REG_7, BPF_REG_1, offsetof(union slot, kernel.refused)),
		RETURN(0), /* drop */
	};
	const size_t n = sizeof(program) / sizeof(program[0]);
	int fd;

	for (size_t i = 0; i < n; i++) {
		if (program[i].off == TO_PASS)
			program[i].off = (short)(n - REFUSE_LEN - END_LEN - i - 1);
		else if (program[i].off == TO_REFUSE)
			program[i].off = (short)(n - REFUSE_LEN - i - 1);
	}
	fd = bpf_prog_load(
		BPF_PROG_TYPE_SOCKET_FILTER, "netboot6_mac", "Dual BSD/GPL", program, n, NULL);
	return fd < 0 ? -errno : fd;
}

/* --- opening -------------------------------------------------------------------------- */

static int on_record(void *arg, void *data, size_t len)
{
	struct mac_ebpf *channel = arg;

	if (len >= sizeof(struct mac_record))
		mac_records_add(channel->records, data);
	return 0;
}

/* client_mac.c logs what failed; libbpf need not. */
static int stay_silent(enum libbpf_print_level level, const char *format, va_list ap)
{
	(void)level;
	(void)format;
	(void)ap;
	return 0;
}

static int open_slots(struct mac_ebpf *channel)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	void *slots;

	channel->slots_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "netboot6_links", sizeof(uint32_t),
		sizeof(union slot), 2 * SLOTS, &options);
	if (channel->slots_fd < 0)
		return -errno;
	slots = mmap(NULL, 2 * SLOTS * sizeof(union slot), PROT_READ | PROT_WRITE, MAP_SHARED,
		channel->slots_fd, 0);
	if (slots == MAP_FAILED)
		return -errno;
	channel->slots = slots;
	channel->daemon_slots = channel->slots + SLOTS;
	return 0;
}

/* Half of the receive buffer, as the kernel counts it. */
static int backlog_max(int fd)
{
	int size = 0;
	socklen_t len = sizeof(size);

	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &len) < 0)
		return -errno;
	return size / 2;
}

static int open_parts(struct mac_ebpf *channel)
{
	int limit = backlog_max(channel->udp_fd), rc;

	if (limit < 0)
		return limit;
	channel->ring_fd =
		bpf_map_create(BPF_MAP_TYPE_RINGBUF, "netboot6_mac", 0, 0, RING_OCTETS, NULL);
	if (channel->ring_fd < 0)
		return -errno;
	rc = open_slots(channel);
	if (rc < 0)
		return rc;
	channel->program_fd = load_program(channel->ring_fd, channel->slots_fd, limit);
	if (channel->program_fd < 0)
		return channel->program_fd;
	channel->ring = ring_buffer__new(channel->ring_fd, on_record, channel, NULL);
	if (!channel->ring)
		return -errno;
	return mac_ebpf_attach(channel, channel->udp_fd);
}

int mac_ebpf_attach(struct mac_ebpf *channel, int udp_fd)
{
	return setsockopt(udp_fd, SOL_SOCKET, SO_ATTACH_BPF, &channel->program_fd,
		       sizeof(channel->program_fd)) < 0
		       ? -errno
		       : 0;
}

int mac_ebpf_open(struct mac_ebpf **out, int udp_fd, struct mac_records *records)
{
	struct mac_ebpf *channel = calloc(1, sizeof(*channel));
	int rc;

	if (!channel)
		return -ENOMEM;
	channel->records = records;
	channel->udp_fd = udp_fd;
	channel->ring_fd = channel->slots_fd = channel->program_fd = -1;
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
	if (channel->slots)
		munmap(channel->slots, 2 * SLOTS * sizeof(union slot));
	if (channel->program_fd >= 0)
		close(channel->program_fd);
	if (channel->slots_fd >= 0)
		close(channel->slots_fd);
	if (channel->ring_fd >= 0)
		close(channel->ring_fd);
	free(channel);
}

/* --- the backlog of each link --------------------------------------------------------- */

static uint64_t load(const uint64_t *shared)
{
	return __atomic_load_n(shared, __ATOMIC_RELAXED);
}

static void store(uint64_t *shared, uint64_t value)
{
	__atomic_store_n(shared, value, __ATOMIC_RELAXED);
}

static unsigned slot_of(int ifindex)
{
	return (unsigned)ifindex & (SLOTS - 1);
}

static void set_received(struct mac_ebpf *channel, unsigned i, uint64_t octets)
{
	channel->received[i] = octets;
	store(&channel->daemon_slots[i].daemon.received, octets);
}

void mac_ebpf_received(struct mac_ebpf *channel, int ifindex, size_t len)
{
	unsigned i = slot_of(ifindex);

	set_received(channel, i, channel->received[i] + 2 * (len + UDP_HEADER_LEN) + DATAGRAM_COST);
}

bool mac_ebpf_settle(struct mac_ebpf *channel)
{
	bool is_settled = true;

	for (unsigned i = 0; i < SLOTS; i++) {
		if ((int64_t)(channel->admitted_before[i] - channel->received[i]) > 0)
			set_received(channel, i, channel->admitted_before[i]);
		channel->admitted_before[i] = load(&channel->slots[i].kernel.admitted);
		if (channel->admitted_before[i] != channel->received[i])
			is_settled = false;
	}
	return is_settled;
}

uint64_t mac_ebpf_refused(const struct mac_ebpf *channel, int ifindex)
{
	return load(&channel->slots[slot_of(ifindex)].kernel.refused);
}

uint64_t mac_ebpf_refused_total(const struct mac_ebpf *channel)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		total += load(&channel->slots[i].kernel.refused);
	return total;
}
