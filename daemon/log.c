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
static const char *log_program = "";
static bool starting; /* copy lines for syslog to stderr */

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
	log_program = program;
	starting = true;
	if (target == LOG_TO_SYSLOG)
		openlog(program, LOG_PID, LOG_DAEMON);
}

void log_started(void)
{
	starting = false;
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

/* The octets of the character that starts here; 0 where it is not UTF-8 (RFC 3629). */
static size_t utf8_len(const unsigned char *c, uint32_t *code)
{
	static const uint32_t least[] = {[1] = 0, [2] = 0x80, [3] = 0x800, [4] = 0x10000};
	size_t len = c[0] < 0x80 ? 1 : c[0] < 0xc0 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

	*code = len == 1 ? c[0] : c[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((c[i] & 0xc0) != 0x80) /* also where the text ends */
			return 0;
		*code = *code << 6 | (c[i] & 0x3f);
	}
	if (len == 0 || c[0] > 0xf4 || *code < least[len] || *code > 0x10ffff)
		return 0;
	return *code >= 0xd800 && *code <= 0xdfff ? 0 : len;
}

/*
 * A line is a line: what a peer sent must not start another one nor steer the
 * terminal. Octets that are no UTF-8 go as well: the journal shows a line with
 * one in it as "blob data", which would hide the line.
 */
static void replace_unprintable(char *text)
{
	unsigned char *c = (unsigned char *)text;

	while (*c) {
		uint32_t code;
		size_t len = utf8_len(c, &code);
		bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);

		if (len > 0 && !control) {
			c += len;
			continue;
		}
		for (size_t i = 0; i < (len ? len : 1); i++)
			*c++ = '?';
	}
}

void log_line_va(enum log_level level, const char *fmt, va_list ap)
{
	char text[2048];

	if (!log_wanted(level))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	replace_unprintable(text);
	switch (log_target) {
	case LOG_TO_SYSLOG:
		syslog((int)level, "%s", text);
		if (starting)
			fprintf(stderr, "%s: %s: %s\n", log_program, level_name[level], text);
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
