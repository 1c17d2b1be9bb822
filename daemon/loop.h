/* SPDX-License-Identifier: ISC */
/*
 * The event loop: descriptors that become readable or writable, timers, and
 * the signals that a daemon lives by. libevent does the work; its types stay
 * in loop.c so that decision code can be tested without a loop.
 *
 * Callbacks are thin: they read, call a function that takes bytes and `now`,
 * and perform what it decided.
 */
#ifndef NB6_DAEMON_LOOP_H
#define NB6_DAEMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct loop;
struct loop_watch;
struct loop_timer;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* `what` says which of LOOP_READ and LOOP_WRITE came true. */
typedef void loop_fd_cb(int fd, int what, void *arg);
typedef void loop_cb(void *arg);

/* NULL when out of memory or descriptors. libevent's own log goes to ours. */
struct loop *loop_new(void);
void loop_free(struct loop *loop); /* after everything that was put on it */

/* Until loop_stop(), or for ever. Returns 0, or -EIO when the loop itself broke. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/*
 * Watch `fd` for `what` (LOOP_READ | LOOP_WRITE) until freed. The watch does
 * not own the descriptor: free the watch first, then close. NULL: no memory.
 */
struct loop_watch *loop_watch_new(struct loop *loop, int fd, int what, loop_fd_cb *cb, void *arg);
void loop_watch_set(struct loop_watch *watch, int what); /* 0 pauses it */
void loop_watch_free(struct loop_watch *watch);          /* NULL is fine */

/*
 * Run this watch's callback before all others: work that is waiting is interrupted for it after
 * a millisecond or a few callbacks. Call it once, after loop_watch_new(). A flood does not starve
 * the others: while they wait, urgent callbacks pause for 1 ms after each 4 ms of work. The
 * callback must not free its own watch.
 */
void loop_watch_set_urgent(struct loop_watch *watch);

/* A timer that fires once each time it is armed; arming again moves it. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_cb *cb, void *arg);
void loop_timer_arm(struct loop_timer *timer, uint64_t delay_ms);
void loop_timer_cancel(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer); /* NULL is fine */

/*
 * SIGTERM and SIGINT stop the loop, SIGHUP calls `reload` (NULL: ignored),
 * until loop_free(). SIGPIPE is ignored, and stays so. Returns 0 or -ENOMEM.
 */
int loop_handle_signals(struct loop *loop, loop_cb *reload, void *arg);

/* Monotonic milliseconds and microseconds, read now. */
uint64_t loop_now_ms(void);
uint64_t loop_now_us(void);

/* Unix time in milliseconds, by the clock on the wall: it may be set back and forth. */
int64_t loop_unix_ms(void);

/* For evdns, which brings its own handlers. */
struct event_base *loop_event_base(struct loop *loop);

#endif
