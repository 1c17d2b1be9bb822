/* SPDX-License-Identifier: ISC */
/*
 * Sending in runs: which datagrams may leave together, in which order; and,
 * over the loopback, that a receiver sees the same datagrams either way.
 */
#include <errno.h>
#include <netinet/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/udp.h"
#include "daemon/udp_runs.h"
#include "tests/unit/random.h"

enum { MOST = 512, ROUNDS = 2000, OCTETS_MAX = 2000 };

static uint8_t octets[OCTETS_MAX];

/* In two parts, as a header and a message are. */
static struct udp_outgoing outgoing(uint8_t server, uint32_t flow, size_t len)
{
	size_t head = len / 3;
	struct udp_outgoing d = {
		.to = {.sin6_family = AF_INET6, .sin6_port = htons(547)},
		.part = {{octets, head}, {octets + head, len - head}},
		.n_parts = 2,
		.flow = flow,
	};

	d.to.sin6_addr.s6_addr[15] = server;
	return d;
}

/* --- the plan ------------------------------------------------------------------------- */

struct plan {
	struct udp_runs runs;
	struct udp_outgoing queue[MOST];
	unsigned n;
	unsigned order[MOST]; /* places in the queue, as they will be sent */
	unsigned run_of[MOST];
};

static int setup(void **state)
{
	static struct plan plan;

	plan = (struct plan){0};
	assert_int_equal(udp_runs_init(&plan.runs, MOST), 0);
	*state = &plan;
	return 0;
}

static int teardown(void **state)
{
	struct plan *plan = *state;

	udp_runs_fini(&plan->runs);
	return 0;
}

static void add(struct plan *plan, uint8_t server, uint32_t flow, size_t len)
{
	plan->queue[plan->n++] = outgoing(server, flow, len);
}

/* Plan, and follow each run: each datagram is in one, and may be. */
static void make(struct plan *plan, bool joined)
{
	unsigned sent = 0;

	udp_runs_plan(&plan->runs, plan->queue, plan->n, joined);
	for (unsigned r = 0; r < plan->runs.n; r++) {
		const struct udp_run *run = &plan->runs.run[r];
		unsigned i = run->first;

		assert_in_range(run->n, 1, UDP_RUN_MOST);
		for (unsigned k = 0; k < run->n; k++) {
			size_t len =
				plan->queue[i].part[0].iov_len + plan->queue[i].part[1].iov_len;

			assert_true(run->n == 1 || len == run->len);
			assert_memory_equal(&plan->queue[i].to, &plan->queue[run->first].to,
				sizeof(plan->queue[i].to));
			assert_memory_equal(&plan->queue[i].source, &plan->queue[run->first].source,
				sizeof(struct in6_addr));
			assert_int_equal(plan->queue[i].ifindex, plan->queue[run->first].ifindex);
			plan->run_of[i] = r;
			plan->order[sent++] = i;
			i = plan->runs.next[i];
		}
		assert_true(run->n == 1 || run->n * run->len <= UDP_RUN_OCTETS_MOST);
	}
	assert_int_equal(sent, plan->n);
}

static void one_length_one_server_is_one_run(void **state)
{
	struct plan *plan = *state;

	for (unsigned i = 0; i < UDP_RUN_MOST; i++)
		add(plan, 1, i, 165);
	make(plan, true);
	assert_int_equal(plan->runs.n, 1);
	add(plan, 1, 99, 165);
	make(plan, true);
	assert_int_equal(plan->runs.n, 2);
}

static void lengths_and_servers_that_alternate_are_sorted(void **state)
{
	struct plan *plan = *state;

	for (unsigned i = 0; i < 40; i++) {
		add(plan, 1, i, 165 + i % 2);
		add(plan, 2, i, 165 + i % 2);
	}
	make(plan, true);
	assert_int_equal(plan->runs.n, 4);
}

static void source_link_and_port_set_apart(void **state)
{
	struct plan *plan = *state;

	for (unsigned i = 0; i < 4; i++)
		add(plan, 1, i, 165);
	plan->queue[1].source.s6_addr[0] = 0x20;
	plan->queue[2].ifindex = 7;
	plan->queue[3].to.sin6_port = htons(1547);
	make(plan, true);
	assert_int_equal(plan->runs.n, 4);
}

static void a_flow_keeps_its_order(void **state)
{
	struct plan *plan = *state;

	add(plan, 1, 5, 165);
	add(plan, 1, 6, 200);
	add(plan, 1, 5, 200); /* joins the second */
	add(plan, 1, 5, 165); /* may not go back to the first */
	add(plan, 1, 7, 165); /* joins the newest of its kind */
	make(plan, true);
	assert_int_equal(plan->runs.n, 3);
	assert_int_equal(plan->run_of[2], 1);
	assert_int_equal(plan->run_of[3], 2);
	assert_int_equal(plan->run_of[4], 2);
}

static void what_may_need_fragments_goes_alone(void **state)
{
	struct plan *plan = *state;

	for (unsigned i = 0; i < 3; i++)
		add(plan, 1, i, UDP_RUN_DATAGRAM_MOST + 1);
	make(plan, true);
	assert_int_equal(plan->runs.n, 3);
}

static void a_run_stays_an_ipv6_packet(void **state)
{
	struct plan *plan = *state;

	for (unsigned i = 0; i < 60; i++)
		add(plan, 1, i, UDP_RUN_DATAGRAM_MOST);
	make(plan, true);
	assert_int_equal(plan->runs.n, 2);
}

static void nothing_is_joined_where_it_may_not(void **state)
{
	struct plan *plan = *state;

	for (unsigned i = 0; i < 10; i++)
		add(plan, 1, i, 165);
	make(plan, false);
	assert_int_equal(plan->runs.n, 10);
}

/* Of each flow to each server, the places in the queue ascend along the order of sending. */
static void check_flows(const struct plan *plan, unsigned flows, unsigned servers)
{
	int last[8][4];

	memset(last, -1, sizeof(last));
	for (unsigned k = 0; k < plan->n; k++) {
		const struct udp_outgoing *d = &plan->queue[plan->order[k]];
		int *before = &last[d->flow % flows][d->to.sin6_addr.s6_addr[15] % servers];

		assert_true(*before < (int)plan->order[k]);
		*before = (int)plan->order[k];
	}
}

static void any_queue_is_sent_whole_and_in_order(void **state)
{
	struct plan *plan = *state;

	random_start("any_queue_is_sent_whole_and_in_order");
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = 1 + (unsigned)random_below(MOST);

		plan->n = 0;
		while (plan->n < n)
			add(plan, (uint8_t)random_below(4), (uint32_t)random_below(8),
				4 + random_below(round % 2 ? 3 : OCTETS_MAX - 4));
		make(plan, true);
		check_flows(plan, 8, 4);
	}
}

/* --- on the wire ------------------------------------------------------------------------- */

struct wire {
	int from, to;
	struct sockaddr_in6 address;
	struct udp_sender *sender;
	unsigned failed;
};

static int wire_setup(void **state)
{
	static struct wire wire;
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	socklen_t len = sizeof(wire.address);

	wire = (struct wire){.to = udp_open(&any, 1 << 20), .from = udp_open(&any, 1 << 20)};
	if (wire.to < 0 || wire.from < 0)
		skip(); /* no IPv6 here */
	assert_return_code(getsockname(wire.to, (struct sockaddr *)&wire.address, &len), errno);
	wire.sender = udp_sender_new(MOST);
	assert_non_null(wire.sender);
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7);
	*state = &wire;
	return 0;
}

static int wire_teardown(void **state)
{
	struct wire *wire = *state;

	udp_sender_free(wire->sender);
	close(wire->from);
	close(wire->to);
	return 0;
}

static void count_failed(void *arg, const struct udp_outgoing *datagram, int error)
{
	struct wire *wire = arg;

	assert_int_equal(error, (int)datagram->tag);
	wire->failed++;
}

static void add_to_wire(struct wire *wire, size_t len)
{
	struct udp_outgoing *d = udp_sender_add(wire->sender);

	*d = outgoing(0, 0, len);
	d->to = wire->address;
}

static void receive(struct wire *wire, size_t len)
{
	uint8_t got[OCTETS_MAX];

	assert_int_equal(recv(wire->to, got, sizeof(got), 0), (ssize_t)len);
	assert_memory_equal(got, octets, len);
}

static void receive_nothing(struct wire *wire)
{
	uint8_t got[1];

	assert_int_equal(recv(wire->to, got, sizeof(got), 0), -1);
	assert_int_equal(errno, EAGAIN);
}

/* Three lengths, and all parts of each: whether the kernel took the runs or not. */
static void send_and_receive(struct wire *wire)
{
	static const size_t len[] = {165, 165, 165, 1400, 1400, 165, 30, 30};
	const unsigned n = sizeof(len) / sizeof(len[0]);

	for (unsigned i = 0; i < n; i++)
		add_to_wire(wire, len[i]);
	assert_int_equal(udp_flush(wire->sender, wire->from, count_failed, wire), n);
	assert_int_equal(wire->failed, 0);
	for (unsigned i = 0; i < n; i++)
		receive(wire, len[i]);
	receive_nothing(wire);
}

static void receivers_see_each_datagram(void **state)
{
	send_and_receive(*state);
}

static void set_udp_option(int fd, int option, int value)
{
	assert_return_code(setsockopt(fd, SOL_UDP, option, &value, sizeof(value)), errno);
}

/* How many datagrams of 165 octets leave as one: the receiver asks the kernel not to cut them. */
static unsigned count_together(struct wire *wire, unsigned n)
{
	uint8_t got[UDP_RUN_OCTETS_MOST];
	unsigned together;

	set_udp_option(wire->to, UDP_GRO, 1);
	for (unsigned i = 0; i < n; i++)
		add_to_wire(wire, 165);
	assert_int_equal(udp_flush(wire->sender, wire->from, count_failed, wire), n);
	together = (unsigned)(recv(wire->to, got, sizeof(got), 0) / 165);
	for (unsigned left = n; left > together; left -= together)
		assert_int_equal(recv(wire->to, got, sizeof(got), 0), together * 165);
	receive_nothing(wire);
	set_udp_option(wire->to, UDP_GRO, 0);
	return together;
}

static void a_run_leaves_as_one(void **state)
{
	assert_int_equal(count_together(*state, 10), 10);
}

static void where_runs_are_refused_none_is_tried_for_a_while(void **state)
{
	enum { ENOUGH = 2000 };
	struct wire *wire = *state;
	unsigned flushes = 0;

	set_udp_option(wire->from, UDP_NO_CHECK6_TX, 1);
	set_udp_option(wire->to, UDP_NO_CHECK6_RX, 1);
	send_and_receive(wire);
	set_udp_option(wire->from, UDP_NO_CHECK6_TX, 0);
	while (count_together(wire, 2) == 1)
		assert_true(++flushes < ENOUGH);
	assert_true(flushes > 100);
}

static void a_run_that_is_refused_goes_one_by_one(void **state)
{
	struct wire *wire = *state;

	/* Linux cuts no datagrams that are to bear no checksum. */
	set_udp_option(wire->from, UDP_NO_CHECK6_TX, 1);
	set_udp_option(wire->to, UDP_NO_CHECK6_RX, 1);
	send_and_receive(wire);
	send_and_receive(wire);
}

static void each_that_fails_is_told(void **state)
{
	struct wire *wire = *state;
	struct in6_addr foreign = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};

	for (unsigned i = 0; i < 6; i++) {
		struct udp_outgoing *d = udp_sender_add(wire->sender);

		*d = outgoing(0, i, 165);
		d->to = wire->address;
		d->tag = EINVAL;
		if (i < 3)
			d->source = foreign; /* no address of this machine */
	}
	assert_int_equal(udp_flush(wire->sender, wire->from, count_failed, wire), 3);
	assert_int_equal(wire->failed, 3);
	for (unsigned i = 0; i < 3; i++)
		receive(wire, 165);
	receive_nothing(wire);
}

/* --- a socket beside another --------------------------------------------------------------- */

static void a_socket_beside_sends_from_the_port_and_takes_nothing(void **state)
{
	struct wire *wire = *state;
	int beside = udp_open_beside(wire->to, 1, 1 << 20);
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	uint8_t got[OCTETS_MAX];

	assert_return_code(beside, -beside);
	add_to_wire(wire, 165);
	assert_int_equal(udp_flush(wire->sender, beside, count_failed, wire), 1);
	assert_int_equal(
		recvfrom(wire->to, got, sizeof(got), 0, (struct sockaddr *)&from, &len), 165);
	assert_memory_equal(&from.sin6_addr, &in6addr_loopback, sizeof(from.sin6_addr));
	assert_int_equal(from.sin6_port, wire->address.sin6_port);
	assert_int_equal(recv(beside, got, sizeof(got), 0), -1);
	close(beside);
}

static void nobody_else_can_take_the_port(void **state)
{
	struct wire *wire = *state;
	int beside = udp_open_beside(wire->to, 1, 1 << 20), other = socket(AF_INET6, SOCK_DGRAM, 0),
	    on = 1;

	assert_return_code(beside, -beside);
	assert_return_code(setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), errno);
	assert_int_equal(bind(other, (struct sockaddr *)&wire->address, sizeof(wire->address)), -1);
	assert_int_equal(errno, EADDRINUSE);
	close(other);
	close(beside);
}

int main(void)
{
#define PLAN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define WIRE(test) cmocka_unit_test_setup_teardown(test, wire_setup, wire_teardown)
	const struct CMUnitTest tests[] = {
		PLAN(one_length_one_server_is_one_run),
		PLAN(lengths_and_servers_that_alternate_are_sorted),
		PLAN(source_link_and_port_set_apart),
		PLAN(a_flow_keeps_its_order),
		PLAN(what_may_need_fragments_goes_alone),
		PLAN(a_run_stays_an_ipv6_packet),
		PLAN(nothing_is_joined_where_it_may_not),
		PLAN(any_queue_is_sent_whole_and_in_order),
		WIRE(receivers_see_each_datagram),
		WIRE(a_run_leaves_as_one),
		WIRE(where_runs_are_refused_none_is_tried_for_a_while),
		WIRE(a_run_that_is_refused_goes_one_by_one),
		WIRE(each_that_fails_is_told),
		WIRE(a_socket_beside_sends_from_the_port_and_takes_nothing),
		WIRE(nobody_else_can_take_the_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
