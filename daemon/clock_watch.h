/* SPDX-License-Identifier: ISC */
/*
 * Notifies of steps of the wall clock: an operator or an NTP client sets it, a virtual machine is
 * resumed. Slow corrections (adjtime) are no steps.
 */
#ifndef NB6_DAEMON_CLOCK_WATCH_H
#define NB6_DAEMON_CLOCK_WATCH_H

#include "daemon/loop.h"

struct clock_watch;

/* Calls `stepped` after each step, from the event loop. NULL: no memory or no descriptors. */
struct clock_watch *clock_watch_new(struct loop *loop, loop_cb *stepped, void *arg);
void clock_watch_free(struct clock_watch *watch); /* NULL is fine */

#endif
