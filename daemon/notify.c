/* SPDX-License-Identifier: ISC */
/*
 * sd_notify, the only place that knows whether there is a systemd.
 */
#include "daemon/notify.h"

#include <config.h>

#include <stdarg.h>
#include <stdio.h>

#ifdef HAVE_LIBSYSTEMD
#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

static void send_state(const char *state)
{
	sd_notify(0, state);
}

void notify_reloading(void)
{
	struct timespec now;

	/* Type=notify-reload wants the time of the reload, in microseconds. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		(uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

uint64_t notify_watchdog_ms(void)
{
	uint64_t us;

	return sd_watchdog_enabled(0, &us) > 0 ? us / 1000 : 0;
}
#else
uint64_t notify_watchdog_ms(void)
{
	return 0;
}

static void send_state(const char *state)
{
	(void)state;
}

void notify_reloading(void)
{
}
#endif

void notify_ready(void)
{
	send_state("READY=1");
}

void notify_watchdog(void)
{
	send_state("WATCHDOG=1");
}

void notify_stopping(void)
{
	send_state("STOPPING=1");
}

void notify_status(const char *fmt, ...)
{
	char text[256] = "STATUS=";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + 7, sizeof(text) - 7, fmt, ap);
	va_end(ap);
	send_state(text);
}
