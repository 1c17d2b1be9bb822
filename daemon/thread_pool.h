/* SPDX-License-Identifier: ISC */
/*
 * Threads for calls that may wait for a disk, so that the event loop never does. A piece of work
 * is a function that runs in a thread and one that the loop calls afterwards:
 *
 *	thread_pool_run(pool, work) -> work->run(work) in a thread -> work->done(work) in the loop
 *
 * Threads are started when there is work, and stay.
 */
#ifndef NB6_DAEMON_THREAD_POOL_H
#define NB6_DAEMON_THREAD_POOL_H

struct loop;
struct thread_pool;
struct thread_work;

/* Part of the owner's struct. It must stay as it is from thread_pool_run() until done(). */
struct thread_work {
	/* May block; must not touch what the loop uses meanwhile, nor log. */
	void (*run)(struct thread_work *work);
	/* Called once, in the loop; the work may be freed, or run again. */
	void (*done)(struct thread_work *work);
	struct thread_work *next; /* private */
};

/* At most `threads` at a time. NULL: no memory, or no descriptors. */
struct thread_pool *thread_pool_new(struct loop *loop, unsigned threads);
/*
 * Waits for work that runs, leaves out run() of work that waits, and calls done() of both, which
 * must not run more. NULL is fine.
 */
void thread_pool_free(struct thread_pool *pool);

/* Returns 0, or -EAGAIN if no thread can be started; then neither function is called. */
int thread_pool_run(struct thread_pool *pool, struct thread_work *work);

#endif
