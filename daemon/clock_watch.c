/* SPDX-License-Identifier: ISC */
/* A timer that never expires, but that the kernel cancels when the clock is set: timerfd_create(2).
 */
#include "daemon/clock_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct clock_watch {
	int fd;
	struct loop_watch *watch;
	loop_cb *stepped;
	void *arg;
};

/* As late as a 32-bit time_t allows; when it expires it is armed again. */
static int arm(const struct clock_watch *watch)
{
	const struct itimerspec never = {.it_value = {.tv_sec = INT32_MAX}};

	return timerfd_settime(
		watch->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static void readable(int fd, int what, void *arg)
{
	struct clock_watch *watch = arg;
	uint64_t expirations;
	bool is_step = read(fd, &expirations, sizeof(expirations)) < 0 && errno == ECANCELED;

	(void)what;
	arm(watch);
	if (is_step)
		watch->stepped(watch->arg);
}

struct clock_watch *clock_watch_new(struct loop *loop, loop_cb *stepped, void *arg)
{
	struct clock_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->stepped = stepped;
	watch->arg = arg;
	watch->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (watch->fd >= 0 && arm(watch) == 0)
		watch->watch = loop_watch_new(loop, watch->fd, LOOP_READ, readable, watch);
	if (watch->watch)
		return watch;
	clock_watch_free(watch);
	return NULL;
}

void clock_watch_free(struct clock_watch *watch)
{
	if (!watch)
		return;
	loop_watch_free(watch->watch);
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch);
}
