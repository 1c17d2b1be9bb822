/* SPDX-License-Identifier: ISC */
/*
 * Killed again and again in the middle of its work (SIGKILL, at any moment): no lease that
 * was acknowledged is lost, and none is given to two machines.
 *
 * A child is bootd without its sockets: it opens the store, answers batches of Requests by the
 * code that ships, and writes each promise to a pipe after the commit, when bootd would send it.
 * The parent kills it, reads what was promised, opens the store and compares. NB6_KILLS=1000 kills
 * it more often.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bootd/leases/sqlite_store.h"
#include "daemon/loop.h"
#include "tests/unit/bootd_bench.h"
#include "tests/unit/lease_directory.h"
#include "tests/unit/random.h"

enum { KILLS = 60, MACHINES = 2000, BATCH = 32, PROMISES_MAX = 400 };

static const char conf[] = "subnet \"2001:db8:1::/64\" { addresses = pool lifetime = \"7d\" "
			   "pool = \"2001:db8:1::1000-2001:db8:1::1fff\" }\n";

struct reply_note {
	uint32_t machine;
	struct in6_addr address;
};

static struct in6_addr promised[MACHINES]; /* :: for none */
static unsigned promises;

/* `loop` NULL: commits are synchronous; else a thread commits, as in bootd. */
static void load(struct bench *b, struct loop *loop, const struct lease_store_owner *owner)
{
	char why[LEASE_STORE_WHY];

	bench_start(b, conf);
	if (sqlite_driver.open(lease_file, loop, owner, &b->exchange.leases.store, why) < 0)
		fail_msg("%s", why);
	lease_journal_set_time(&b->exchange.leases, b->now_ms, BENCH_UNIX_MS + (int64_t)b->now_ms);
	assert_int_equal(
		lease_journal_load(&b->exchange.leases, &b->exchange.bindings, b->now_ms), 0);
}

/* --- the child ------------------------------------------------------------------------- */

static struct machine machine_number(uint32_t number)
{
	const uint8_t mac[] = {0x52, 0x54, 0, 0, (uint8_t)(number >> 8), (uint8_t)number};

	return machine_of_mac(mac);
}

/* A Request of this machine, in `octets`; returns its length. */
static size_t make_request(struct bench *b, uint32_t machine, uint8_t octets[512])
{
	struct machine mac = machine_number(machine);
	struct wire_out out = wire_out_of(octets, 512);

	bench_message(b, DHCP6_REQUEST);
	bench_put_server_id(b);
	bench_put_ia(b, machine, NULL);
	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &b->link, &b->peer);
	dhcp6_put_linklayer(&out, 1, mac.octets, mac.len);
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
	return out.len;
}

static struct request request[BATCH];
static uint32_t machine[BATCH];

static void handle_batch(struct bench *b)
{
	static uint8_t datagram[BATCH][512], reply[BATCH][2048];

	b->now_ms += 1;
	for (int i = 0; i < BATCH; i++) {
		size_t len;

		machine[i] = (uint32_t)random_below(MACHINES);
		len = make_request(b, machine[i], datagram[i]);
		if (exchange_handle(&b->exchange, &request[i], &b->arrival,
			    wire_in_of(datagram[i], len), b->now_ms,
			    wire_out_of(reply[i], sizeof(reply[i]))) != EXCHANGE_PENDING)
			_exit(2);
	}
}

static void complete_batch(struct bench *b, int fd)
{
	for (int i = 0; i < BATCH; i++) {
		struct reply_note promise = {.machine = machine[i]};

		if (exchange_complete(&request[i], b->now_ms) != EXCHANGE_ANSWERED)
			_exit(4);
		promise.address = b->decision.address.address;
		if (write(fd, &promise, sizeof(promise)) != sizeof(promise))
			_exit(5);
	}
}

struct server {
	struct bench bench;
	struct loop *loop;
	int fd;
};

static void committed(void *arg, int rc, const bool *refused)
{
	struct server *server = arg;

	if (rc < 0)
		_exit(3);
	exchange_committed(&server->bench.exchange, rc, refused, server->bench.now_ms);
	complete_batch(&server->bench, server->fd);
	loop_stop(server->loop);
}

static void serve(int fd, bool has_thread)
{
	static struct server server;
	struct bench *b = &server.bench;
	struct lease_store_owner owner = {.arg = &server, .committed = committed};

	server.fd = fd;
	server.loop = has_thread ? loop_new() : NULL;
	load(b, server.loop, &owner);
	while (true) {
		handle_batch(b);
		if (exchange_commit(&b->exchange, b->now_ms) == -EINPROGRESS)
			loop_run(server.loop);
		else
			complete_batch(b, fd);
	}
}

/* --- the parent -------------------------------------------------------------------------- */

static void note(const struct reply_note *promise)
{
	static const struct in6_addr none;
	struct in6_addr *before = &promised[promise->machine];

	assert_true(promise->machine < MACHINES);
	if (memcmp(before, &none, sizeof(none)) != 0)
		assert_memory_equal(before, &promise->address, sizeof(*before));
	*before = promise->address;
	promises++;
}

/* What was promised until it is killed: after so many promises, and some microseconds. */
static void run_and_kill(unsigned after, unsigned delay_us, bool has_thread)
{
	struct reply_note promise;
	int fd[2], status;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(fd[0]);
		serve(fd[1], has_thread);
	}
	close(fd[1]);
	while (after-- > 0 && read(fd[0], &promise, sizeof(promise)) == sizeof(promise))
		note(&promise);
	if (delay_us > 0)
		usleep(delay_us);
	kill(pid, SIGKILL);
	while (read(fd[0], &promise, sizeof(promise)) == sizeof(promise))
		note(&promise);
	close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status))
		fail_msg("the server ended with %d", WEXITSTATUS(status));
}

/* The store as the next bootd sees it: all that was promised, to whom it was. */
static void check_store(void)
{
	static const struct in6_addr none;
	static struct bench b;
	struct prefix subnet;

	load(&b, NULL, NULL);
	subnet = b.config->subnet[0].prefix;
	for (uint32_t i = 0; i < MACHINES; i++) {
		struct machine mac = machine_number(i);
		const struct binding *binding;

		if (memcmp(&promised[i], &none, sizeof(none)) == 0)
			continue;
		binding = binding_table_find(&b.exchange.bindings, &subnet, &mac, NULL);
		assert_non_null(binding);
		assert_true(binding->is_lease && binding->has_address);
		assert_memory_equal(&binding->address, &promised[i], sizeof(promised[i]));
		assert_ptr_equal(
			binding_table_find_address(&b.exchange.bindings, &promised[i]), binding);
	}
	bench_stop(&b);
}

static unsigned kills_wanted(void)
{
	const char *text = getenv("NB6_KILLS");

	return text ? (unsigned)strtoul(text, NULL, 10) : KILLS;
}

static void kill_under_load(bool has_thread)
{
	unsigned kills = kills_wanted();

	memset(promised, 0, sizeof(promised));
	promises = 0;
	random_start("kills");
	for (unsigned i = 0; i < kills; i++) {
		/* A crash at the very start, too; within a batch, and within a commit. */
		run_and_kill((unsigned)random_below(PROMISES_MAX), (unsigned)random_below(3000),
			has_thread);
		check_store();
	}
	printf("%u kills, %u promises\n", kills, promises);
	assert_true(promises > kills * 20);
}

static void test_killed_under_load(void **state)
{
	(void)state;
	kill_under_load(true);
}

static void test_killed_without_a_thread(void **state)
{
	(void)state;
	kill_under_load(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_killed_under_load, lease_directory_make, lease_directory_remove),
		cmocka_unit_test_setup_teardown(
			test_killed_without_a_thread, lease_directory_make, lease_directory_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
