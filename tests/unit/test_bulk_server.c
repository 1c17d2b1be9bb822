/* SPDX-License-Identifier: ISC */
/*
 * Bulk Leasequery over TCP on ::1, server and requestor on one loop: a whole table is sent;
 * connections that idle or do not read are closed. Skipped if the loopback has no IPv6.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "bootd/dhcp/bulk_server.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "tests/unit/bootd_bench.h"

enum { MACHINES = 20000, PATIENCE_MS = 60 * 1000, LOOK_EVERY_MS = 1 };

static const char conf[] = "leasequery = {\"::1/128\"}\n"
			   "subnet \"2001:db8:1::/64\" {}\n";

static struct lab {
	struct bench b;
	struct loop *loop;
	struct loop_timer *look;
	struct bulk_server *server;
	struct sockaddr_in6 at;
	int fd; /* the requestor's */
	bool (*is_over)(struct lab *lab);
	uint64_t until_ms;
	uint8_t stream[65536];
	size_t have;
	unsigned clients, dones;
} lab;

static void bind_machines(struct lab *l)
{
	struct binding_table *bindings = &l->b.exchange.bindings;

	for (uint32_t i = 0; i < MACHINES; i++) {
		uint8_t mac[DHCP6_MAC_LEN] = {
			2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		struct machine machine = machine_of_mac(mac);
		const struct prefix *subnet = &l->b.config->subnet[0].prefix;
		struct binding *binding = binding_table_get(bindings, subnet, &machine, NULL);
		struct in6_addr address = address_after(&subnet->address, i + 1);

		assert_non_null(binding);
		binding_table_set_address(bindings, binding, &address, false);
		binding_set_duid(binding, &l->b.duid);
		binding_table_set_state(bindings, binding, BINDING_BOUND, loop_now_ms(), 3600);
	}
}

/* A port that is free now; false where there is no ::1. */
static bool find_port(struct sockaddr_in6 *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool found;

	*at = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	found = fd >= 0 && bind(fd, (struct sockaddr *)at, sizeof(*at)) == 0 &&
		getsockname(fd, (struct sockaddr *)at, &len) == 0;
	if (fd >= 0)
		close(fd);
	return found;
}

static void look(void *arg)
{
	struct lab *l = arg;

	if (l->is_over(l) || loop_now_ms() > l->until_ms)
		loop_stop(l->loop);
	else
		loop_timer_arm(l->look, LOOK_EVERY_MS);
}

/* Turn the loop until it is so. */
static void await(struct lab *l, bool (*is_over)(struct lab *))
{
	l->is_over = is_over;
	l->until_ms = loop_now_ms() + PATIENCE_MS;
	loop_timer_arm(l->look, LOOK_EVERY_MS);
	assert_int_equal(loop_run(l->loop), 0);
	assert_true(is_over(l));
}

static int begin(void **state, uint64_t idle_ms)
{
	struct bulk_options options = {.idle_ms = idle_ms};

	memset(&lab, 0, sizeof(lab));
	*state = &lab;
	if (!find_port(&lab.at))
		return 0; /* fd stays 0: the test skips itself */
	bench_start(&lab.b, conf);
	bind_machines(&lab);
	lab.loop = loop_new();
	lab.look = loop_timer_new(lab.loop, look, &lab);
	assert_int_equal(
		bulk_server_new(&lab.server, lab.loop, &lab.b.exchange, &lab.at, &options), 0);
	lab.fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connect(lab.fd, (struct sockaddr *)&lab.at, sizeof(lab.at)) < 0)
		assert_int_equal(errno, EINPROGRESS);
	return 0;
}

static int start(void **state)
{
	return begin(state, 0);
}

static int start_impatient(void **state)
{
	return begin(state, 50);
}

static int stop(void **state)
{
	struct lab *l = *state;

	if (l->fd == 0)
		return 0;
	close(l->fd);
	bulk_server_free(l->server);
	loop_timer_free(l->look);
	loop_free(l->loop);
	bench_stop(&l->b);
	return 0;
}

/* A query by link-address; false where the socket takes no more. */
static bool ask(struct lab *l)
{
	uint8_t frame[256];
	struct wire_out out = wire_out_of(frame, sizeof(frame));
	size_t mark = wire_open_len16(&out), query;

	dhcp6_put_message_header(&out, DHCP6_LEASEQUERY, 7);
	dhcp6_put_option(&out, DHCP6_OPT_CLIENTID, l->b.duid.octets, l->b.duid.len);
	query = dhcp6_open_option(&out, DHCP6_OPT_LQ_QUERY);
	wire_put_u8(&out, DHCP6_QUERY_BY_LINK_ADDRESS);
	wire_put_in6(&out, &l->b.link);
	dhcp6_close_option(&out, query);
	wire_close_len16(&out, mark);
	return send(l->fd, frame, out.len, MSG_NOSIGNAL) == (ssize_t)out.len;
}

static bool is_connected(struct lab *l)
{
	return bulk_server_counters(l->server)->connections == 1;
}

/* Read what is there, count it frame by frame. */
static bool has_all(struct lab *l)
{
	ssize_t n = recv(l->fd, l->stream + l->have, sizeof(l->stream) - l->have, 0);
	size_t at = 0;

	if (n > 0)
		l->have += (size_t)n;
	while (l->have - at >= 2) {
		size_t len = (size_t)(l->stream[at] << 8 | l->stream[at + 1]);

		if (l->have - at < 2 + len)
			break;
		l->dones += l->stream[at + 2] == DHCP6_LEASEQUERY_DONE;
		l->clients += l->stream[at + 2] != DHCP6_LEASEQUERY_DONE;
		at += 2 + len;
	}
	memmove(l->stream, l->stream + at, l->have - at);
	l->have -= at;
	return l->dones == 3;
}

static void test_a_whole_table_is_sent(void **state)
{
	struct lab *l = *state;

	if (l->fd == 0)
		skip();
	await(l, is_connected);
	for (int i = 0; i < 3; i++)
		assert_true(ask(l));
	await(l, has_all);
	assert_int_equal(l->clients, 3 * MACHINES);
	assert_int_equal(bulk_server_counters(l->server)->clients, 3 * MACHINES);
}

static bool is_let_go(struct lab *l)
{
	const struct bulk_counters *counters = bulk_server_counters(l->server);

	return counters->timed_out == 1 && counters->connections == 0;
}

static void test_an_idle_connection_is_closed(void **state)
{
	struct lab *l = *state;
	char octet;
	ssize_t n;

	if (l->fd == 0)
		skip();
	await(l, is_connected);
	assert_int_equal(send(l->fd, "\0", 1, 0), 1); /* half a length is no progress */
	await(l, is_let_go);
	/* Closed; by a reset if the server had not read the octet yet. */
	n = recv(l->fd, &octet, 1, 0);
	assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}

/* It asks for more than the sockets hold and reads none of it. */
static void test_a_requestor_that_does_not_read_is_disconnected(void **state)
{
	struct lab *l = *state;

	if (l->fd == 0)
		skip();
	await(l, is_connected);
	for (int i = 0; i < 100; i++)
		ask(l);
	await(l, is_let_go);
	assert_true(bulk_server_counters(l->server)->queries < 100); /* not all was read */
}

static bool is_broken_off(struct lab *l)
{
	const struct bulk_counters *counters = bulk_server_counters(l->server);

	return counters->broken == 1 && counters->connections == 0;
}

static void test_a_message_that_is_no_query_ends_the_connection(void **state)
{
	struct lab *l = *state;
	char octet;
	ssize_t n;

	if (l->fd == 0)
		skip();
	await(l, is_connected);
	assert_int_equal(send(l->fd, "\xff\xff", 2, 0), 2); /* a message of 65,535 octets */
	await(l, is_broken_off);
	n = recv(l->fd, &octet, 1, 0);
	assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}

static bool is_over(struct lab *l)
{
	return has_all(l) && bulk_server_counters(l->server)->connections == 0;
}

/* RFC 5460 section 6.6: the requestor may close its end once it has sent its queries. */
static void test_a_requestor_that_has_closed_its_side_is_answered(void **state)
{
	struct lab *l = *state;

	if (l->fd == 0)
		skip();
	await(l, is_connected);
	for (int i = 0; i < 3; i++)
		assert_true(ask(l));
	assert_int_equal(shutdown(l->fd, SHUT_WR), 0);
	await(l, is_over);
	assert_int_equal(l->clients, 3 * MACHINES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_whole_table_is_sent, start, stop),
		cmocka_unit_test_setup_teardown(
			test_an_idle_connection_is_closed, start_impatient, stop),
		cmocka_unit_test_setup_teardown(
			test_a_requestor_that_does_not_read_is_disconnected, start_impatient, stop),
		cmocka_unit_test_setup_teardown(
			test_a_message_that_is_no_query_ends_the_connection, start, stop),
		cmocka_unit_test_setup_teardown(
			test_a_requestor_that_has_closed_its_side_is_answered, start, stop),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
