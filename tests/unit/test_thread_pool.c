/* SPDX-License-Identifier: ISC */
/*
 * Work in threads: each piece runs once and is done once, in the loop's thread, also when the pool
 * is freed before; and loading a part of a file.
 */
#include "daemon/thread_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/file_pages.h"
#include "daemon/loop.h"

enum { PIECES = 20, THREADS = 3 };

static struct loop *loop;
static unsigned done_count, done_elsewhere;
static pthread_t loop_thread;
static pthread_barrier_t all_run;

struct piece {
	struct thread_work work;
	unsigned ran;
	bool in_loop_thread;
};

static void run_piece(struct thread_work *work)
{
	struct piece *piece = (struct piece *)work;

	piece->ran++;
	piece->in_loop_thread = pthread_equal(pthread_self(), loop_thread);
}

static void wait_for_the_others(struct thread_work *work)
{
	pthread_barrier_wait(&all_run);
	run_piece(work);
}

static void piece_done(struct thread_work *work)
{
	(void)work;
	done_elsewhere += !pthread_equal(pthread_self(), loop_thread);
	if (++done_count == PIECES)
		loop_stop(loop);
}

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	loop_thread = pthread_self();
	done_count = done_elsewhere = 0;
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void test_each_task_runs_once_and_completes_in_the_loop(void **state)
{
	struct thread_pool *pool = thread_pool_new(loop, THREADS);
	struct piece piece[PIECES];

	(void)state;
	memset(piece, 0, sizeof(piece));
	for (int i = 0; i < PIECES; i++) {
		piece[i].work = (struct thread_work){.run = run_piece, .done = piece_done};
		assert_int_equal(thread_pool_run(pool, &piece[i].work), 0);
	}
	assert_int_equal(done_count, 0); /* not before the loop turns */
	assert_int_equal(loop_run(loop), 0);
	thread_pool_free(pool);
	assert_int_equal(done_count, PIECES);
	assert_int_equal(done_elsewhere, 0);
	for (int i = 0; i < PIECES; i++) {
		assert_int_equal(piece[i].ran, 1);
		assert_false(piece[i].in_loop_thread);
	}
}

/* The barrier opens only if as many pieces run at a time as there are threads. */
static void test_threads_work_side_by_side(void **state)
{
	struct thread_pool *pool = thread_pool_new(loop, THREADS);
	struct piece piece[THREADS];

	(void)state;
	pthread_barrier_init(&all_run, NULL, THREADS);
	done_count = PIECES - THREADS;
	memset(piece, 0, sizeof(piece));
	for (int i = 0; i < THREADS; i++) {
		piece[i].work =
			(struct thread_work){.run = wait_for_the_others, .done = piece_done};
		assert_int_equal(thread_pool_run(pool, &piece[i].work), 0);
	}
	assert_int_equal(loop_run(loop), 0);
	thread_pool_free(pool);
	pthread_barrier_destroy(&all_run);
}

static void test_a_pool_that_is_freed_leaves_nothing_undone(void **state)
{
	struct thread_pool *pool = thread_pool_new(loop, 1);
	struct piece piece[PIECES];

	(void)state;
	done_count = 1; /* the loop is not stopped, because it does not run */
	memset(piece, 0, sizeof(piece));
	for (int i = 1; i < PIECES; i++) {
		piece[i].work = (struct thread_work){.run = run_piece, .done = piece_done};
		assert_int_equal(thread_pool_run(pool, &piece[i].work), 0);
	}
	thread_pool_free(pool);
	assert_int_equal(done_count, PIECES);
	thread_pool_free(NULL);
}

/* --- files --------------------------------------------------------------------- */

static void part_loaded(void *arg)
{
	++*(unsigned *)arg;
	loop_stop(loop);
}

static int file_of(const char *text)
{
	char path[] = "/tmp/nb6-pages-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void test_cached_blocks_are_read_at_once(void **state)
{
	int fd = file_of("0123456789");
	char octets[8];

	(void)state;
	assert_true(file_is_cached(fd, 0, 10));
	assert_true(file_is_cached(fd, 100, 0));
	assert_int_equal(file_read_cached(fd, octets, 4, 3), 4);
	assert_memory_equal(octets, "3456", 4);
	assert_int_equal(file_read_cached(fd, octets, 8, 6), 4);
	assert_int_equal(file_read_cached(fd, octets, 8, 10), 0);
	close(fd);
	assert_int_equal(file_read_cached(fd, octets, 8, 0), -EBADF);
}

static void test_a_part_is_loaded_or_cancelled(void **state)
{
	struct thread_pool *pool = thread_pool_new(loop, 1);
	unsigned first = 0, cancelled = 0, last = 0;
	struct file_load *load;
	int fd = file_of("0123456789");

	(void)state;
	/* Longer than the file: its reader finds out. */
	assert_int_equal(file_load_start(&load, pool, fd, 0, 1 << 20, part_loaded, &first), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(first, 1);
	assert_int_equal(file_load_start(&load, pool, fd, 0, 10, part_loaded, &cancelled), 0);
	close(fd); /* the load has its own */
	file_load_cancel(load);
	file_load_cancel(NULL);
	assert_int_equal(file_load_start(&load, pool, fd, 0, 10, part_loaded, &last), -EBADF);
	thread_pool_free(pool);
	assert_int_equal(cancelled, 0);
	assert_int_equal(last, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_each_task_runs_once_and_completes_in_the_loop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads_work_side_by_side, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_pool_that_is_freed_leaves_nothing_undone, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_cached_blocks_are_read_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_part_is_loaded_or_cancelled, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
