/* SPDX-License-Identifier: ISC */
/*
 * Which lines are written and how their text is made safe. The forms that they have at the
 * targets are in log_write.c.
 *
 * There is one log per process and main() opens it once, so its state is static here and nobody
 * passes it around.
 */
#include "daemon/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "daemon/rate_limit.h"
#include "util/utf8.h"

enum { TEXT_MAX = 2048 };

static struct log_writer writer = {.program = "", .target = LOG_TO_STDERR};
static enum log_level level_max = LOG_LEVEL_INFO;
static struct rate_bucket bucket;
static uint64_t left_out; /* by the limit of all lines, not reported yet */

void log_open(const char *program, enum log_target target, enum log_level max)
{
	level_max = max;
	bucket = (struct rate_bucket){0};
	left_out = 0;
	log_writer_open(&writer, program, target);
}

void log_started(void)
{
	writer.is_starting = false;
}

void log_set_level(enum log_level max)
{
	level_max = max;
}

void log_set_format(enum log_format format)
{
	writer.format = format;
}

bool log_is_plain(void)
{
	return writer.target == LOG_TO_STDERR && writer.is_starting && writer.format == LOG_TEXT;
}

bool log_wanted(enum log_level level)
{
	return level <= level_max;
}

/*
 * A line is a line: what a peer sent must not start another one nor steer the terminal. Octets
 * that are no UTF-8 go as well: the journal shows a line with one in it as "blob data", which
 * would hide the line.
 */
static void replace_unprintable(char *text)
{
	while (*text) {
		uint32_t code;
		size_t len = utf8_character(text, &code);
		if (len > 0 && !utf8_is_control(code)) {
			text += len;
			continue;
		}
		for (size_t i = 0; i < (len ? len : 1); i++)
			*text++ = '?';
	}
}

static uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- the limit of all lines ------------------------------------------------------------- */

static bool is_allowed(enum log_level level)
{
	if (level < LOG_LEVEL_INFO || writer.target == LOG_TO_STDERR)
		return true;
	return rate_bucket_take_burst(&bucket, LOG_RATE, LOG_BURST, (int64_t)monotonic_ms());
}

static void report_left_out(void)
{
	char text[160];

	snprintf(text, sizeof(text),
		"log: %" PRIu64 " lines left out, because there were more than %d a second; the "
		"setting quiet = true leaves out all of their kind",
		left_out, LOG_RATE);
	left_out = 0;
	log_write(&writer, LOG_LEVEL_NOTICE, NULL, text);
}

void log_flush(void)
{
	if (left_out > 0)
		report_left_out();
}

/* --- lines ------------------------------------------------------------------------------ */

static __attribute__((format(printf, 3, 0))) void write_line(
	enum log_level level, const struct log_fields *fields, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];

	if (!log_wanted(level))
		return;
	if (!is_allowed(level)) {
		left_out++;
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	replace_unprintable(text);
	log_flush();
	log_write(&writer, level, fields, text);
}

void log_line_va(enum log_level level, const char *fmt, va_list ap)
{
	write_line(level, NULL, fmt, ap);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(level, NULL, fmt, ap);
	va_end(ap);
}

void log_with(enum log_level level, const struct log_fields *fields, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(level, fields, fmt, ap);
	va_end(ap);
}

static __attribute__((format(printf, 4, 0))) void write_limited(struct log_limit *limit,
	enum log_level level, const struct log_fields *fields, const char *fmt, va_list ap)
{
	uint64_t now_ms = monotonic_ms();
	uint64_t every_ms = limit->every_ms ? limit->every_ms : 10000;
	char text[TEXT_MAX - 512];

	if (limit->last_ms != 0 && now_ms - limit->last_ms < every_ms) {
		limit->left_out++;
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	if (limit->left_out > 0)
		log_with(level, fields, "%s (and %" PRIu64 " more like it)", text, limit->left_out);
	else
		log_with(level, fields, "%s", text);
	limit->last_ms = now_ms;
	limit->left_out = 0;
}

void log_limited(struct log_limit *limit, enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_limited(limit, level, NULL, fmt, ap);
	va_end(ap);
}

void log_limited_with(struct log_limit *limit, enum log_level level,
	const struct log_fields *fields, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_limited(limit, level, fields, fmt, ap);
	va_end(ap);
}
