/* SPDX-License-Identifier: ISC */
/*
 * The load on a relay, and the account of what it costs.
 *
 *	learn   each client sends a Solicit; the server keeps what the relay put in front,
 *		so that its answers suit whatever relay runs
 *	up      clients send Solicits in bursts, a burst when the one before was relayed (or
 *		was seen to be lost): the relay always has a queue and never too long a one
 *	down    the server sends Relay-replies with an Advertise, likewise
 *	flood   many Solicits at once, while the relay cannot run: how many come through?
 *
 * With an interval (-i) up and down are a steady load: a burst, of one message say, each
 * time the interval is over.
 *
 * Clients are frames on packet sockets that receive nothing; the server is a UDP
 * socket. Messages up are counted where they arrive, messages down by the
 * Udp6OutDatagrams of the relay's namespace. CPU time is the scheduler's account of
 * the relay's threads, in ns; it holds what the kernel does in the relay's system calls,
 * delivery to the far end of a veth included.
 *
 * Relay and load share one CPU and the load goes first (SCHED_FIFO), so that each burst is
 * in the relay's queue before the relay runs: batches are alike in every run.
 *
 * Result: one line of JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/client_frames.h"
#include "tests/bench/bench_env.h"

enum {
	BURST_MAX = 1024,
	REPLY_MAX = 512,
	SINK_BATCH = 64,
	SINK_BUFFER = 64 << 20,
	SEND_BUFFER = 16 << 20,
	RELAY_HEADER = 34,
	OPTION_RELAY_MSG = 9,
	OPTION_CLIENT_LINKLAYER = 79,
	RELAY_FORW = 12,
	RELAY_REPL = 13,
	LOST_AFTER_MS = 400,
	LEARN_ROUNDS = 3,
};

/* The inner message of replies: an Advertise as a real server answered EDK2, 142 octets. */
static const uint8_t advertise[142] = {0x02, 0x5d, 0x97, 0xe6, 0x00, 0x01, 0x00, 0x12, 0x00, 0x04,
	0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
	0xff, 0x00, 0x02, 0x00, 0x0a, 0x00, 0x03, 0x00, 0x01, 0x02, 0x00, 0x4b, 0x45, 0x41, 0x01,
	0x00, 0x03, 0x00, 0x28};

struct client {
	struct client_frame frame;
	unsigned ifindex;
	uint8_t reply[REPLY_MAX];
	size_t reply_len; /* 0: nothing learned */
};

struct load {
	const char *clients_ns, *router_ns, *server_ns;
	struct in6_addr router;
	unsigned links, per_link, count, burst, limit_ms, flood, interval_us;
	int cpu;
	pid_t relay;

	struct client *client;
	unsigned n_clients;
	int packet_fd, server_fd, counter_fd;
	uint64_t received; /* by the server */
	bool learning;     /* from what it receives */
	uint16_t transaction;
};

struct result {
	uint64_t sent, relayed, cpu_ns;
};

/* --- time, CPU account, counters --------------------------------------------------- */

static uint64_t now_ms(void)
{
	return bench_now_ns() / 1000000;
}

static void nap_us(unsigned us)
{
	nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}

/* --- sockets in three namespaces ------------------------------------------------------ */

static void open_clients(struct load *load)
{
	int size = SEND_BUFFER;

	bench_enter_netns(load->clients_ns);
	load->packet_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (load->packet_fd < 0)
		bench_fail("packet socket");
	setsockopt(load->packet_fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	load->n_clients = load->links * load->per_link;
	load->client = calloc(load->n_clients, sizeof(*load->client));
	if (!load->client)
		bench_fail("memory");
	for (unsigned i = 0; i < load->n_clients; i++) {
		char name[IFNAMSIZ];

		snprintf(name, sizeof(name), "c%u", i % load->links + 1);
		load->client[i].ifindex = if_nametoindex(name);
		if (load->client[i].ifindex == 0)
			bench_fail(name);
		client_frame_make(&load->client[i].frame, (uint16_t)i);
	}
}

static void open_server(struct load *load)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(547)};
	int size = SINK_BUFFER;

	bench_enter_netns(load->server_ns);
	load->server_fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (load->server_fd < 0 || bind(load->server_fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		bench_fail("server socket");
	setsockopt(load->server_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(load->server_fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

/* --- what the server gets ---------------------------------------------------------------- */

/* A Relay-reply of the same header and options, without what servers do not send back. */
static void make_reply(struct client *client, const uint8_t *message, size_t len)
{
	uint8_t *reply = client->reply;
	size_t at = RELAY_HEADER, out = RELAY_HEADER;

	memcpy(reply, message, RELAY_HEADER);
	reply[0] = RELAY_REPL;
	while (at + 4 <= len) {
		unsigned code = message[at] << 8 | message[at + 1];
		size_t size = 4 + (size_t)(message[at + 2] << 8 | message[at + 3]);

		if (at + size > len || out + size + 4 + sizeof(advertise) > REPLY_MAX)
			return;
		if (code != OPTION_RELAY_MSG && code != OPTION_CLIENT_LINKLAYER) {
			memcpy(reply + out, message + at, size);
			out += size;
		}
		at += size;
	}
	memcpy(reply + out, (uint8_t[]){0, OPTION_RELAY_MSG, 0, sizeof(advertise)}, 4);
	memcpy(reply + out + 4, advertise, sizeof(advertise));
	client->reply_len = out + 4 + sizeof(advertise);
}

static void learn(struct load *load, const uint8_t *message, size_t len)
{
	uint16_t client = client_of_address(message + 18);

	if (len > RELAY_HEADER && message[0] == RELAY_FORW && client < load->n_clients)
		make_reply(&load->client[client], message, len);
}

static void drain_server(struct load *load)
{
	static uint8_t octets[SINK_BATCH][2048];
	struct mmsghdr header[SINK_BATCH];
	struct iovec iov[SINK_BATCH];
	int n;

	do {
		for (int i = 0; i < SINK_BATCH; i++) {
			iov[i] = (struct iovec){octets[i], sizeof(octets[i])};
			header[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
		}
		n = recvmmsg(load->server_fd, header, SINK_BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n && load->learning; i++)
			learn(load, octets[i], header[i].msg_len);
		load->received += n > 0 ? (uint64_t)n : 0;
	} while (n == SINK_BATCH);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void send_all(int fd, struct mmsghdr *header, unsigned n)
{
	for (unsigned sent = 0; sent < n;) {
		int rc = sendmmsg(fd, header + sent, n - sent, 0);

		if (rc < 0 && errno != EINTR && errno != ENOBUFS)
			bench_fail("sendmmsg");
		sent += rc > 0 ? (unsigned)rc : 0;
	}
}

static void send_solicits(struct load *load, unsigned from, unsigned n)
{
	static struct sockaddr_ll to[BURST_MAX];
	static struct mmsghdr header[BURST_MAX];
	static struct iovec iov[BURST_MAX];

	for (unsigned i = 0; i < n; i++) {
		struct client *client = &load->client[(from + i) % load->n_clients];

		client_frame_renew(&client->frame, load->transaction++);
		to[i] = (struct sockaddr_ll){.sll_family = AF_PACKET,
			.sll_protocol = htons(0x86dd),
			.sll_ifindex = (int)client->ifindex};
		iov[i] = (struct iovec){client->frame.octets, CLIENT_FRAME_LEN};
		header[i].msg_hdr = (struct msghdr){.msg_name = &to[i],
			.msg_namelen = sizeof(to[i]),
			.msg_iov = &iov[i],
			.msg_iovlen = 1};
	}
	send_all(load->packet_fd, header, n);
}

static void send_replies(struct load *load, unsigned from, unsigned n)
{
	static struct mmsghdr header[BURST_MAX];
	static struct iovec iov[BURST_MAX];
	struct sockaddr_in6 router = {
		.sin6_family = AF_INET6, .sin6_port = htons(547), .sin6_addr = load->router};
	unsigned k = from;

	for (unsigned i = 0; i < n; i++, k++) {
		while (load->client[k % load->n_clients].reply_len == 0)
			k++;
		iov[i] = (struct iovec){load->client[k % load->n_clients].reply,
			load->client[k % load->n_clients].reply_len};
		header[i].msg_hdr = (struct msghdr){.msg_name = &router,
			.msg_namelen = sizeof(router),
			.msg_iov = &iov[i],
			.msg_iovlen = 1};
	}
	send_all(load->server_fd, header, n);
}

/* A direction: how to send a burst, and how many messages the relay has relayed in it so far. */
struct direction {
	void (*send)(struct load *load, unsigned from, unsigned n);
	uint64_t (*relayed)(struct load *load);
};

/* What the server got: several may have left as one (UDP_SEGMENT). */
static uint64_t relayed_up(struct load *load)
{
	drain_server(load);
	return load->received;
}

/* Nobody receives at the clients' end. */
static uint64_t relayed_down(struct load *load)
{
	return bench_counter(load->counter_fd, "Udp6OutDatagrams");
}

static const struct direction up = {send_solicits, relayed_up};
static const struct direction down = {send_replies, relayed_down};

/* Wait until this many are relayed, or no more for a while. Returns how many are. */
static uint64_t await_relayed(struct load *load, const struct direction *way, uint64_t goal)
{
	uint64_t relayed = way->relayed(load), before, progress = now_ms();
	unsigned us = 100;

	while (relayed < goal && now_ms() - progress < LOST_AFTER_MS) {
		nap_us(us);
		us = us < 2000 ? us + us / 4 : us;
		before = relayed;
		relayed = way->relayed(load);
		if (relayed != before)
			progress = now_ms();
	}
	return relayed;
}

/* The next burst of a steady load is due `interval_us` after the one before was. */
static void await_turn(const struct load *load, uint64_t *due_ns)
{
	uint64_t now = bench_now_ns();

	*due_ns += (uint64_t)load->interval_us * 1000;
	if (*due_ns > now)
		nap_us((unsigned)((*due_ns - now) / 1000));
}

static struct result run(
	struct load *load, const struct direction *way, unsigned count, unsigned burst)
{
	uint64_t end = now_ms() + load->limit_ms, first = way->relayed(load), lost = 0,
		 relayed = first, due_ns = bench_now_ns();
	struct result result = {.cpu_ns = bench_cpu_ns(load->relay)};

	while (result.sent < count && now_ms() < end) {
		unsigned n = count - result.sent < burst ? (unsigned)(count - result.sent) : burst;

		way->send(load, (unsigned)result.sent, n);
		result.sent += n;
		relayed = await_relayed(load, way, first + result.sent - lost);
		lost = first + result.sent - relayed;
		await_turn(load, &due_ns);
	}
	nap_us(5000); /* until it sleeps again, for the account */
	result.cpu_ns = bench_cpu_ns(load->relay) - result.cpu_ns;
	result.relayed = relayed - first;
	return result;
}

static unsigned count_learned(const struct load *load)
{
	unsigned n = 0;

	for (unsigned i = 0; i < load->n_clients; i++)
		n += load->client[i].reply_len > 0;
	return n;
}

/* Not all at once: the receive buffers of most relays are small. */
static unsigned learn_all(struct load *load)
{
	load->learning = true;
	for (int i = 0; i < LEARN_ROUNDS && count_learned(load) < load->n_clients; i++)
		run(load, &up, load->n_clients, 64);
	load->learning = false;
	return count_learned(load);
}

static struct result flood(struct load *load)
{
	uint64_t first = relayed_up(load);

	for (unsigned sent = 0; sent < load->flood; sent += BURST_MAX)
		send_solicits(load, sent,
			load->flood - sent < BURST_MAX ? load->flood - sent : BURST_MAX);
	return (struct result){.sent = load->flood,
		.relayed = await_relayed(load, &up, first + load->flood) - first};
}

static void print(const char *name, struct result r, const char *end)
{
	printf("\"%s\": {\"sent\": %llu, \"relayed\": %llu, \"cpu_ns\": %llu}%s", name,
		(unsigned long long)r.sent, (unsigned long long)r.relayed,
		(unsigned long long)r.cpu_ns, end);
}

/* --- options ------------------------------------------------------------------------------------
 */

static void parse(struct load *load, int argc, char *argv[])
{
	static const char usage[] =
		"load -c CLIENTS -r ROUTER -s SERVER (namespaces) -a ROUTER-ADDRESS -p RELAY-PID\n"
		"     [-l LINKS] [-k CLIENTS-PER-LINK] [-n MESSAGES] [-b BURST] [-t LIMIT-MS]\n"
		"     [-f FLOOD] [-i BURST-INTERVAL-US] [-u CPU]\n";
	int option;

	while ((option = getopt(argc, argv, "a:b:c:f:i:k:l:n:p:r:s:t:u:")) != -1) {
		unsigned number = (unsigned)strtoul(optarg ? optarg : "", NULL, 10);

		switch (option) {
		case 'a':
			inet_pton(AF_INET6, optarg, &load->router);
			break;
		case 'b':
			load->burst = number;
			break;
		case 'c':
			load->clients_ns = optarg;
			break;
		case 'f':
			load->flood = number;
			break;
		case 'i':
			load->interval_us = number;
			break;
		case 'k':
			load->per_link = number;
			break;
		case 'l':
			load->links = number;
			break;
		case 'n':
			load->count = number;
			break;
		case 'p':
			load->relay = (pid_t)number;
			break;
		case 'r':
			load->router_ns = optarg;
			break;
		case 's':
			load->server_ns = optarg;
			break;
		case 't':
			load->limit_ms = number;
			break;
		case 'u':
			load->cpu = (int)number;
			break;
		default:
			fputs(usage, stderr);
			exit(EXIT_FAILURE);
		}
	}
	if (!load->clients_ns || !load->router_ns || !load->server_ns || !load->relay ||
		!load->links || !load->per_link || !load->burst || load->burst > BURST_MAX ||
		load->links * load->per_link > 65536) {
		fputs(usage, stderr);
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char *argv[])
{
	struct load load = {
		.links = 1, .per_link = 1, .count = 10000, .burst = 64, .limit_ms = 2000};
	struct result none = {0};
	unsigned learned;

	parse(&load, argc, argv);
	open_clients(&load);
	open_server(&load);
	load.counter_fd = bench_open_counters(load.router_ns);
	bench_run_first(load.cpu);
	learned = learn_all(&load);
	printf("{\"learned\": %u, ", learned);
	print("up", run(&load, &up, load.count, load.burst), ", ");
	print("down", learned ? run(&load, &down, load.count, load.burst) : none, ", ");
	print("flood", load.flood ? flood(&load) : none, "}\n");
	return 0;
}
