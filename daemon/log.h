/* SPDX-License-Identifier: ISC */
/*
 * One line of log per event that an operator wants to know of.
 *
 * Lines go to stderr, with a time when a person reads it and with the
 * "<N>" priority that systemd understands when the journal does; without
 * either, to syslog. A message says what happened, to which link, client or
 * file, and what to do about it; it has no trailing newline and starts with
 * its subject ("vlan100: ...", "52:54:00:12:34:56: ...").
 */
#ifndef NB6_DAEMON_LOG_H
#define NB6_DAEMON_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/* The levels of syslog(3), by number, that we use. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

enum log_target {
	LOG_TO_STDERR,  /* a terminal or a file: "HH:MM:SS.mmm level: text" */
	LOG_TO_JOURNAL, /* stderr that systemd reads: "<6>text" */
	LOG_TO_SYSLOG,
};

/*
 * Call once, before the first line. Until log_started() lines for syslog go to stderr as
 * well: whoever starts the daemon must see why it does not start.
 */
void log_open(const char *program, enum log_target target, enum log_level most);
/* The daemon is ready: from now on lines go to the target alone. */
void log_started(void);

/* LOG_TO_JOURNAL where stderr is systemd's (JOURNAL_STREAM), else LOG_TO_STDERR. */
enum log_target log_target_of_stderr(void);

/* True where a line of this level would be written: spares the making of it. */
bool log_wanted(enum log_level level);

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_line_va(enum log_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * What a peer can cause at will is written at most once in `every_ms` per
 * struct; the next line that is written says how many were left out.
 * Initialise with {0}.
 */
struct log_limit {
	uint64_t every_ms; /* 0: 10 seconds */
	uint64_t last_ms;
	uint64_t left_out;
};

void log_limited(struct log_limit *limit, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
