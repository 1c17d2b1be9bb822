/* SPDX-License-Identifier: ISC */
/*
 * The event loop on libevent: the only file of this folder that sees its
 * types. A watch or a timer is a thin box around one struct event, so that
 * callbacks get our arguments and not libevent's.
 */
#include "daemon/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/log.h"

enum {
	SIGNALS = 3,
	/* libevent's priorities: a lower number runs first. */
	PRIORITY_URGENT = 0,
	PRIORITY_NORMAL = 1,
	PRIORITIES = 2,
	/* Normal work that may run before the loop looks for urgent work again. */
	NORMAL_US = 1000,
	NORMAL_CALLBACKS = 16,
	/* Urgent work at a stretch while normal work waits, and the pause that follows. */
	URGENT_US = 4000,
	URGENT_PAUSE_US = 1000,
	STRETCH_GAP_US = 100, /* nothing else ran between two callbacks this close together */
};

struct loop {
	struct event_base *base;
	struct event *signal[SIGNALS];
	loop_cb *reload;
	void *reload_arg;
	uint64_t urgent_since_us, urgent_until_us; /* the current stretch of urgent work */
};

struct loop_watch {
	struct event *event;
	struct loop *loop;
	loop_fd_cb *cb;
	void *arg;
	struct event *resume; /* ends the pause of an urgent watch; NULL: it is not urgent */
};

struct loop_timer {
	struct event *event;
	loop_cb *cb;
	void *arg;
};

static void take_libevent_log(int severity, const char *text)
{
	static const enum log_level level[] = {
		[EVENT_LOG_DEBUG] = LOG_LEVEL_DEBUG,
		[EVENT_LOG_MSG] = LOG_LEVEL_INFO,
		[EVENT_LOG_WARN] = LOG_LEVEL_WARNING,
		[EVENT_LOG_ERR] = LOG_LEVEL_ERROR,
	};

	log_line(severity >= EVENT_LOG_DEBUG && severity <= EVENT_LOG_ERR ? level[severity]
									  : LOG_LEVEL_WARNING,
		"libevent: %s", text);
}

static struct event_base *new_base(void)
{
	const struct timeval interval = {0, NORMAL_US};
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config && event_config_set_max_dispatch_interval(
			      config, &interval, NORMAL_CALLBACKS, PRIORITY_NORMAL) == 0)
		base = event_base_new_with_config(config);
	if (base && event_base_priority_init(base, PRIORITIES) < 0) {
		event_base_free(base);
		base = NULL;
	}
	if (config)
		event_config_free(config);
	return base;
}

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	event_set_log_callback(take_libevent_log);
	loop->base = new_base();
	if (!loop->base) {
		free(loop);
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (int i = 0; i < SIGNALS; i++)
		if (loop->signal[i])
			event_free(loop->signal[i]);
	/* Events that evdns has deferred to the loop's next turn; it would never free them
	 * otherwise. */
	event_base_loop(loop->base, EVLOOP_NONBLOCK);
	event_base_free(loop->base);
	free(loop);
}

int loop_run(struct loop *loop)
{
	return event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0 ? -EIO : 0;
}

void loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

static void watch_fired(evutil_socket_t fd, short events, void *arg)
{
	struct loop_watch *watch = arg;
	int what = (events & EV_READ ? LOOP_READ : 0) | (events & EV_WRITE ? LOOP_WRITE : 0);

	watch->cb(fd, what, watch->arg);
}

/* --- urgent watches ---------------------------------------------------------- */

static bool others_wait(const struct loop *loop)
{
	return event_base_get_num_events(loop->base, EVENT_BASE_COUNT_ACTIVE) > 0;
}

static void urgent_fired(evutil_socket_t fd, short events, void *arg)
{
	static const struct timeval pause = {0, URGENT_PAUSE_US};
	struct loop_watch *watch = arg;
	struct loop *loop = watch->loop;
	uint64_t now_us = loop_now_us();

	if (now_us - loop->urgent_until_us > STRETCH_GAP_US || !others_wait(loop))
		loop->urgent_since_us = now_us;
	watch_fired(fd, events, watch);
	loop->urgent_until_us = loop_now_us();
	if (loop->urgent_until_us - loop->urgent_since_us < URGENT_US || !others_wait(loop))
		return;
	event_del(watch->event);
	event_add(watch->resume, &pause);
}

static void resume_fired(evutil_socket_t fd, short events, void *arg)
{
	struct loop_watch *watch = arg;

	(void)fd;
	(void)events;
	event_add(watch->event, NULL);
}

void loop_watch_set_urgent(struct loop_watch *watch)
{
	evutil_socket_t fd = event_get_fd(watch->event);
	short events = event_get_events(watch->event);

	watch->resume = evtimer_new(watch->loop->base, resume_fired, watch);
	if (!watch->resume)
		return; /* no memory: it works as before, and later */
	event_del(watch->event);
	event_assign(watch->event, watch->loop->base, fd, events, urgent_fired, watch);
	event_priority_set(watch->event, PRIORITY_URGENT);
	event_priority_set(watch->resume, PRIORITY_URGENT);
	event_add(watch->event, NULL);
}

/* --- watches ----------------------------------------------------------------- */

static short events_of(int what)
{
	return (short)(EV_PERSIST | (what & LOOP_READ ? EV_READ : 0) |
		       (what & LOOP_WRITE ? EV_WRITE : 0));
}

struct loop_watch *loop_watch_new(struct loop *loop, int fd, int what, loop_fd_cb *cb, void *arg)
{
	struct loop_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	*watch = (struct loop_watch){.loop = loop, .cb = cb, .arg = arg};
	watch->event = event_new(loop->base, fd, events_of(what), watch_fired, watch);
	if (!watch->event || (what && event_add(watch->event, NULL) < 0)) {
		loop_watch_free(watch);
		return NULL;
	}
	return watch;
}

void loop_watch_set(struct loop_watch *watch, int what)
{
	evutil_socket_t fd = event_get_fd(watch->event);

	event_del(watch->event);
	if (watch->resume)
		event_del(watch->resume);
	if (!what)
		return;
	event_assign(watch->event, watch->loop->base, fd, events_of(what),
		watch->resume ? urgent_fired : watch_fired, watch);
	if (watch->resume)
		event_priority_set(watch->event, PRIORITY_URGENT);
	event_add(watch->event, NULL);
}

void loop_watch_free(struct loop_watch *watch)
{
	if (!watch)
		return;
	if (watch->event)
		event_free(watch->event);
	if (watch->resume)
		event_free(watch->resume);
	free(watch);
}

static void timer_fired(evutil_socket_t fd, short events, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd;
	(void)events;
	timer->cb(timer->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_cb *cb, void *arg)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	*timer = (struct loop_timer){.cb = cb, .arg = arg};
	timer->event = evtimer_new(loop->base, timer_fired, timer);
	if (!timer->event) {
		free(timer);
		return NULL;
	}
	return timer;
}

void loop_timer_arm(struct loop_timer *timer, uint64_t delay_ms)
{
	struct timeval delay = {(time_t)(delay_ms / 1000), (long)(delay_ms % 1000) * 1000};

	evtimer_add(timer->event, &delay);
}

void loop_timer_cancel(struct loop_timer *timer)
{
	evtimer_del(timer->event);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	event_free(timer->event);
	free(timer);
}

static void stop_fired(evutil_socket_t signal_number, short events, void *arg)
{
	(void)events;
	log_info("stopping on signal %d", (int)signal_number);
	loop_stop(arg);
}

static void reload_fired(evutil_socket_t signal_number, short events, void *arg)
{
	struct loop *loop = arg;

	(void)signal_number;
	(void)events;
	if (loop->reload)
		loop->reload(loop->reload_arg);
}

int loop_handle_signals(struct loop *loop, loop_cb *reload, void *arg)
{
	loop->reload = reload;
	loop->reload_arg = arg;
	signal(SIGPIPE, SIG_IGN);
	loop->signal[0] = evsignal_new(loop->base, SIGTERM, stop_fired, loop);
	loop->signal[1] = evsignal_new(loop->base, SIGINT, stop_fired, loop);
	loop->signal[2] = evsignal_new(loop->base, SIGHUP, reload_fired, loop);
	for (int i = 0; i < SIGNALS; i++)
		if (!loop->signal[i] || event_add(loop->signal[i], NULL) < 0)
			return -ENOMEM;
	return 0;
}

uint64_t loop_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t loop_now_ms(void)
{
	return loop_now_us() / 1000;
}

int64_t loop_unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct event_base *loop_event_base(struct loop *loop)
{
	return loop->base;
}
