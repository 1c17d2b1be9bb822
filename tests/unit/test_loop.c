/* SPDX-License-Identifier: ISC */
/*
 * The event loop on pipes, timers and signals: what fires, in which order,
 * and what may be freed where. Nothing here measures time.
 */
#include "daemon/loop.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/log.h"

enum { HOUR_MS = 3600000, EVENTS_MAX = 16 };

/* What happened, a letter each, in order. */
struct story {
	struct loop *loop;
	int pipe[2];
	char events[EVENTS_MAX];
	struct loop_watch *watch;
	struct loop_timer *timer;
};

static void tell(struct story *story, char event)
{
	size_t n = strlen(story->events);

	assert_true(n + 1 < sizeof(story->events));
	story->events[n] = event;
}

static int setup(void **state)
{
	static struct story story;

	story = (struct story){.loop = loop_new()};
	assert_non_null(story.loop);
	assert_int_equal(pipe(story.pipe), 0);
	*state = &story;
	return 0;
}

static int teardown(void **state)
{
	struct story *story = *state;

	loop_free(story->loop);
	close(story->pipe[0]);
	if (story->pipe[1] >= 0)
		close(story->pipe[1]);
	return 0;
}

static void run(struct story *story)
{
	assert_int_equal(loop_run(story->loop), 0);
}

/* --- callbacks ---------------------------------------------------------------- */

static void tell_a(void *arg)
{
	tell(arg, 'a');
}

static void tell_b(void *arg)
{
	tell(arg, 'b');
}

static void stop(void *arg)
{
	struct story *story = arg;

	tell(story, '.');
	loop_stop(story->loop);
}

static void read_one(int fd, int what, void *arg)
{
	struct story *story = arg;
	char octet;

	assert_int_equal(what, LOOP_READ);
	assert_int_equal(fd, story->pipe[0]);
	if (read(fd, &octet, 1) != 1) {
		tell(story, '0'); /* the other end is closed */
		loop_stop(story->loop);
		return;
	}
	tell(story, octet);
	if (octet == '.')
		loop_stop(story->loop);
}

static void writable(int fd, int what, void *arg)
{
	struct story *story = arg;

	(void)fd;
	assert_int_equal(what, LOOP_WRITE);
	tell(story, 'w');
	loop_stop(story->loop);
}

static void free_watch(int fd, int what, void *arg)
{
	struct story *story = arg;

	(void)fd;
	(void)what;
	tell(story, 'f');
	loop_watch_free(story->watch);
	story->watch = NULL;
}

static void free_timer(void *arg)
{
	struct story *story = arg;

	tell(story, 'f');
	loop_timer_free(story->timer);
	story->timer = NULL;
}

static void rearm(void *arg)
{
	struct story *story = arg;

	tell(story, 'r');
	if (strlen(story->events) < 3)
		loop_timer_arm(story->timer, 0);
	else
		loop_stop(story->loop);
}

/* --- watches ------------------------------------------------------------------ */

static void test_pipe_is_read_as_it_fills(void **state)
{
	struct story *story = *state;
	struct loop_watch *watch =
		loop_watch_new(story->loop, story->pipe[0], LOOP_READ, read_one, story);

	assert_non_null(watch);
	assert_int_equal(write(story->pipe[1], "xy.", 3), 3);
	run(story);
	assert_string_equal(story->events, "xy.");
	loop_watch_free(watch);
}

static void test_closed_pipe_is_readable(void **state)
{
	struct story *story = *state;
	struct loop_watch *watch =
		loop_watch_new(story->loop, story->pipe[0], LOOP_READ, read_one, story);

	close(story->pipe[1]);
	story->pipe[1] = -1;
	run(story);
	assert_string_equal(story->events, "0");
	loop_watch_free(watch);
}

static void test_pipe_is_writable(void **state)
{
	struct story *story = *state;
	struct loop_watch *watch =
		loop_watch_new(story->loop, story->pipe[1], LOOP_WRITE, writable, story);

	run(story);
	assert_string_equal(story->events, "w");
	loop_watch_free(watch);
}

static void both(int fd, int what, void *arg)
{
	struct story *story = arg;

	(void)fd;
	assert_int_equal(what, LOOP_READ | LOOP_WRITE);
	stop(story);
}

static void test_both_directions_are_one_call(void **state)
{
	struct story *story = *state;
	struct loop_watch *watch;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	watch = loop_watch_new(story->loop, pair[0], LOOP_READ | LOOP_WRITE, both, story);
	run(story);
	assert_string_equal(story->events, ".");
	loop_watch_free(watch);
	close(pair[0]);
	close(pair[1]);
}

static void test_a_paused_watch_is_not_called(void **state)
{
	struct story *story = *state;
	struct loop_watch *watch =
		loop_watch_new(story->loop, story->pipe[0], LOOP_READ, read_one, story);
	struct loop_timer *timer = loop_timer_new(story->loop, stop, story);

	assert_int_equal(write(story->pipe[1], "x.", 2), 2);
	loop_watch_set(watch, 0);
	loop_timer_arm(timer, 0);
	run(story);
	assert_string_equal(story->events, ".");

	loop_watch_set(watch, LOOP_READ);
	run(story);
	assert_string_equal(story->events, ".x.");
	loop_timer_free(timer);
	loop_watch_free(watch);
}

static void test_watch_may_begin_paused(void **state)
{
	struct story *story = *state;
	struct loop_watch *watch = loop_watch_new(story->loop, story->pipe[0], 0, read_one, story);

	assert_non_null(watch);
	assert_int_equal(write(story->pipe[1], ".", 1), 1);
	loop_watch_set(watch, LOOP_READ);
	run(story);
	assert_string_equal(story->events, ".");
	loop_watch_free(watch);
}

static void test_watch_freed_in_its_own_callback(void **state)
{
	struct story *story = *state;
	struct loop_timer *timer = loop_timer_new(story->loop, stop, story);

	story->watch = loop_watch_new(story->loop, story->pipe[0], LOOP_READ, free_watch, story);
	assert_int_equal(write(story->pipe[1], "x", 1), 1);
	loop_timer_arm(timer, 20); /* the pipe stays readable: it must fire once all the same */
	run(story);
	assert_string_equal(story->events, "f.");
	assert_null(story->watch);
	loop_timer_free(timer);
}

/* --- timers ------------------------------------------------------------------- */

static void test_timer_fires_once(void **state)
{
	struct story *story = *state;
	struct loop_timer *once = loop_timer_new(story->loop, tell_a, story);
	struct loop_timer *end = loop_timer_new(story->loop, stop, story);

	loop_timer_arm(once, 0);
	loop_timer_arm(end, 10);
	run(story);
	assert_string_equal(story->events, "a.");
	loop_timer_free(once);
	loop_timer_free(end);
}

static void test_timers_fire_in_order(void **state)
{
	struct story *story = *state;
	struct loop_timer *a = loop_timer_new(story->loop, tell_a, story);
	struct loop_timer *b = loop_timer_new(story->loop, tell_b, story);
	struct loop_timer *end = loop_timer_new(story->loop, stop, story);

	loop_timer_arm(b, 5);
	loop_timer_arm(a, 10);
	loop_timer_arm(end, 20);
	run(story);
	assert_string_equal(story->events, "ba.");
	loop_timer_free(a);
	loop_timer_free(b);
	loop_timer_free(end);
}

static void test_arming_again_moves_the_timer(void **state)
{
	struct story *story = *state;
	struct loop_timer *sooner = loop_timer_new(story->loop, stop, story);
	struct loop_timer *later = loop_timer_new(story->loop, tell_a, story);

	loop_timer_arm(sooner, HOUR_MS);
	loop_timer_arm(sooner, 0);
	loop_timer_arm(later, 0);
	loop_timer_arm(later, HOUR_MS);
	run(story);
	assert_string_equal(story->events, ".");
	loop_timer_free(sooner);
	loop_timer_free(later);
}

static void test_a_cancelled_timer_does_not_fire(void **state)
{
	struct story *story = *state;
	struct loop_timer *never = loop_timer_new(story->loop, tell_a, story);
	struct loop_timer *end = loop_timer_new(story->loop, stop, story);

	loop_timer_cancel(never); /* not armed: nothing happens */
	loop_timer_arm(never, 0);
	loop_timer_cancel(never);
	loop_timer_arm(end, 0);
	run(story);
	assert_string_equal(story->events, ".");
	loop_timer_free(never);
	loop_timer_free(end);
}

static void test_timer_armed_in_its_own_callback(void **state)
{
	struct story *story = *state;

	story->timer = loop_timer_new(story->loop, rearm, story);
	loop_timer_arm(story->timer, 0);
	run(story);
	assert_string_equal(story->events, "rrr");
	loop_timer_free(story->timer);
}

static void test_timer_freed_in_its_own_callback(void **state)
{
	struct story *story = *state;
	struct loop_timer *end = loop_timer_new(story->loop, stop, story);

	story->timer = loop_timer_new(story->loop, free_timer, story);
	loop_timer_arm(story->timer, 0);
	loop_timer_arm(end, 5);
	run(story);
	assert_string_equal(story->events, "f.");
	assert_null(story->timer);
	loop_timer_free(end);
}

static void test_armed_timer_is_freed(void **state)
{
	struct story *story = *state;
	struct loop_timer *gone = loop_timer_new(story->loop, tell_a, story);
	struct loop_timer *end = loop_timer_new(story->loop, stop, story);

	loop_timer_arm(gone, 0);
	loop_timer_free(gone);
	loop_timer_arm(end, 0);
	run(story);
	assert_string_equal(story->events, ".");
	loop_timer_free(end);
}

/* --- signals ------------------------------------------------------------------ */

static void raise_hup(void *arg)
{
	(void)arg;
	raise(SIGHUP);
}

static void raise_term(void *arg)
{
	(void)arg;
	raise(SIGTERM);
}

static void raise_int(void *arg)
{
	(void)arg;
	raise(SIGINT);
}

static void reload_then_term(void *arg)
{
	tell_a(arg);
	raise(SIGTERM);
}

static void test_hangup_reloads_and_term_stops(void **state)
{
	struct story *story = *state;
	struct loop_timer *timer = loop_timer_new(story->loop, raise_hup, story);

	assert_int_equal(loop_handle_signals(story->loop, reload_then_term, story), 0);
	loop_timer_arm(timer, 0);
	run(story); /* returns: SIGTERM stopped it */
	assert_string_equal(story->events, "a");
	loop_timer_free(timer);
}

static void test_interrupt_stops(void **state)
{
	struct story *story = *state;
	struct loop_timer *timer = loop_timer_new(story->loop, raise_int, story);

	assert_int_equal(loop_handle_signals(story->loop, NULL, NULL), 0);
	loop_timer_arm(timer, 0);
	run(story);
	assert_string_equal(story->events, "");
	loop_timer_free(timer);
}

static void test_hangup_without_reload_is_ignored(void **state)
{
	struct story *story = *state;
	struct loop_timer *hup = loop_timer_new(story->loop, raise_hup, story);
	struct loop_timer *term = loop_timer_new(story->loop, raise_term, story);

	assert_int_equal(loop_handle_signals(story->loop, NULL, NULL), 0);
	loop_timer_arm(hup, 0);
	loop_timer_arm(term, 5);
	run(story);
	loop_timer_free(hup);
	loop_timer_free(term);
}

static void test_broken_pipe_is_an_error_not_a_death(void **state)
{
	struct story *story = *state;
	int pair[2];

	assert_int_equal(loop_handle_signals(story->loop, NULL, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	close(pair[1]);
	assert_int_equal(write(pair[0], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(pair[0]);
}

/* --- the rest ----------------------------------------------------------------- */

static void test_null_may_be_freed(void **state)
{
	(void)state;
	loop_watch_free(NULL);
	loop_timer_free(NULL);
	loop_free(NULL);
}

static void test_clock_does_not_go_back(void **state)
{
	uint64_t before = loop_now_ms();

	(void)state;
	assert_true(before > 0);
	for (int i = 0; i < 1000; i++) {
		uint64_t now = loop_now_ms();

		assert_true(now >= before);
		before = now;
	}
}

#define LOOP_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* --- urgent watches ----------------------------------------------------------- */

enum { CROWD = 200 };

/* Many normal watches are ready; one of the first makes the urgent one ready, too. */
struct crowd {
	struct loop *loop;
	int pipe[CROWD][2], urgent[2];
	struct loop_watch *watch[CROWD], *urgent_watch;
	unsigned normal_runs, urgent_runs, before_urgent;
	bool is_flood; /* the urgent one stays ready */
};

static void one_of_the_crowd(int fd, int what, void *arg)
{
	struct crowd *crowd = arg;
	char octet;

	(void)what;
	assert_int_equal(read(fd, &octet, 1), 1);
	crowd->normal_runs++;
	if (crowd->normal_runs == 3 && !crowd->is_flood)
		assert_int_equal(write(crowd->urgent[1], "u", 1), 1);
	if (crowd->normal_runs == CROWD)
		loop_stop(crowd->loop);
}

static void urgent(int fd, int what, void *arg)
{
	struct crowd *crowd = arg;
	uint64_t until_us = loop_now_us() + 300;
	char octet;

	(void)what;
	crowd->urgent_runs++;
	if (crowd->is_flood) {
		while (loop_now_us() < until_us)
			;
		return;
	}
	assert_int_equal(read(fd, &octet, 1), 1);
	crowd->before_urgent = crowd->normal_runs;
}

static void run_crowd(struct crowd *crowd)
{
	crowd->loop = loop_new();
	assert_int_equal(pipe(crowd->urgent), 0);
	crowd->urgent_watch =
		loop_watch_new(crowd->loop, crowd->urgent[0], LOOP_READ, urgent, crowd);
	loop_watch_set_urgent(crowd->urgent_watch);
	if (crowd->is_flood)
		assert_int_equal(write(crowd->urgent[1], "u", 1), 1);
	for (int i = 0; i < CROWD; i++) {
		assert_int_equal(pipe(crowd->pipe[i]), 0);
		assert_int_equal(write(crowd->pipe[i][1], "n", 1), 1);
		crowd->watch[i] = loop_watch_new(
			crowd->loop, crowd->pipe[i][0], LOOP_READ, one_of_the_crowd, crowd);
	}
	assert_int_equal(loop_run(crowd->loop), 0);
	assert_int_equal(crowd->normal_runs, CROWD);
	for (int i = 0; i < CROWD; i++) {
		loop_watch_free(crowd->watch[i]);
		close(crowd->pipe[i][0]);
		close(crowd->pipe[i][1]);
	}
	loop_watch_free(crowd->urgent_watch);
	close(crowd->urgent[0]);
	close(crowd->urgent[1]);
	loop_free(crowd->loop);
}

static void test_urgent_interrupts_the_others(void **state)
{
	struct crowd crowd = {.is_flood = false};

	(void)state;
	run_crowd(&crowd);
	assert_int_equal(crowd.urgent_runs, 1);
	assert_in_range(crowd.before_urgent, 3, 64);
}

static void test_urgent_flood_starves_nobody(void **state)
{
	struct crowd crowd = {.is_flood = true};

	(void)state;
	run_crowd(&crowd);
	assert_true(crowd.urgent_runs > 1);
}

static void test_urgent_can_be_paused(void **state)
{
	struct story *story = *state;
	struct loop_watch *watch =
		loop_watch_new(story->loop, story->pipe[0], LOOP_READ, read_one, story);
	struct loop_timer *timer = loop_timer_new(story->loop, stop, story);

	loop_watch_set_urgent(watch);
	assert_int_equal(write(story->pipe[1], ".", 1), 1);
	loop_watch_set(watch, 0);
	loop_timer_arm(timer, 1);
	run(story);
	assert_string_equal(story->events, ".");
	loop_watch_set(watch, LOOP_READ);
	loop_timer_arm(timer, HOUR_MS);
	run(story);
	assert_string_equal(story->events, "..");
	loop_timer_free(timer);
	loop_watch_free(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_pipe_is_read_as_it_fills),
		LOOP_TEST(test_closed_pipe_is_readable),
		LOOP_TEST(test_pipe_is_writable),
		LOOP_TEST(test_both_directions_are_one_call),
		LOOP_TEST(test_a_paused_watch_is_not_called),
		LOOP_TEST(test_watch_may_begin_paused),
		LOOP_TEST(test_watch_freed_in_its_own_callback),
		LOOP_TEST(test_timer_fires_once),
		LOOP_TEST(test_timers_fire_in_order),
		LOOP_TEST(test_arming_again_moves_the_timer),
		LOOP_TEST(test_a_cancelled_timer_does_not_fire),
		LOOP_TEST(test_timer_armed_in_its_own_callback),
		LOOP_TEST(test_timer_freed_in_its_own_callback),
		LOOP_TEST(test_armed_timer_is_freed),
		LOOP_TEST(test_hangup_reloads_and_term_stops),
		LOOP_TEST(test_interrupt_stops),
		LOOP_TEST(test_hangup_without_reload_is_ignored),
		LOOP_TEST(test_broken_pipe_is_an_error_not_a_death),
		cmocka_unit_test(test_urgent_interrupts_the_others),
		cmocka_unit_test(test_urgent_flood_starves_nobody),
		LOOP_TEST(test_urgent_can_be_paused),
		cmocka_unit_test(test_null_may_be_freed),
		cmocka_unit_test(test_clock_does_not_go_back),
	};

	log_open("test_loop", LOG_TO_STDERR, LOG_LEVEL_WARNING);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
