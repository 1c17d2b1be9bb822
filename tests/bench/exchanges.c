/* SPDX-License-Identifier: ISC */
/*
 * The load on a DHCPv6 server, and the account of what it costs: a relay with any number
 * of subnets behind it, and any number of machines in them.
 *
 *	boot    Solicit, Advertise, Request, Reply, as UEFI firmware asks
 *	inform  Information-request, Reply
 *
 * In bursts: the Solicits of a burst of machines, then, when all have their Advertise or
 * nothing more came for a while, the Requests. Machine N of `machines` is in subnet N modulo
 * the number of subnets, link-address 2001:db8:1:N::1; its MAC (option 79), DUID and IAID say its
 * number.
 *
 * CPU time is the scheduler's account of all the server's threads, in ns. Server and
 * load share one CPU and the load goes first (SCHED_FIFO), so that each burst is in the
 * server's queue before the server runs: batches are alike in every run.
 *
 * Result: one line of JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
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
	BURST_MAX = 1024,
	OCTETS = 1024,
	BUFFER = 64 << 20,
	PORT = 547,
	HEADER = 34,
	RELAY_FORW = 12,
	OPT_RELAY_MSG = 9,
	OPT_INTERFACE_ID = 18,
	OPT_CLIENT_LINKLAYER = 79,
	LOST_AFTER_MS = 400,
};

/* One machine of a burst, and what the Advertise said that its Request has to repeat. */
struct slot {
	unsigned machine;
	bool answered;
	struct client_answer answer;
};

struct load {
	const char *relay_ns;
	struct sockaddr_in6 server;
	unsigned subnets, machines, first, count, burst;
	bool inform;
	int cpu;
	pid_t pid;

	int fd;
	uint32_t round; /* the upper bits of each transaction id */
	uint8_t asked;  /* the type of message in this round */
	struct slot slot[BURST_MAX];
	uint64_t sent, answered, refused, octets;
	uint64_t longest_ns; /* from a burst's sending to the last of its answers */
};

/* --- messages ------------------------------------------------------------------------ */

static void put_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_u32(uint8_t *at, uint32_t value)
{
	put_u16(at, value >> 16);
	put_u16(at + 2, value & 0xffff);
}

static uint8_t *put_option(uint8_t *at, unsigned code, const void *data, size_t len)
{
	put_u16(at, code);
	put_u16(at + 2, (unsigned)len);
	memcpy(at + 4, data, len);
	return at + 4 + len;
}

static uint8_t *put_relay(uint8_t *at, const struct load *load, unsigned machine)
{
	unsigned subnet = machine % load->subnets;
	uint8_t linklayer[8] = {0, 1, 0x52, 0x54};
	char name[16];
	int name_len = snprintf(name, sizeof(name), "vlan%u", subnet);

	memset(at, 0, HEADER);
	at[0] = RELAY_FORW;
	memcpy(at + 2, (uint8_t[]){0x20, 0x01, 0x0d, 0xb8, 0, 1}, 6);
	put_u16(at + 8, subnet);
	at[17] = 1;
	memcpy(at + 18, (uint8_t[]){0xfe, 0x80}, 2);
	memcpy(at + 26, (uint8_t[]){0x50, 0x54, 0, 0xff, 0xfe}, 5);
	put_u32(at + 30, machine);
	at = put_option(at + HEADER, OPT_INTERFACE_ID, name, (size_t)name_len);
	put_u32(linklayer + 4, machine);
	return put_option(at, OPT_CLIENT_LINKLAYER, linklayer, sizeof(linklayer));
}

static size_t make_request(uint8_t octets[OCTETS], const struct load *load, unsigned i)
{
	const struct slot *slot = &load->slot[i];
	uint8_t *at = put_relay(octets, load, slot->machine);
	size_t len = client_message_put(at + 4, load->asked, (load->round << 10 | i) & 0xffffff,
		slot->machine, load->asked == CLIENT_REQUEST ? &slot->answer : NULL);

	put_u16(at, OPT_RELAY_MSG);
	put_u16(at + 2, (unsigned)len);
	return (size_t)(at + 4 + len - octets);
}

/* --- answers -------------------------------------------------------------------------- */

static unsigned get_u16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static void take_message(struct load *load, const uint8_t *message, size_t len)
{
	struct client_answer answer;
	struct slot *slot;
	bool good;

	if (!client_answer_read(&answer, message, len) ||
		answer.xid >> 10 != (load->round & 0x3fff) ||
		(answer.xid & (BURST_MAX - 1)) >= load->burst)
		return;
	slot = &load->slot[answer.xid & (BURST_MAX - 1)];
	if (slot->answered)
		return;
	slot->answered = true;
	slot->answer = answer;
	good = answer.has_address || load->asked == CLIENT_INFORMATION_REQUEST;
	load->answered += good;
	load->refused += !good;
}

static void take_answer(struct load *load, const uint8_t *octets, size_t len)
{
	const uint8_t *at = octets + HEADER, *end = octets + len, *option;
	unsigned size = 0;

	load->octets += len;
	while (len > HEADER && (option = client_option_next(&at, end, &size)))
		if (get_u16(option) == OPT_RELAY_MSG && size >= 4)
			take_message(load, option + 4, size);
}

static unsigned receive(struct load *load)
{
	static uint8_t octets[64][2048];
	struct mmsghdr header[64];
	struct iovec iov[64];
	unsigned all = 0;
	int n;

	do {
		for (int i = 0; i < 64; i++) {
			iov[i] = (struct iovec){octets[i], sizeof(octets[i])};
			header[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
		}
		n = recvmmsg(load->fd, header, 64, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			take_answer(load, octets[i], header[i].msg_len);
		all += n > 0 ? (unsigned)n : 0;
	} while (n == 64);
	return all;
}

/* --- a burst -------------------------------------------------------------------------------- */

static unsigned send_round(struct load *load, uint8_t type, unsigned n, bool all)
{
	static uint8_t octets[BURST_MAX][OCTETS];
	static struct mmsghdr header[BURST_MAX];
	static struct iovec iov[BURST_MAX];
	unsigned due = 0;

	load->round++;
	load->asked = type;
	for (unsigned i = 0; i < n; i++) {
		if (!all && !load->slot[i].answered)
			continue;
		iov[due] = (struct iovec){octets[due], make_request(octets[due], load, i)};
		header[due].msg_hdr = (struct msghdr){.msg_name = &load->server,
			.msg_namelen = sizeof(load->server),
			.msg_iov = &iov[due],
			.msg_iovlen = 1};
		due++;
	}
	for (unsigned i = 0; i < n; i++)
		load->slot[i].answered = false;
	for (unsigned sent = 0; sent < due;) {
		int rc = sendmmsg(load->fd, header + sent, due - sent, 0);

		if (rc < 0 && errno != EINTR && errno != ENOBUFS)
			bench_fail("sendmmsg");
		sent += rc > 0 ? (unsigned)rc : 0;
	}
	load->sent += due;
	return due;
}

static void await_answers(struct load *load, unsigned due)
{
	uint64_t begin = bench_now_ns(), progress = begin;
	unsigned came = 0, us = 50;

	while (came < due && bench_now_ns() - progress < LOST_AFTER_MS * 1000000ull) {
		unsigned n;

		nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
		us = us < 1000 ? us + us / 4 : us;
		n = receive(load);
		came += n;
		if (n > 0)
			progress = bench_now_ns();
	}
	if (came >= due && progress - begin > load->longest_ns)
		load->longest_ns = progress - begin;
}

static void run(struct load *load)
{
	for (unsigned done = 0; done < load->count; done += load->burst) {
		unsigned n = load->count - done < load->burst ? load->count - done : load->burst;

		for (unsigned i = 0; i < n; i++)
			load->slot[i].machine = load->first + (done + i) % load->machines;
		await_answers(load,
			send_round(load, load->inform ? CLIENT_INFORMATION_REQUEST : CLIENT_SOLICIT,
				n, true));
		if (!load->inform)
			await_answers(load, send_round(load, CLIENT_REQUEST, n, false));
	}
}

/* --- options --------------------------------------------------------------------------------- */

static void open_socket(struct load *load)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
	int size = BUFFER;

	bench_enter_netns(load->relay_ns);
	load->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (load->fd < 0 || bind(load->fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		bench_fail("relay socket");
	setsockopt(load->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(load->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

static void usage(void)
{
	fputs("exchanges -r RELAY (namespace) -a SERVER-ADDRESS -p SERVER-PID [-i (inform)]\n"
	      "          [-s SUBNETS] [-m MACHINES] [-f FIRST-MACHINE] [-n EXCHANGES] [-b BURST]\n"
	      "          [-u CPU]\n",
		stderr);
	exit(EXIT_FAILURE);
}

static void parse(struct load *load, int argc, char *argv[])
{
	int option;

	while ((option = getopt(argc, argv, "a:b:f:im:n:p:r:s:u:")) != -1) {
		unsigned number = (unsigned)strtoul(optarg ? optarg : "", NULL, 10);

		switch (option) {
		case 'a':
			inet_pton(AF_INET6, optarg, &load->server.sin6_addr);
			break;
		case 'b':
			load->burst = number;
			break;
		case 'f':
			load->first = number;
			break;
		case 'i':
			load->inform = true;
			break;
		case 'm':
			load->machines = number;
			break;
		case 'n':
			load->count = number;
			break;
		case 'p':
			load->pid = (pid_t)number;
			break;
		case 'r':
			load->relay_ns = optarg;
			break;
		case 's':
			load->subnets = number;
			break;
		case 'u':
			load->cpu = (int)number;
			break;
		default:
			usage();
		}
	}
	if (!load->relay_ns || !load->pid || !load->machines || !load->burst ||
		load->burst > BURST_MAX || !load->subnets || load->subnets > 65536)
		usage();
}

int main(int argc, char *argv[])
{
	static struct load load = {.subnets = 1,
		.machines = 1000,
		.count = 10000,
		.burst = 64,
		.server = {.sin6_family = AF_INET6, .sin6_port = 0 /* set below */}};
	uint64_t cpu_ns, begin_ns;

	load.server.sin6_port = htons(PORT);
	parse(&load, argc, argv);
	open_socket(&load);
	bench_run_first(load.cpu);
	cpu_ns = bench_cpu_ns(load.pid);
	begin_ns = bench_now_ns();
	run(&load);
	begin_ns = bench_now_ns() - begin_ns;
	nanosleep(&(struct timespec){.tv_nsec = 5000000},
		NULL); /* until it sleeps, for the account */
	printf("{\"sent\": %llu, \"answered\": %llu, \"refused\": %llu, \"octets\": %llu, "
	       "\"longest_ns\": %llu, \"cpu_ns\": %llu, \"ns\": %llu}\n",
		(unsigned long long)load.sent, (unsigned long long)load.answered,
		(unsigned long long)load.refused, (unsigned long long)load.octets,
		(unsigned long long)load.longest_ns,
		(unsigned long long)(bench_cpu_ns(load.pid) - cpu_ns),
		(unsigned long long)begin_ns);
	return 0;
}
