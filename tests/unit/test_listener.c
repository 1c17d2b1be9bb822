/* SPDX-License-Identifier: ISC */
/*
 * A listener when the process has no descriptor left: the loop does not spin, and connections are
 * accepted again once there is a descriptor.
 */
#include "daemon/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "daemon/loop.h"

enum { FILLERS_MAX = 256, LIMIT = 64 };

struct fixture {
	struct loop *loop;
	int listening, client;
	struct sockaddr_in6 at;
	int filler[FILLERS_MAX], fillers;
	struct rlimit before;
	int accepted;
};

static int set_up(void **state)
{
	static struct fixture f;
	socklen_t len = sizeof(f.at);

	f = (struct fixture){.loop = loop_new(), .accepted = -1};
	f.at = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	f.listening = listener_open_tcp(&f.at, 4);
	assert_true(f.listening >= 0);
	assert_int_equal(getsockname(f.listening, (struct sockaddr *)&f.at, &len), 0);
	f.client = socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &f.before), 0);
	*state = &f;
	return 0;
}

static void release_descriptors(struct fixture *f)
{
	while (f->fillers > 0)
		close(f->filler[--f->fillers]);
	setrlimit(RLIMIT_NOFILE, &f->before);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	release_descriptors(f);
	if (f->accepted >= 0)
		close(f->accepted);
	close(f->client);
	loop_free(f->loop);
	return 0;
}

static void use_up_descriptors(struct fixture *f)
{
	struct rlimit low = {LIMIT, f->before.rlim_max};

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	while ((f->filler[f->fillers] = open("/dev/null", O_RDONLY)) >= 0)
		f->fillers++;
	assert_int_equal(errno, EMFILE);
}

static void stop(void *arg)
{
	loop_stop(arg);
}

/* Descriptors are given back from within the loop, then the next attempt succeeds. */
static void release(void *arg)
{
	release_descriptors(arg);
}

static void accept_connection(void *arg, int fd, const struct sockaddr_in6 *peer)
{
	struct fixture *f = arg;

	assert_non_null(peer);
	assert_memory_equal(&peer->sin6_addr, &in6addr_loopback, 16);
	f->accepted = fd;
	loop_stop(f->loop);
}

/* Accepting is tried once a second: in the 1.5 s until descriptors return, at most three times. */
static void run_out_and_recover(struct fixture *f)
{
	struct loop_timer *released = loop_timer_new(f->loop, release, f);
	struct loop_timer *limit = loop_timer_new(f->loop, stop, f->loop);
	uint64_t before = listener_exhausted(), times;

	assert_int_equal(connect(f->client, (struct sockaddr *)&f->at, sizeof(f->at)), 0);
	use_up_descriptors(f);
	loop_timer_arm(released, 1500);
	loop_timer_arm(limit, 20000);
	loop_run(f->loop);
	times = listener_exhausted() - before;
	assert_in_range(times, 1, 3);
	loop_timer_free(released);
	loop_timer_free(limit);
}

static void test_a_listener_pauses_when_descriptors_run_out(void **state)
{
	struct fixture *f = *state;
	struct listener *listener;

	assert_int_equal(
		listener_new(&listener, f->loop, f->listening, "test", accept_connection, f), 0);
	run_out_and_recover(f);
	assert_true(f->accepted >= 0);
	listener_free(listener);
}

static void test_a_paused_listener_leaves_connections_in_the_queue(void **state)
{
	struct fixture *f = *state;
	struct loop_timer *limit = loop_timer_new(f->loop, stop, f->loop);
	struct listener *listener;

	assert_int_equal(
		listener_new(&listener, f->loop, f->listening, "test", accept_connection, f), 0);
	listener_pause(listener, true);
	assert_int_equal(connect(f->client, (struct sockaddr *)&f->at, sizeof(f->at)), 0);
	loop_timer_arm(limit, 50);
	loop_run(f->loop);
	assert_int_equal(f->accepted, -1);
	listener_pause(listener, false);
	loop_timer_arm(limit, 20000);
	loop_run(f->loop);
	assert_true(f->accepted >= 0);
	loop_timer_free(limit);
	listener_free(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_listener_pauses_when_descriptors_run_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_paused_listener_leaves_connections_in_the_queue, set_up, tear_down),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
