/* SPDX-License-Identifier: ISC */
/*
 * What the router pays for each IPv6 packet that it only forwards.
 *
 * A packet socket in the clients' namespace sends UDP datagrams of no interest to DHCPv6
 * over a veth; the router forwards them over another one to a neighbour that throws them
 * away. The kernel does all of this on the sender's CPU before the sender goes on, so the
 * time that the sender needs is the time of the path. It goes before other programs
 * (SCHED_FIFO) and sends in chunks; a chunk is a sample if the whole of it was forwarded when
 * the sender was through. Interrupts, a stolen CPU, a busy neighbour in the cache only ever add
 * to a chunk's time, so the one is taken that a tenth of the chunks undercut.
 *
 * Result: one line of JSON.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/bench_env.h"

enum {
	PAYLOAD = 64,
	UDP_LEN = 8 + PAYLOAD,
	FRAME_LEN = 14 + 40 + UDP_LEN,
	BATCH = 64,
	CHUNK = 16 * BATCH,
	CHUNKS_MAX = 4096,
	SEND_BUFFER = 16 << 20,
};

struct forward {
	const char *clients_ns, *router_ns;
	struct in6_addr from, to;
	uint8_t router_mac[ETH_ALEN];
	unsigned chunks;
	int cpu, packet_fd, counter_fd;
	struct sockaddr_ll link;
	uint8_t frame[FRAME_LEN];
};

static void make_frame(struct forward *f)
{
	static const uint8_t head[] = {
		0x52, 0x54, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, UDP_LEN, IPPROTO_UDP, 64};
	static const uint8_t udp[] = {0x30, 0x39, 0x30, 0x39, 0, UDP_LEN, 0xff, 0xff};

	memcpy(f->frame, f->router_mac, ETH_ALEN);
	memcpy(f->frame + ETH_ALEN, head, sizeof(head));
	memcpy(f->frame + 22, &f->from, sizeof(f->from));
	memcpy(f->frame + 38, &f->to, sizeof(f->to));
	memcpy(f->frame + 54, udp, sizeof(udp)); /* routers do not verify the checksum */
}

static void open_link(struct forward *f)
{
	int size = SEND_BUFFER;

	bench_enter_netns(f->clients_ns);
	f->packet_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	f->link = (struct sockaddr_ll){.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_IPV6),
		.sll_ifindex = (int)if_nametoindex("c1")};
	if (f->packet_fd < 0 || f->link.sll_ifindex == 0)
		bench_fail("packet socket on c1");
	setsockopt(f->packet_fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

/* Returns the time that it took, in ns. */
static uint64_t send_chunk(struct forward *f)
{
	struct iovec iov = {f->frame, FRAME_LEN};
	struct mmsghdr header[BATCH];
	uint64_t begin;

	for (int i = 0; i < BATCH; i++)
		header[i].msg_hdr = (struct msghdr){.msg_name = &f->link,
			.msg_namelen = sizeof(f->link),
			.msg_iov = &iov,
			.msg_iovlen = 1};
	begin = bench_now_ns();
	for (int sent = 0; sent < CHUNK; sent += BATCH)
		if (sendmmsg(f->packet_fd, header, BATCH, 0) != BATCH)
			bench_fail("sendmmsg");
	return bench_now_ns() - begin;
}

static uint64_t forwarded(const struct forward *f)
{
	return bench_counter(f->counter_fd, "Ip6OutForwDatagrams");
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void measure(struct forward *f)
{
	static uint64_t ns[CHUNKS_MAX];
	unsigned samples = 0;
	uint64_t first, before;

	send_chunk(f); /* until caches are warm and the route is resolved */
	first = forwarded(f);
	for (unsigned i = 0; i < f->chunks; i++) {
		before = forwarded(f);
		ns[samples] = send_chunk(f);
		samples += forwarded(f) - before == CHUNK;
	}
	qsort(ns, samples, sizeof(*ns), by_size);
	printf("{\"sent\": %u, \"forwarded\": %llu, \"samples\": %u, \"packet_ns\": %.1f}\n",
		f->chunks * CHUNK, (unsigned long long)(forwarded(f) - first), samples,
		samples ? (double)ns[samples / 10] / CHUNK : 0.0);
}

static int parse_mac(uint8_t mac[ETH_ALEN], const char *text)
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		       &mac[4], &mac[5]) == ETH_ALEN;
}

static int parse(struct forward *f, int argc, char *argv[])
{
	int option, good = 1;

	while (good && (option = getopt(argc, argv, "c:r:m:f:t:n:u:")) != -1) {
		if (option == 'c')
			f->clients_ns = optarg;
		else if (option == 'r')
			f->router_ns = optarg;
		else if (option == 'm')
			good = parse_mac(f->router_mac, optarg);
		else if (option == 'f')
			good = inet_pton(AF_INET6, optarg, &f->from) == 1;
		else if (option == 't')
			good = inet_pton(AF_INET6, optarg, &f->to) == 1;
		else if (option == 'n')
			f->chunks = (unsigned)strtoul(optarg, NULL, 10) / CHUNK;
		else if (option == 'u')
			f->cpu = atoi(optarg);
		else
			good = 0;
	}
	return good && f->clients_ns && f->router_ns && f->chunks && f->chunks <= CHUNKS_MAX;
}

int main(int argc, char *argv[])
{
	struct forward f = {0};

	if (!parse(&f, argc, argv)) {
		fputs("forward -c CLIENTS -r ROUTER (namespaces) -m ROUTER-MAC -f FROM -t TO\n"
		      "        -n PACKETS (1,024 to 4,194,304) [-u CPU]\n",
			stderr);
		return EXIT_FAILURE;
	}
	make_frame(&f);
	open_link(&f);
	f.counter_fd = bench_open_counters(f.router_ns);
	bench_run_first(f.cpu);
	measure(&f);
	return 0;
}
