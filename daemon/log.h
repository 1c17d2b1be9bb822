/* SPDX-License-Identifier: ISC */
/*
 * The log: one line for each event that an operator wants to know of. A message says what
 * happened, to which link, client or file, and what to do about it. It has no trailing newline
 * and starts with its subject ("vlan100: ...", "52:54:00:12:34:56: ...").
 *
 * Lines go to one of three targets:
 *
 *	the journal   when stderr is connected to it: with structured fields, which
 *	              `journalctl NB6_MAC=52:54:00:12:34:56` finds (log_fields below)
 *	stderr        when a person reads it or -f is given: "HH:MM:SS.mmm level: text"
 *	syslog        otherwise
 *
 * With the setting `log = json` each line is a JSON object instead, for collectors.
 *
 * Peers cause lines, so there are two limits: log_limited() for each kind of line, and one for
 * all lines of level info to the journal or syslog, which would drop any others otherwise.
 */
#ifndef NB6_DAEMON_LOG_H
#define NB6_DAEMON_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/log_write.h"

/*
 * Call once, before the first line. Until log_started() lines for syslog go to stderr as
 * well: whoever starts the daemon must see why it does not start.
 */
void log_open(const char *program, enum log_target target, enum log_level max);
/* The daemon is ready: from now on lines go to the target alone. */
void log_started(void);

/* What the configuration says, also after a reload. */
void log_set_level(enum log_level max);
void log_set_format(enum log_format format);

/* True if the log goes to stderr and the daemon is not ready: who started it reads along. */
bool log_is_plain(void);

/* True if a line of this level would be written: spares the making of it. */
bool log_wanted(enum log_level level);

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_line_va(enum log_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

void log_with(enum log_level level, const struct log_fields *fields, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * What a peer can cause at will is written at most once in `every_ms` per struct; the next line
 * that is written says how many were left out. Initialise with {0}.
 */
struct log_limit {
	uint64_t every_ms; /* 0: 10 seconds */
	uint64_t last_ms;
	uint64_t left_out;
};

void log_limited(struct log_limit *limit, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with fields. */
void log_limited_with(struct log_limit *limit, enum log_level level,
	const struct log_fields *fields, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Lines of level info and debug to the journal or syslog are limited to LOG_RATE a second, with
 * LOG_BURST at once. The next line that is written, or log_flush(), says how many were left
 * out: call it from a timer. journald's own limit is 10,000 lines in 30 s and drops errors too.
 */
enum { LOG_RATE = 200, LOG_BURST = 2000 };

void log_flush(void);

#endif
