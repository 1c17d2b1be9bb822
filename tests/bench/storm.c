/* SPDX-License-Identifier: ISC */
/*
 * A boot storm: the power comes back, and machines by the thousand ask for an address.
 *
 * Each machine sends its Solicit at a moment of its own within the first so many ms, on its
 * link, as a frame; waits for the Advertise, sends its Request, waits for the Reply; and does
 * as clients do (RFC 9915 section 15) when an answer does not come: waits for the
 * retransmission time, sends again, and twice as long the next time. Each first wait that was in
 * vain is counted.
 *
 * Machine N is on link cM, M = N modulo the number of links plus 1; MAC 52:54:00:00:HI:LO.
 *
 * Result: one line of JSON, times in us.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/client_messages.h"
#include "tests/bench/bench_env.h"

enum {
	MACHINES_MAX = 65536,
	FRAME_MAX = 2048,
	BATCH = 64,
	BUFFER = 256 << 20,
	IPV6_AT = ETH_HLEN,
	UDP_AT = IPV6_AT + 40,
	MESSAGE_AT = UDP_AT + 8,
	CLIENT_PORT = 546,
	SERVER_PORT = 547,
};

enum stage { ASKS, REQUESTS, DONE };

struct machine {
	enum stage stage;
	uint32_t xid;
	unsigned sent;     /* in this stage */
	uint64_t due_ns;   /* of the next sending, or of giving up the wait */
	uint64_t first_ns; /* when the first one of this stage went */
	struct client_answer advertise;
};

struct storm {
	const char *clients_ns;
	unsigned links, machines, within_ms, wait_ms, limit_ms;
	int fd;
	int ifindex[4096];
	struct machine *machine;
	unsigned done, refused;
	unsigned in_vain[2]; /* first waits, by stage */
	uint64_t sent;
	uint32_t *took_us[2]; /* by stage: each machine's, from the first sending to the answer */
	unsigned took[2];
};

/* --- frames ----------------------------------------------------------------------- */

static void put_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned get_u16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* One's complement sum of the UDP datagram with its pseudo-header (RFC 8200 section 8.1). */
static unsigned checksum(const uint8_t *frame, size_t udp_len)
{
	size_t end = UDP_AT + udp_len;
	uint32_t sum = (uint32_t)udp_len + IPPROTO_UDP;

	for (size_t at = IPV6_AT + 8; at + 1 < end; at += 2)
		sum += get_u16(frame + at);
	if (udp_len % 2)
		sum += (uint32_t)frame[end - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	return sum ? sum : 0xffff;
}

static size_t make_frame(uint8_t frame[FRAME_MAX], const struct machine *machine, unsigned number)
{
	bool requests = machine->stage == REQUESTS;
	size_t len =
		client_message_put(frame + MESSAGE_AT, requests ? CLIENT_REQUEST : CLIENT_SOLICIT,
			machine->xid, number, requests ? &machine->advertise : NULL);

	memset(frame, 0, MESSAGE_AT);
	memcpy(frame, (uint8_t[]){0x33, 0x33, 0, 1, 0, 2, 0x52, 0x54, 0, 0}, 10);
	put_u16(frame + 10, number);
	put_u16(frame + 12, ETHERTYPE_IPV6);
	frame[IPV6_AT] = 0x60;
	put_u16(frame + IPV6_AT + 4, (unsigned)len + 8);
	frame[IPV6_AT + 6] = IPPROTO_UDP;
	frame[IPV6_AT + 7] = 1;
	memcpy(frame + IPV6_AT + 8, (uint8_t[]){0xfe, 0x80}, 2);
	memcpy(frame + IPV6_AT + 16, (uint8_t[]){0x50, 0x54, 0, 0xff, 0xfe}, 5);
	put_u16(frame + IPV6_AT + 22, number);
	memcpy(frame + IPV6_AT + 24, (uint8_t[]){0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2},
		16);
	put_u16(frame + UDP_AT, CLIENT_PORT);
	put_u16(frame + UDP_AT + 2, SERVER_PORT);
	put_u16(frame + UDP_AT + 4, (unsigned)len + 8);
	put_u16(frame + UDP_AT + 6, checksum(frame, len + 8));
	return MESSAGE_AT + len;
}

/* --- a machine ------------------------------------------------------------------------ */

static void send_message(struct storm *storm, unsigned number, uint64_t now_ns)
{
	struct machine *machine = &storm->machine[number];
	uint8_t frame[FRAME_MAX];
	size_t len = make_frame(frame, machine, number);
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_IPV6),
		.sll_ifindex = storm->ifindex[number % storm->links]};

	while (sendto(storm->fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		if (errno != ENOBUFS && errno != EINTR)
			bench_fail("sendto");
	if (machine->sent == 0)
		machine->first_ns = now_ns;
	machine->due_ns = now_ns + ((uint64_t)storm->wait_ms << machine->sent) * 1000000;
	machine->sent++;
	storm->sent++;
}

static void wait_is_over(struct storm *storm, unsigned number, uint64_t now_ns)
{
	struct machine *machine = &storm->machine[number];

	storm->in_vain[machine->stage] += machine->sent == 1;
	send_message(storm, number, now_ns);
}

static void take_answer(
	struct storm *storm, unsigned number, const struct client_answer *answer, uint64_t now_ns)
{
	struct machine *machine = &storm->machine[number];
	uint8_t wanted = machine->stage == ASKS ? CLIENT_ADVERTISE : CLIENT_REPLY;

	if (machine->stage == DONE || machine->sent == 0 || answer->type != wanted ||
		answer->xid != machine->xid)
		return;
	if (!answer->has_address) {
		storm->refused++;
		return;
	}
	storm->took_us[machine->stage][storm->took[machine->stage]++] =
		(uint32_t)((now_ns - machine->first_ns) / 1000);
	machine->stage++;
	machine->sent = 0;
	if (machine->stage == DONE) {
		storm->done++;
		return;
	}
	machine->advertise = *answer;
	machine->xid ^= 0x800000;
	send_message(storm, number, now_ns);
}

/* --- all of them ------------------------------------------------------------------------ */

static void take_frame(struct storm *storm, const uint8_t *frame, size_t len, uint64_t now_ns)
{
	struct client_answer answer;
	unsigned number = get_u16(frame + 4);

	if (len > MESSAGE_AT && number < storm->machines &&
		client_answer_read(&answer, frame + MESSAGE_AT, len - MESSAGE_AT))
		take_answer(storm, number, &answer, now_ns);
}

static void receive(struct storm *storm)
{
	static uint8_t octets[BATCH][FRAME_MAX];
	struct mmsghdr header[BATCH];
	struct iovec iov[BATCH];
	int n;

	do {
		uint64_t now_ns;

		for (int i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){octets[i], FRAME_MAX};
			header[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
		}
		n = recvmmsg(storm->fd, header, BATCH, MSG_DONTWAIT, NULL);
		now_ns = bench_now_ns();
		for (int i = 0; i < n; i++)
			take_frame(storm, octets[i], header[i].msg_len, now_ns);
	} while (n == BATCH);
}

static void run(struct storm *storm)
{
	uint64_t begin_ns = bench_now_ns(), now_ns = begin_ns;

	for (unsigned i = 0; i < storm->machines; i++)
		storm->machine[i] = (struct machine){
			.xid = i << 4 & 0x7fffff,
			.due_ns =
				begin_ns + (uint64_t)random() % (storm->within_ms * 1000000ull + 1),
		};
	while (storm->done < storm->machines && now_ns < begin_ns + storm->limit_ms * 1000000ull) {
		receive(storm);
		now_ns = bench_now_ns();
		for (unsigned i = 0; i < storm->machines; i++) {
			struct machine *machine = &storm->machine[i];

			if (machine->stage != DONE && machine->due_ns <= now_ns)
				(machine->sent ? wait_is_over : send_message)(storm, i, now_ns);
			if (i % BATCH == 0)
				receive(storm);
		}
		nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
	}
}

/* --- sockets, options, result -------------------------------------------------------------- */

/* IPv6, UDP, to port 546: nothing else is worth a wakeup. */
static void set_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IPV6_AT + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, UDP_AT + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLIENT_PORT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, FRAME_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		bench_fail("filter");
}

static void open_clients(struct storm *storm)
{
	int size = BUFFER, on = 1;
	struct sockaddr_ll any = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	bench_enter_netns(storm->clients_ns);
	storm->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (storm->fd < 0)
		bench_fail("packet socket");
	set_filter(storm->fd);
	setsockopt(storm->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(storm->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(storm->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	if (bind(storm->fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		bench_fail("packet socket");
	for (unsigned i = 0; i < storm->links; i++) {
		char name[IFNAMSIZ];

		snprintf(name, sizeof(name), "c%u", i + 1);
		storm->ifindex[i] = (int)if_nametoindex(name);
		if (storm->ifindex[i] == 0)
			bench_fail(name);
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void print_times(const struct storm *storm, enum stage stage, const char *name)
{
	unsigned n = storm->took[stage];
	uint32_t *us = storm->took_us[stage];

	qsort(us, n, sizeof(*us), compare);
	printf("\"%s\": {\"in_vain\": %u, \"median_us\": %u, \"p99_us\": %u, \"most_us\": %u}",
		name, storm->in_vain[stage], n ? us[n / 2] : 0, n ? us[n - 1 - n / 100] : 0,
		n ? us[n - 1] : 0);
}

static void parse(struct storm *storm, int argc, char *argv[])
{
	static const char usage[] = "storm -c CLIENTS (namespace) [-l LINKS] [-m MACHINES]\n"
				    "      [-w WITHIN-MS] [-r RETRANSMISSION-MS] [-t LIMIT-MS]\n";
	int option;

	while ((option = getopt(argc, argv, "c:l:m:r:t:w:")) != -1) {
		unsigned number = (unsigned)strtoul(optarg ? optarg : "", NULL, 10);

		switch (option) {
		case 'c':
			storm->clients_ns = optarg;
			break;
		case 'l':
			storm->links = number;
			break;
		case 'm':
			storm->machines = number;
			break;
		case 'r':
			storm->wait_ms = number;
			break;
		case 't':
			storm->limit_ms = number;
			break;
		case 'w':
			storm->within_ms = number;
			break;
		default:
			fputs(usage, stderr);
			exit(EXIT_FAILURE);
		}
	}
	if (!storm->clients_ns || !storm->links || storm->links > 4096 || !storm->machines ||
		storm->machines > MACHINES_MAX) {
		fputs(usage, stderr);
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char *argv[])
{
	static struct storm storm = {.links = 1,
		.machines = 1000,
		.within_ms = 1000,
		.wait_ms = 1000,
		.limit_ms = 30000};

	parse(&storm, argc, argv);
	storm.machine = calloc(storm.machines, sizeof(*storm.machine));
	storm.took_us[ASKS] = calloc(storm.machines, sizeof(uint32_t));
	storm.took_us[REQUESTS] = calloc(storm.machines, sizeof(uint32_t));
	if (!storm.machine || !storm.took_us[ASKS] || !storm.took_us[REQUESTS])
		bench_fail("memory");
	open_clients(&storm);
	run(&storm);
	printf("{\"machines\": %u, \"done\": %u, \"refused\": %u, \"sent\": %llu, ", storm.machines,
		storm.done, storm.refused, (unsigned long long)storm.sent);
	print_times(&storm, ASKS, "solicit");
	printf(", ");
	print_times(&storm, REQUESTS, "request");
	printf("}\n");
	return 0;
}
