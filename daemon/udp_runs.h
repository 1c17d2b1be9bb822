/* SPDX-License-Identifier: ISC */
/*
 * Which datagrams of a queue can leave together, as one send that the kernel
 * or the network card cuts again (UDP_SEGMENT, udp(7)): those of one length
 * for one receiver, from one source. What a receiver gets is the same.
 *
 * The queue is put into runs, the order of the runs is the order to send in.
 * Datagrams of one flow keep their order, whatever their lengths are.
 */
#ifndef NB6_DAEMON_UDP_RUNS_H
#define NB6_DAEMON_UDP_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct udp_outgoing;

enum {
	UDP_RUN_MOST = 64,            /* datagrams in a run: Linux's UDP_MAX_SEGMENTS of old */
	UDP_RUN_OCTETS_MOST = 65000,  /* with its headers it is an IPv6 packet for a while */
	UDP_RUN_DATAGRAM_MOST = 1232, /* what fits every path without fragments */
	UDP_RUN_FLOWS = 1024,
	UDP_RUN_KINDS = 256,
};

struct udp_run {
	size_t len;           /* of each datagram in it */
	unsigned n;           /* of them */
	uint16_t first, last; /* in the queue; udp_runs.next leads from one to the next */
};

struct udp_runs {
	unsigned most, n;
	struct udp_run *run;
	uint16_t *next; /* in the same run, by place in the queue */
	/* By hash, 1 more than the run: that took the last of a kind; that the last of a flow is
	 * in. */
	uint16_t of_kind[UDP_RUN_KINDS], of_flow[UDP_RUN_FLOWS];
};

/* For queues of at most `most`, less than 65535. Returns 0 or -ENOMEM. */
int udp_runs_init(struct udp_runs *runs, unsigned most);
void udp_runs_fini(struct udp_runs *runs);

/* Put a queue into runs, of one datagram each where not `joined`. */
void udp_runs_plan(
	struct udp_runs *runs, const struct udp_outgoing *queue, unsigned n, bool joined);

#endif
