/* SPDX-License-Identifier: ISC */
/*
 * Boot files by HTTP: the fallback of an HTTP server, which replies with the file at the path of a
 * request and reports the fetch.
 *
 *	requested -> boot_file_open -> replied, or deferred until the file is open -> ended
 */
#include "bootd/http/http_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/files/boot_opening.h"
#include "bootd/http/http_file_reply.h"
#include "daemon/loop.h"

_Static_assert(
	(int)HTTP_PATH_SIZE >= (int)FILE_PATH_SIZE, "every path of a file fits in a request");

struct http_files {
	struct http_server *server;
	const struct boot_files *files;
	struct http_files_stats stats;
};

/* A request that is being answered: reply_data of its connection. */
struct fetch {
	struct http_files *owner;
	struct http_connection *connection;
	struct boot_opening *opening; /* the file is not open yet; or NULL */
	struct boot_asking asking;    /* of a call home: an answer is awaited */
	bool is_asking;
	bool has_bad_query;
	struct http_file_ask ask;
	uint64_t bytes, size, started_ms;
	char text[]; /* that `ask` points to */
};

/* --- the request, kept -------------------------------------------------------- */

enum { TEXTS = 7 };

/* Its strings are copied: the reply may be deferred. NULL: no memory. */
static struct fetch *new_fetch(struct http_files *f, struct http_connection *connection,
	const struct http_request *request)
{
	const struct http_conditions *c = &request->conditions;
	const char *text[TEXTS] = {request->target.path, request->range, c->if_match,
		c->if_none_match, c->if_modified_since, c->if_unmodified_since, c->if_range};
	const char *copy[TEXTS] = {NULL};
	struct fetch *fetch;
	size_t size = 0;
	char *to;

	for (int i = 0; i < TEXTS; i++)
		size += text[i] ? strlen(text[i]) + 1 : 0;
	fetch = malloc(sizeof(*fetch) + size);
	if (!fetch)
		return NULL;
	to = fetch->text;
	for (int i = 0; i < TEXTS; i++) {
		if (!text[i])
			continue;
		copy[i] = strcpy(to, text[i]);
		to += strlen(to) + 1;
	}
	*fetch = (struct fetch){.owner = f,
		.connection = connection,
		.ask = {.path = copy[0],
			.is_head = request->method == HTTP_HEAD,
			.range = copy[1],
			.conditions = {.if_match = copy[2],
				.if_none_match = copy[3],
				.if_modified_since = copy[4],
				.if_unmodified_since = copy[5],
				.if_range = copy[6]}}};
	return fetch;
}

/* --- the call home -------------------------------------------------------------- */

static void reply_to_caller(struct http_connection *connection, const struct boot_answer *answer)
{
	struct http_reply reply;

	http_reply_begin(&reply, answer->status);
	http_reply_field(&reply, "Cache-Control", "no-store");
	http_connection_send_text(connection, &reply, answer->text);
}

static void caller_answered(void *arg, const struct boot_answer *answer)
{
	struct fetch *fetch = arg;

	fetch->connection->reply_data = NULL;
	reply_to_caller(fetch->connection, answer);
	free(fetch);
}

static void call_home(struct http_files *f, struct http_connection *connection,
	const struct http_request *request, const struct http_query *query)
{
	struct fetch *fetch = new_fetch(f, connection, request);
	struct boot_question question = {.kind = QUESTION_BOOTED,
		.peer = connection->client,
		.mac = http_query_get(query, "mac"),
		.is_probe = request->method == HTTP_HEAD};
	struct boot_answer now = {.status = 0};
	int rc = -ENOMEM;

	if (fetch) {
		fetch->asking = (struct boot_asking){.answered = caller_answered, .arg = fetch};
		rc = f->files->ask(f->files->ask_arg, &question, &now, &fetch->asking);
	}
	if (rc == -EINPROGRESS) {
		fetch->is_asking = true;
		connection->reply_data = fetch;
		http_connection_defer(connection);
		return;
	}
	free(fetch);
	if (rc < 0)
		now = (struct boot_answer){.status = 503, .text = strerror(-rc)};
	reply_to_caller(connection, &now);
}

/* --- fetches ------------------------------------------------------------------ */

static void report(const struct fetch *fetch, enum fetch_outcome outcome, uint64_t duration_ms,
	const char *error)
{
	struct fetch_event event = {
		.kind = fetch->connection->channel.ops ? FETCH_HTTPS : FETCH_HTTP,
		.outcome = outcome,
		.peer = fetch->connection->client,
		.path = fetch->ask.path,
		.bytes = outcome == FETCH_STARTED ? 0 : fetch->bytes,
		.size = fetch->size,
		.duration_ms = duration_ms,
		.error = error,
	};

	boot_files_report(fetch->owner->files, &event);
}

/* The reply is given: a download goes on, all else is over. */
static void replied(struct fetch *fetch, const struct http_file_answer *answer)
{
	struct http_files *f = fetch->owner;

	fetch->size = answer->size;
	fetch->connection->reply_data = NULL;
	if (answer->status >= 400) {
		f->stats.failed++;
		report(fetch, FETCH_FAILED, 0, answer->why);
		free(fetch);
	} else if (fetch->ask.is_head || answer->status == 304) {
		f->stats.probed++;
		report(fetch, FETCH_PROBED, 0, NULL);
		free(fetch);
	} else {
		f->stats.started++;
		fetch->bytes = answer->bytes;
		fetch->started_ms = loop_now_ms();
		report(fetch, FETCH_STARTED, 0, NULL);
		fetch->connection->reply_data = fetch;
	}
}

static void opened(void *arg, int error, const char *why, struct boot_file *file)
{
	struct fetch *fetch = arg;
	struct http_file_answer answer = {.status = 0};

	fetch->opening = NULL;
	if (error) {
		http_file_refuse(fetch->connection, http_status_of(error), why, &answer);
		replied(fetch, &answer);
		return;
	}
	answer.size = file->size;
	if (fetch->has_bad_query && file->rendered)
		http_file_refuse(fetch->connection, 400, "the query is malformed", &answer);
	else
		http_file_reply(fetch->connection, &fetch->ask, file, fetch->owner->files->readers,
			&answer);
	boot_file_close(file);
	replied(fetch, &answer);
}

static void fetch_file(struct http_files *f, struct http_connection *connection,
	const struct http_request *request, const struct http_query *query, bool has_bad_query)
{
	struct http_file_answer no_memory;
	struct fetch *fetch = new_fetch(f, connection, request);
	struct boot_file_request wanted = {.path = request->target.path,
		.peer = connection->client,
		.mac = http_query_get(query, "mac")};
	struct boot_file file;
	const char *why = NULL;
	int rc;

	if (!fetch) {
		http_file_refuse(connection, 503, "out of memory", &no_memory);
		return;
	}
	fetch->has_bad_query = has_bad_query;
	rc = boot_file_open(f->files, &wanted, &file, &why, &fetch->opening, opened, fetch);
	if (rc == -EINPROGRESS) {
		connection->reply_data = fetch;
		http_connection_defer(connection);
	} else {
		opened(fetch, rc, why, &file);
	}
}

static void requested(
	void *arg, struct http_connection *connection, const struct http_request *request)
{
	struct http_files *f = arg;
	bool is_booted = f->files->ask && strcmp(request->target.path, BOOTED_PATH) == 0;
	struct http_query query;
	struct http_reply reply;
	bool has_bad_query = http_query_parse(&query, request->target.query) < 0;

	if (is_booted && has_bad_query) {
		http_reply_begin(&reply, 400);
		http_connection_send_text(connection, &reply, "the query is malformed");
	} else if (is_booted) {
		call_home(f, connection, request, &query);
	} else if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
		http_reply_begin(&reply, 405);
		http_reply_field(&reply, "Allow", "GET, HEAD");
		http_connection_send_text(connection, &reply, "files are only read: GET or HEAD");
	} else {
		fetch_file(f, connection, request, &query, has_bad_query);
	}
}

static void forget(struct fetch *fetch)
{
	const struct boot_files *files = fetch->owner->files;

	boot_opening_cancel(fetch->opening);
	if (fetch->is_asking)
		files->forget(files->ask_arg, &fetch->asking);
}

static void ended(void *arg, struct http_connection *connection, const char *error)
{
	struct http_files *f = arg;
	struct fetch *fetch = connection->reply_data;
	uint64_t unsent = http_connection_unsent(connection);

	if (fetch->is_asking) {
		forget(fetch);
		free(fetch);
		return;
	}
	if (fetch->opening) {
		forget(fetch);
		fetch->started_ms = loop_now_ms();
	}
	if (error)
		fetch->bytes -= unsent < fetch->bytes ? unsent : fetch->bytes;
	f->stats.bytes += fetch->bytes;
	if (error)
		f->stats.failed++;
	else
		f->stats.done++;
	report(fetch, error ? FETCH_FAILED : FETCH_DONE, loop_now_ms() - fetch->started_ms, error);
	free(fetch);
}

static const struct http_fallback fallback = {requested, ended};

/* --- life ---------------------------------------------------------------------- */

struct http_files *http_files_new(
	struct loop *loop, const struct boot_files *files, const struct http_options *options)
{
	struct http_files *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->files = files;
	f->server = http_server_new(loop, options);
	if (!f->server) {
		free(f);
		return NULL;
	}
	http_server_set_fallback(f->server, &fallback, f);
	return f;
}

void http_files_free(struct http_files *f)
{
	if (!f)
		return;
	http_server_free(f->server);
	free(f);
}

struct http_server *http_files_server(struct http_files *f)
{
	return f->server;
}

void http_files_get_stats(const struct http_files *f, struct http_files_stats *out)
{
	*out = f->stats;
	http_server_get_stats(f->server, &out->server);
}
