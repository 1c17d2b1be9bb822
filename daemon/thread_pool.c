/* SPDX-License-Identifier: ISC */
/*
 * Two queues under one mutex: work that waits for a thread, and work that has run and waits for
 * the loop. An eventfd wakes the loop up.
 */
#include "daemon/thread_pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/loop.h"

enum { STACK_SIZE = 256 * 1024 };

struct queue {
	struct thread_work *first, **end;
};

struct thread_pool {
	pthread_t *thread;
	unsigned threads, threads_max;
	struct loop_watch *watch;
	int done_fd;

	pthread_mutex_t mutex;
	pthread_cond_t has_work;
	struct queue waiting, done;
	unsigned idle, queued; /* threads that wait for work; work that waits for a thread */
	bool stopping;
};

static void put(struct queue *queue, struct thread_work *work)
{
	work->next = NULL;
	*queue->end = work;
	queue->end = &work->next;
}

static struct thread_work *take(struct queue *queue)
{
	struct thread_work *work = queue->first;

	if (!work)
		return NULL;
	queue->first = work->next;
	if (!queue->first)
		queue->end = &queue->first;
	return work;
}

/* --- a thread ------------------------------------------------------------------ */

static void wake_loop(const struct thread_pool *pool)
{
	uint64_t one = 1;

	while (write(pool->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

static void *work_until_stopped(void *arg)
{
	struct thread_pool *pool = arg;
	struct thread_work *work;

	pthread_mutex_lock(&pool->mutex);
	while (!pool->stopping) {
		work = take(&pool->waiting);
		if (!work) {
			pool->idle++;
			pthread_cond_wait(&pool->has_work, &pool->mutex);
			pool->idle--;
			continue;
		}
		pool->queued--;
		pthread_mutex_unlock(&pool->mutex);
		work->run(work);
		pthread_mutex_lock(&pool->mutex);
		put(&pool->done, work);
		wake_loop(pool);
	}
	pthread_mutex_unlock(&pool->mutex);
	return NULL;
}

/* Signals are for the loop, except those that a thread causes itself: SIGSYS is the sandbox's. */
static int start_thread(struct thread_pool *pool)
{
	static const int own[] = {SIGSYS, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	sigset_t blocked, before;
	pthread_attr_t attributes;
	int rc;

	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&blocked, own[i]);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	rc = pthread_create(&pool->thread[pool->threads], &attributes, work_until_stopped, pool);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (rc)
		return -rc;
	pthread_setname_np(pool->thread[pool->threads], "disk");
	pool->threads++;
	return 0;
}

/* --- the loop ------------------------------------------------------------------- */

static void call_done(struct thread_pool *pool)
{
	struct queue done;
	struct thread_work *work;

	pthread_mutex_lock(&pool->mutex);
	done.first = pool->done.first;
	pool->done = (struct queue){NULL, &pool->done.first};
	pthread_mutex_unlock(&pool->mutex);
	while ((work = done.first)) {
		done.first = work->next;
		work->done(work);
	}
}

static void woken(int fd, int what, void *arg)
{
	uint64_t times;

	(void)what;
	if (read(fd, &times, sizeof(times)) == sizeof(times))
		call_done(arg);
}

int thread_pool_run(struct thread_pool *pool, struct thread_work *work)
{
	bool is_short;

	pthread_mutex_lock(&pool->mutex);
	is_short = pool->idle <= pool->queued;
	pthread_mutex_unlock(&pool->mutex);
	if (is_short && pool->threads < pool->threads_max && start_thread(pool) < 0 &&
		pool->threads == 0)
		return -EAGAIN;
	pthread_mutex_lock(&pool->mutex);
	put(&pool->waiting, work);
	pool->queued++;
	pthread_cond_signal(&pool->has_work);
	pthread_mutex_unlock(&pool->mutex);
	return 0;
}

struct thread_pool *thread_pool_new(struct loop *loop, unsigned threads)
{
	struct thread_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	*pool = (struct thread_pool){.threads_max = threads,
		.done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.waiting = {NULL, &pool->waiting.first},
		.done = {NULL, &pool->done.first}};
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_cond_init(&pool->has_work, NULL);
	pool->thread = calloc(threads, sizeof(*pool->thread));
	if (pool->done_fd >= 0)
		pool->watch = loop_watch_new(loop, pool->done_fd, LOOP_READ, woken, pool);
	if (!pool->thread || !pool->watch) {
		thread_pool_free(pool);
		return NULL;
	}
	return pool;
}

void thread_pool_free(struct thread_pool *pool)
{
	struct thread_work *work;

	if (!pool)
		return;
	pthread_mutex_lock(&pool->mutex);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->has_work);
	pthread_mutex_unlock(&pool->mutex);
	for (unsigned i = 0; i < pool->threads; i++)
		pthread_join(pool->thread[i], NULL);
	call_done(pool);
	while ((work = take(&pool->waiting)))
		work->done(work);
	loop_watch_free(pool->watch);
	if (pool->done_fd >= 0)
		close(pool->done_fd);
	pthread_cond_destroy(&pool->has_work);
	pthread_mutex_destroy(&pool->mutex);
	free(pool->thread);
	free(pool);
}
