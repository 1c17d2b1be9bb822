/* SPDX-License-Identifier: ISC */
/*
 * The log: one formatting of lines for three places they can go to.
 *
 * There is one log per process and it is opened once by main(), so its state
 * is static here and nobody passes it around.
 */
#include "daemon/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>

static enum log_target log_target = LOG_TO_STDERR;
static enum log_level log_most = LOG_LEVEL_INFO;

static const char *const level_name[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void log_open(const char *program, enum log_target target, enum log_level most)
{
	log_target = target;
	log_most = most;
	if (target == LOG_TO_SYSLOG)
		openlog(program, LOG_PID, LOG_DAEMON);
}

enum log_target log_target_of_stderr(void)
{
	return getenv("JOURNAL_STREAM") ? LOG_TO_JOURNAL : LOG_TO_STDERR;
}

bool log_wanted(enum log_level level)
{
	return level <= log_most;
}

static void write_with_time(enum log_level level, const char *text)
{
	struct timespec now;
	struct tm tm;
	char hms[16];

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(hms, sizeof(hms), "%H:%M:%S", &tm);
	fprintf(stderr, "%s.%03ld %s: %s\n", hms, now.tv_nsec / 1000000, level_name[level], text);
}

void log_line_va(enum log_level level, const char *fmt, va_list ap)
{
	char text[2048];

	if (!log_wanted(level))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	/* A line is a line: what a peer sent must not start another one. */
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	switch (log_target) {
	case LOG_TO_SYSLOG:
		syslog((int)level, "%s", text);
		break;
	case LOG_TO_JOURNAL:
		fprintf(stderr, "<%d>%s\n", (int)level, text);
		break;
	case LOG_TO_STDERR:
		write_with_time(level, text);
		break;
	}
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line_va(level, fmt, ap);
	va_end(ap);
}

static uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void log_limited(struct log_limit *limit, enum log_level level, const char *fmt, ...)
{
	uint64_t now_ms = monotonic_ms();
	uint64_t every_ms = limit->every_ms ? limit->every_ms : 10000;
	char text[1536];
	va_list ap;

	if (limit->last_ms != 0 && now_ms - limit->last_ms < every_ms) {
		limit->left_out++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (limit->left_out > 0)
		log_line(level, "%s (and %" PRIu64 " more like it)", text, limit->left_out);
	else
		log_line(level, "%s", text);
	limit->last_ms = now_ms;
	limit->left_out = 0;
}
