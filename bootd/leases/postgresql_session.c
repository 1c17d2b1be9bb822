/* SPDX-License-Identifier: ISC */
/*
 * libpq on the event loop: connect, send a group of statements, pass on their results, and connect
 * again after a pause when the connection is lost.
 *
 * Invariant: the watch is freed before libpq may close the descriptor. While libpq connects it may
 * open another descriptor for each host, so the watch is made again after each step.
 */
#include "bootd/leases/postgresql_session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/loop.h"

enum {
	PAUSE_MIN_MS = 100,
	PAUSE_MAX_MS = 5000,
	CONNECT_LIMIT_MS = 15 * 1000,
	WHY = 512,
	NAME = 128,
};

struct postgresql_session {
	const char *url;
	struct loop *loop;
	const struct postgresql_callbacks *callbacks;
	void *arg;
	struct loop_timer *timer; /* the pause, or the time limit of the current step */
	struct loop_watch *watch;
	PGconn *conn;
	enum { OFF, CONNECTING, IDLE, BUSY } state;
	bool is_broken; /* the timer reports it */
	unsigned step;
	unsigned pause_ms, limit_ms;
	char name[NAME]; /* application_name */
	char warning[WHY];
};

static void connection_ready(int fd, int what, void *arg);

/* --- the URL ----------------------------------------------------------------------- */

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0 && options->val && *options->val)
			return options->val;
	return NULL;
}

/* An address or a directory with a socket: libpq would block while it looks a name up. */
static bool is_numeric(const char *host, size_t len)
{
	char text[INET6_ADDRSTRLEN + 20], *scope;
	struct in6_addr address;

	if (len == 0 || host[0] == '/' || host[0] == '@')
		return true;
	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	scope = strchr(text, '%');
	if (scope)
		*scope = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 || inet_pton(AF_INET, text, &address) == 1;
}

static int check_hosts(const char *hosts, char why[LEASE_STORE_WHY])
{
	while (hosts && *hosts) {
		size_t len = strcspn(hosts, ",");

		if (!is_numeric(hosts, len)) {
			snprintf(why, LEASE_STORE_WHY,
				"host \"%.*s\": expected an address, a directory with a socket, or "
				"a name with hostaddr=ADDRESS, because bootd looks up no names",
				(int)len, hosts);
			return -EINVAL;
		}
		hosts += len + (hosts[len] == ',');
	}
	return 0;
}

int postgresql_url_read(const char *url, char name[LEASE_STORE_NAME], char why[LEASE_STORE_WHY])
{
	char *error = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &error);
	const char *host, *port, *database;
	int rc;

	snprintf(name, LEASE_STORE_NAME, "postgresql");
	if (!options) {
		snprintf(why, LEASE_STORE_WHY, "%.*s", error ? (int)strcspn(error, "\n") : 9,
			error ? error : "no memory");
		PQfreemem(error);
		return -EINVAL;
	}
	host = value_of(options, "host");
	port = value_of(options, "port");
	database = value_of(options, "dbname");
	snprintf(name, LEASE_STORE_NAME, "postgresql %s%s%s%s%s", database ? database : "",
		host ? " at " : "", host ? host : "", port ? " port " : "", port ? port : "");
	rc = value_of(options, "hostaddr") ? 0 : check_hosts(host, why);
	PQconninfoFree(options);
	return rc;
}

/* --- the end of a connection ------------------------------------------------------- */

static void drop(struct postgresql_session *session)
{
	loop_watch_free(session->watch);
	session->watch = NULL;
	PQfinish(session->conn);
	session->conn = NULL;
	session->state = OFF;
	session->is_broken = false;
}

__attribute__((format(printf, 2, 3))) static void lose(
	struct postgresql_session *session, const char *fmt, ...)
{
	char why[WHY];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap); /* its arguments may be freed by drop() */
	va_end(ap);
	why[strcspn(why, "\n")] = '\0';
	drop(session);
	loop_timer_arm(session->timer, session->pause_ms);
	session->pause_ms =
		session->pause_ms * 2 < PAUSE_MAX_MS ? session->pause_ms * 2 : PAUSE_MAX_MS;
	session->callbacks->lost(session->arg, why);
}

static void lose_by_libpq(struct postgresql_session *session)
{
	const char *error = session->conn ? PQerrorMessage(session->conn) : "no memory";

	lose(session, "%s", *error ? error : "the connection is lost");
}

/* --- connecting -------------------------------------------------------------------- */

static bool watch(struct postgresql_session *session, int what)
{
	loop_watch_free(session->watch);
	session->watch = loop_watch_new(
		session->loop, PQsocket(session->conn), what, connection_ready, session);
	return session->watch != NULL;
}

static void take_notice(void *arg, const PGresult *notice)
{
	struct postgresql_session *session = arg;
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

	if (severity && text && strcmp(severity, "WARNING") == 0)
		snprintf(session->warning, sizeof(session->warning), "%s", text);
}

static void connected(struct postgresql_session *session)
{
	if (PQsetnonblocking(session->conn, 1) < 0 || !PQenterPipelineMode(session->conn) ||
		!watch(session, LOOP_READ)) {
		lose_by_libpq(session);
		return;
	}
	PQsetNoticeReceiver(session->conn, take_notice, session);
	session->state = IDLE;
	loop_timer_cancel(session->timer);
	session->callbacks->connected(session->arg);
}

static void poll_connection(struct postgresql_session *session)
{
	bool is_watched = true;

	loop_watch_free(session->watch);
	session->watch = NULL;
	switch (PQconnectPoll(session->conn)) {
	case PGRES_POLLING_READING:
		is_watched = watch(session, LOOP_READ);
		break;
	case PGRES_POLLING_WRITING:
		is_watched = watch(session, LOOP_WRITE);
		break;
	case PGRES_POLLING_OK:
		connected(session);
		return;
	default:
		is_watched = false;
	}
	if (!is_watched)
		lose_by_libpq(session);
}

/* Values in the URI override these, because dbname is the last keyword. */
static void begin(struct postgresql_session *session)
{
	const char *const keyword[] = {"client_encoding", "fallback_application_name", "gssencmode",
		"target_session_attrs", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout", "dbname", NULL};
	const char *const value[] = {"UTF8", session->name, "disable", "read-write", "5", "2", "3",
		"4000", session->url, NULL};

	session->conn = PQconnectStartParams(keyword, value, 1);
	if (!session->conn || PQstatus(session->conn) == CONNECTION_BAD ||
		!watch(session, LOOP_WRITE)) {
		lose_by_libpq(session);
		return;
	}
	session->state = CONNECTING;
	loop_timer_arm(session->timer, CONNECT_LIMIT_MS);
}

static void on_timer(void *arg)
{
	struct postgresql_session *session = arg;

	if (session->is_broken)
		lose_by_libpq(session);
	else if (session->state == OFF)
		begin(session);
	else if (session->state == CONNECTING)
		lose(session, "no connection within %d s", CONNECT_LIMIT_MS / 1000);
	else if (session->state == BUSY)
		lose(session, "no answer within %u s", session->limit_ms / 1000);
}

/* --- statements and their results ---------------------------------------------------- */

/* Failures are reported from the event loop, never from inside a call. */
static void set_broken(struct postgresql_session *session)
{
	session->is_broken = true;
	loop_timer_arm(session->timer, 0);
}

static void flush(struct postgresql_session *session)
{
	int left = PQflush(session->conn);

	if (left < 0)
		set_broken(session);
	else
		loop_watch_set(session->watch, LOOP_READ | (left > 0 ? LOOP_WRITE : 0));
}

void postgresql_session_send(struct postgresql_session *session, const char *sql, int parameters,
	const char *const *parameter)
{
	if (!PQsendQueryParams(session->conn, sql, parameters, NULL, parameter, NULL, NULL, 0))
		session->is_broken = true;
}

void postgresql_session_sync(struct postgresql_session *session, unsigned limit_ms)
{
	session->state = BUSY;
	session->step = 0;
	session->limit_ms = limit_ms;
	*session->warning = '\0';
	loop_timer_arm(session->timer, limit_ms);
	if (session->is_broken || !PQpipelineSync(session->conn))
		set_broken(session);
	else
		flush(session);
}

/* Returns NULL, or why the connection is useless. */
static const char *take_result(struct postgresql_session *session, const PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_PIPELINE_SYNC:
		session->state = IDLE;
		loop_timer_cancel(session->timer);
		session->callbacks->done(session->arg);
		return NULL;
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		return session->callbacks->result(session->arg, session->step++, result);
	default:
		return PQresultErrorMessage(result);
	}
}

/* A NULL follows the results of each statement; two NULLs in a row end the group. */
static bool take_results(struct postgresql_session *session)
{
	unsigned nothing = 0;

	while (session->state == BUSY && nothing < 2 && !PQisBusy(session->conn)) {
		PGresult *result = PQgetResult(session->conn);
		const char *wrong = result ? take_result(session, result) : NULL;

		nothing = result ? 0 : nothing + 1;
		if (wrong)
			lose(session, "%s", wrong);
		PQclear(result);
		if (wrong)
			return false;
	}
	return true;
}

static void take_notifications(struct postgresql_session *session)
{
	PGnotify *notify;

	while ((notify = PQnotifies(session->conn))) {
		if (notify->be_pid != PQbackendPID(session->conn))
			session->callbacks->notified(session->arg, notify->extra);
		PQfreemem(notify);
	}
}

static void connection_ready(int fd, int what, void *arg)
{
	struct postgresql_session *session = arg;

	(void)fd;
	(void)what;
	if (session->state == CONNECTING) {
		poll_connection(session);
		return;
	}
	if (!PQconsumeInput(session->conn) || PQstatus(session->conn) == CONNECTION_BAD) {
		lose_by_libpq(session);
		return;
	}
	if (what & LOOP_WRITE)
		flush(session);
	if (take_results(session))
		take_notifications(session);
}

/* --- life --------------------------------------------------------------------------- */

struct postgresql_session *postgresql_session_new(
	const char *url, struct loop *loop, const struct postgresql_callbacks *callbacks, void *arg)
{
	struct postgresql_session *session = calloc(1, sizeof(*session));
	char host[64] = "";

	if (!session)
		return NULL;
	session->url = url;
	session->loop = loop;
	session->callbacks = callbacks;
	session->arg = arg;
	session->pause_ms = PAUSE_MIN_MS;
	gethostname(host, sizeof(host) - 1);
	snprintf(session->name, sizeof(session->name), "netboot6-bootd %s", host);
	session->timer = loop_timer_new(loop, on_timer, session);
	if (session->timer)
		return session;
	free(session);
	return NULL;
}

void postgresql_session_free(struct postgresql_session *session)
{
	if (!session)
		return;
	drop(session);
	loop_timer_free(session->timer);
	free(session);
}

void postgresql_session_start(struct postgresql_session *session)
{
	loop_timer_arm(session->timer, 0);
}

bool postgresql_session_is_idle(const struct postgresql_session *session)
{
	return session->state == IDLE && !session->is_broken;
}

const char *postgresql_session_warning(const struct postgresql_session *session)
{
	return *session->warning ? session->warning : NULL;
}

void postgresql_session_settled(struct postgresql_session *session)
{
	session->pause_ms = PAUSE_MIN_MS;
}
