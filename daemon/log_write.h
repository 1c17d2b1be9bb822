/* SPDX-License-Identifier: ISC */
/*
 * What a log line consists of, and the forms that it has at its targets: text, JSON, entries of the
 * journal. Include daemon/log.h, which has the functions to log with.
 */
#ifndef NB6_DAEMON_LOG_WRITE_H
#define NB6_DAEMON_LOG_WRITE_H

#include <stdbool.h>
#include <stddef.h>

/* The levels of syslog(3), by number, that we use. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

enum log_target { LOG_TO_STDERR, LOG_TO_JOURNAL, LOG_TO_SYSLOG };

enum log_format { LOG_TEXT, LOG_JSON };

/*
 * The events that people alert on: each has a MESSAGE_ID in the journal and a name in JSON, which
 * stay the same in all versions, whatever the text says. docs/logging.md lists them.
 */
enum log_event {
	LOG_EVENT_NONE,
	LOG_EVENT_READY,
	LOG_EVENT_START_FAILED,
	LOG_EVENT_RELOADED,
	LOG_EVENT_RELOAD_FAILED,
	LOG_EVENT_LINK_READY,
	LOG_EVENT_LINK_NOT_READY,
	LOG_EVENT_SERVER_REACHABLE,
	LOG_EVENT_SERVER_UNREACHABLE,
	LOG_EVENT_EVENTS_LOST,
	LOG_EVENT_LEASES_NOT_WRITABLE,
	LOG_EVENT_NO_ADDRESS,
	LOG_EVENT_ADDRESS_CONFLICT,
	LOG_EVENT_DESCRIPTORS_EXHAUSTED,
	LOG_EVENTS,
};

/* "ready", "start-failed"..., and 32 hexadecimal digits; NULL for LOG_EVENT_NONE. */
const char *log_event_name(enum log_event event);
const char *log_event_id(enum log_event event);

/*
 * What a line is about, beside its text: fields of the journal with these names in capitals
 * behind NB6_, members of a JSON line with these names. NULL: it has none. Borrowed.
 */
struct log_fields {
	enum log_event event;
	const char *mac, *link, *host, *subnet, *reason, *stage;
};

/* LOG_TO_JOURNAL if stderr is the stream that systemd named in JOURNAL_STREAM, else
 * LOG_TO_STDERR. */
enum log_target log_target_of_stderr(void);

struct log_writer {
	const char *program;
	enum log_target target;
	enum log_format format;
	bool is_starting;   /* lines for syslog go to stderr as well */
	bool is_structured; /* the journal takes entries with fields */
};

void log_writer_open(struct log_writer *writer, const char *program, enum log_target target);

/* `text` is one line of printable UTF-8; `fields` may be NULL. */
void log_write(const struct log_writer *writer, enum log_level level,
	const struct log_fields *fields, const char *text);

/*
 * The fields as "NAME=value", in an order that stays; returns their number, at most
 * LOG_FIELDS_MAX. A value that is too long is cut.
 */
enum { LOG_FIELDS_MAX = 8, LOG_FIELD_SIZE = 160 };
size_t log_journal_fields(
	const struct log_fields *fields, char field[LOG_FIELDS_MAX][LOG_FIELD_SIZE]);

/* A JSON object in one line, to be freed. NULL: no memory. */
char *log_json(const char *program, enum log_level level, const struct log_fields *fields,
	const char *text);

#endif
