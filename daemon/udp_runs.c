/* SPDX-License-Identifier: ISC */
/*
 * A datagram joins the newest run of its kind (receiver, source, length) as
 * long as that has room, unless an earlier one of its flow is in a newer run:
 * then it begins a run itself. So along a flow runs never go back.
 *
 * Both are looked up by hash in small tables without chains. Where two kinds
 * or flows fall on one place, less is joined than could be, no more.
 */
#include "daemon/udp_runs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/udp.h"

int udp_runs_init(struct udp_runs *runs, unsigned most)
{
	*runs = (struct udp_runs){.most = most};
	runs->run = calloc(most, sizeof(*runs->run));
	runs->next = calloc(most, sizeof(*runs->next));
	if (runs->run && runs->next)
		return 0;
	udp_runs_fini(runs);
	return -ENOMEM;
}

void udp_runs_fini(struct udp_runs *runs)
{
	free(runs->run);
	free(runs->next);
	*runs = (struct udp_runs){0};
}

static size_t length_of(const struct udp_outgoing *d)
{
	size_t len = 0;

	for (unsigned i = 0; i < d->n_parts; i++)
		len += d->part[i].iov_len;
	return len;
}

/* Spread by multiplication (Knuth); the top bits are the best mixed. */
static uint32_t mix_receiver(const struct udp_outgoing *d)
{
	uint32_t word[4];

	memcpy(word, &d->to.sin6_addr, sizeof(word));
	return ((word[0] ^ word[1]) * 31 + (word[2] ^ word[3])) * UINT32_C(2654435761);
}

static uint16_t *place_of_kind(struct udp_runs *runs, uint32_t receiver, size_t len)
{
	return &runs->of_kind[((receiver >> 24) + len) % UDP_RUN_KINDS];
}

static uint16_t *place_of_flow(struct udp_runs *runs, uint32_t receiver, uint32_t flow)
{
	return &runs->of_flow[((receiver ^ flow) * UINT32_C(2654435761) >> 16) % UDP_RUN_FLOWS];
}

static bool has_room(const struct udp_run *run)
{
	return run->n < UDP_RUN_MOST && (run->n + 1) * run->len <= UDP_RUN_OCTETS_MOST;
}

static bool same_way(const struct udp_outgoing *a, const struct udp_outgoing *b)
{
	return IN6_ARE_ADDR_EQUAL(&a->to.sin6_addr, &b->to.sin6_addr) &&
	       a->to.sin6_port == b->to.sin6_port && a->to.sin6_scope_id == b->to.sin6_scope_id &&
	       a->ifindex == b->ifindex && IN6_ARE_ADDR_EQUAL(&a->source, &b->source);
}

/* Returns 1 more than the run's number, as the tables have it. */
static uint16_t begin_run(struct udp_runs *runs, uint16_t i, size_t len)
{
	runs->run[runs->n++] = (struct udp_run){.len = len, .n = 1, .first = i, .last = i};
	return (uint16_t)runs->n;
}

static void join_run(struct udp_runs *runs, struct udp_run *run, uint16_t i)
{
	runs->next[run->last] = i;
	run->last = i;
	run->n++;
}

static void place(struct udp_runs *runs, const struct udp_outgoing *queue, uint16_t i)
{
	const struct udp_outgoing *d = &queue[i];
	uint32_t receiver = mix_receiver(d);
	size_t len = length_of(d);
	uint16_t *kind = place_of_kind(runs, receiver, len);
	uint16_t *flow = place_of_flow(runs, receiver, d->flow);
	struct udp_run *run = *kind ? &runs->run[*kind - 1] : NULL;

	if (run && *kind >= *flow && run->len == len && same_way(&queue[run->first], d) &&
		has_room(run)) {
		join_run(runs, run, i);
		*flow = *kind;
		return;
	}
	*flow = begin_run(runs, i, len);
	if (len <= UDP_RUN_DATAGRAM_MOST)
		*kind = *flow;
}

void udp_runs_plan(struct udp_runs *runs, const struct udp_outgoing *queue, unsigned n, bool joined)
{
	runs->n = 0;
	if (n > 1 && joined) {
		memset(runs->of_kind, 0, sizeof(runs->of_kind));
		memset(runs->of_flow, 0, sizeof(runs->of_flow));
		for (unsigned i = 0; i < n; i++)
			place(runs, queue, (uint16_t)i);
	} else {
		for (unsigned i = 0; i < n; i++)
			begin_run(runs, (uint16_t)i, 0);
	}
}
