/* SPDX-License-Identifier: ISC */
#include "daemon/log_write.h"

#include <config.h>

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#endif

static const char *const level_name[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* The identifiers are random (systemd-id128 new) and are never used again for another event. */
static const struct {
	const char *name, *id;
} event_row[LOG_EVENTS] = {
	[LOG_EVENT_READY] = {"ready", "d1da0d26bd215f0fc65abbba77fd05c4"},
	[LOG_EVENT_START_FAILED] = {"start-failed", "663c667e519510f03722006ee71be63b"},
	[LOG_EVENT_RELOADED] = {"reloaded", "602ddfe997a3668b4bf6322db3aca1ba"},
	[LOG_EVENT_RELOAD_FAILED] = {"reload-failed", "6c51e472105ce915475fe1ffb4faabef"},
	[LOG_EVENT_LINK_READY] = {"link-ready", "2f2dea8e3405410ef3008e34e3c154cf"},
	[LOG_EVENT_LINK_NOT_READY] = {"link-not-ready", "fb59bc3e6bb9a1d4b85d875d582d1ea4"},
	[LOG_EVENT_SERVER_REACHABLE] = {"server-reachable", "54ea468e04ed37d73eddbe78663bc462"},
	[LOG_EVENT_SERVER_UNREACHABLE] = {"server-unreachable", "76c4ca9b8877a207ca1d3c381bba81b3"},
	[LOG_EVENT_EVENTS_LOST] = {"events-lost", "0dabfe0d19274ad9a543af21951ef4f1"},
	[LOG_EVENT_LEASES_NOT_WRITABLE] = {"leases-not-writable",
		"ba3f1b854ec856811cd4774bc1a876b9"},
	[LOG_EVENT_NO_ADDRESS] = {"no-address", "f4b78f8a1fae96565c83f170ee3578be"},
	[LOG_EVENT_ADDRESS_CONFLICT] = {"address-conflict", "f817fb1bccd3556c76fcd0a54dd7abe9"},
	[LOG_EVENT_DESCRIPTORS_EXHAUSTED] = {"descriptors-exhausted",
		"a2f2ae07cb8bd3a43cde1f9c3f2a6f5e"},
};

const char *log_event_name(enum log_event event)
{
	return event_row[event].name;
}

const char *log_event_id(enum log_event event)
{
	return event_row[event].id;
}

/* Each member with a text, by name: one list for the journal and for JSON. */
struct named_text {
	const char *name, *text;
};

enum { NAMED_TEXTS = 6 };

static void list_texts(const struct log_fields *fields, struct named_text list[NAMED_TEXTS])
{
	const struct named_text all[NAMED_TEXTS] = {
		{"mac", fields->mac},
		{"link", fields->link},
		{"host", fields->host},
		{"subnet", fields->subnet},
		{"reason", fields->reason},
		{"stage", fields->stage},
	};

	memcpy(list, all, sizeof(all));
}

size_t log_journal_fields(
	const struct log_fields *fields, char field[LOG_FIELDS_MAX][LOG_FIELD_SIZE])
{
	struct named_text list[NAMED_TEXTS];
	size_t n = 0;

	static_assert(NAMED_TEXTS + 1 <= LOG_FIELDS_MAX, "room for all");
	if (!fields)
		return 0;
	list_texts(fields, list);
	if (fields->event != LOG_EVENT_NONE)
		snprintf(field[n++], LOG_FIELD_SIZE, "MESSAGE_ID=%s", log_event_id(fields->event));
	for (size_t i = 0; i < NAMED_TEXTS; i++) {
		char *to = field[n];

		if (!list[i].text)
			continue;
		n++;
		snprintf(to, LOG_FIELD_SIZE, "NB6_%s=%s", list[i].name, list[i].text);
		for (to += strlen("NB6_"); *to != '='; to++)
			*to = (char)(*to - 'a' + 'A');
	}
	return n;
}

/* RFC 3339 in UTC, with milliseconds. */
static void format_time(char *text, size_t size)
{
	struct timespec now;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, size - len, ".%03ldZ", now.tv_nsec / 1000000);
}

char *log_json(const char *program, enum log_level level, const struct log_fields *fields,
	const char *text)
{
	char time_text[40], *line;
	json_t *json;

	format_time(time_text, sizeof(time_text));
	json = json_pack("{s:s, s:s, s:s, s:s}", "time", time_text, "level", level_name[level],
		"program", program, "message", text);
	if (json && fields) {
		struct named_text list[NAMED_TEXTS];

		list_texts(fields, list);
		if (fields->event != LOG_EVENT_NONE)
			json_object_set_new(
				json, "event", json_string(log_event_name(fields->event)));
		for (size_t i = 0; i < NAMED_TEXTS; i++) /* what is no UTF-8 is left out */
			if (list[i].text)
				json_object_set_new(json, list[i].name, json_string(list[i].text));
	}
	line = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return line;
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

#ifdef HAVE_LIBSYSTEMD
/* False if the journal does not take it. */
static bool send_to_journal(const struct log_writer *writer, enum log_level level,
	const struct log_fields *fields, const char *text)
{
	char field[LOG_FIELDS_MAX][LOG_FIELD_SIZE], head[2][64], *message;
	size_t n = log_journal_fields(fields, field);
	struct iovec part[LOG_FIELDS_MAX + 3];
	int rc;

	if (asprintf(&message, "MESSAGE=%s", text) < 0)
		return false;
	snprintf(head[0], sizeof(head[0]), "PRIORITY=%d", (int)level);
	snprintf(head[1], sizeof(head[1]), "SYSLOG_IDENTIFIER=%s", writer->program);
	part[0] = (struct iovec){message, strlen(message)};
	for (size_t i = 0; i < 2; i++)
		part[1 + i] = (struct iovec){head[i], strlen(head[i])};
	for (size_t i = 0; i < n; i++)
		part[3 + i] = (struct iovec){field[i], strlen(field[i])};
	rc = sd_journal_sendv(part, (int)(3 + n));
	free(message);
	return rc >= 0;
}
#else
static bool send_to_journal(const struct log_writer *writer, enum log_level level,
	const struct log_fields *fields, const char *text)
{
	(void)writer;
	(void)level;
	(void)fields;
	(void)text;
	return false;
}
#endif

static void write_to_journal(const struct log_writer *writer, enum log_level level,
	const struct log_fields *fields, const char *text)
{
	if (!writer->is_structured || writer->format == LOG_JSON ||
		!send_to_journal(writer, level, fields, text))
		fprintf(stderr, "<%d>%s\n", (int)level, text);
}

/* A program started from a unit's shell has JOURNAL_STREAM too, and perhaps another stderr. */
enum log_target log_target_of_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(2, &st) == 0 &&
		st.st_dev == device && st.st_ino == inode)
		return LOG_TO_JOURNAL;
	return LOG_TO_STDERR;
}

void log_writer_open(struct log_writer *writer, const char *program, enum log_target target)
{
	*writer = (struct log_writer){.program = program, .target = target, .is_starting = true};
	writer->is_structured =
		target == LOG_TO_JOURNAL && log_target_of_stderr() == LOG_TO_JOURNAL &&
		access("/run/systemd/journal/socket", W_OK) == 0;
	if (target == LOG_TO_SYSLOG)
		openlog(program, LOG_PID, LOG_DAEMON);
}

void log_write(const struct log_writer *writer, enum log_level level,
	const struct log_fields *fields, const char *text)
{
	char *json = writer->format == LOG_JSON
			     ? log_json(writer->program, level, fields, text)
			     : NULL;

	if (json)
		text = json;
	switch (writer->target) {
	case LOG_TO_SYSLOG:
		syslog((int)level, "%s", text);
		if (writer->is_starting)
			fprintf(stderr, "%s: %s: %s\n", writer->program, level_name[level], text);
		break;
	case LOG_TO_JOURNAL:
		write_to_journal(writer, level, fields, text);
		break;
	case LOG_TO_STDERR:
		if (json)
			fprintf(stderr, "%s\n", json);
		else
			write_with_time(level, text);
		break;
	}
	free(json);
}
