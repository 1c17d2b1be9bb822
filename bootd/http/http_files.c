/* SPDX-License-Identifier: ISC */
/*
 * Boot files by HTTP: the fallback of an HTTP server, which replies with the file at the path of a
 * request and reports the fetch.
 *
 * The preconditions come before the range (RFC 9110 section 13.2.2): a download that is resumed
 * must not continue in another version of the file.
 */
#include "bootd/http/http_files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/loop.h"

_Static_assert(
	(int)HTTP_PATH_SIZE >= (int)FILE_PATH_SIZE, "every path of a file fits in a request");

struct http_files {
	struct http_server *server;
	const struct boot_files *files;
	struct http_files_stats stats;
};

/* What was replied. */
struct file_answer {
	int status;
	const char *why; /* with a status of 400 and more; else NULL */
	uint64_t bytes;  /* of the file that are sent: 0 for HEAD, 304 and errors */
	uint64_t size;   /* of the file */
};

/* A fetch of a file that is being sent: reply_data of its connection. */
struct fetch {
	uint64_t bytes, size, started_ms;
	char path[];
};

/* --- the reply ---------------------------------------------------------------- */

static int status_of(int error)
{
	switch (error) {
	case -ENOENT:
		return 404;
	case -EISDIR:
	case -EACCES:
		return 403;
	case -EINVAL:
		return 400;
	case -ENAMETOOLONG:
		return 414;
	case -EMFILE:
	case -ENFILE:
	case -ENOMEM:
		return 503;
	default:
		return 500;
	}
}

static void refuse(
	struct http_connection *connection, int status, const char *why, struct file_answer *answer)
{
	struct http_reply reply;

	answer->status = status;
	answer->why = why;
	http_reply_begin(&reply, status);
	if (status == 416)
		http_reply_field(&reply, "Content-Range", "bytes */%" PRIu64, answer->size);
	http_connection_send_text(connection, &reply, why);
}

static void add_fields(struct http_reply *reply, const char *path, const struct boot_file *file,
	const struct http_version *version)
{
	char date[HTTP_DATE_SIZE];

	http_reply_field(reply, "Content-Type", "%s", content_type_of(path));
	http_reply_field(reply, "Accept-Ranges", "bytes");
	if (file->rendered) {
		http_reply_field(reply, "Cache-Control", "no-store");
		return;
	}
	http_date_format(version->modified, date);
	http_reply_field(reply, "Last-Modified", "%s", date);
	http_reply_field(reply, "ETag", "%s", version->etag);
}

static struct http_version version_of(const struct boot_file *file)
{
	struct http_version version = {.is_rendered = file->rendered, .modified = file->mtime};

	http_etag_format(file->size, file->mtime, file->mtime_ns, version.etag);
	return version;
}

/* The descriptor of the file is the connection's from now on. */
static void send_body(const struct http_files *f, struct http_connection *connection,
	struct http_reply *reply, struct boot_file *file, const struct http_range *range)
{
	if (file->text) {
		http_connection_send(
			connection, reply, file->text + range->first, (size_t)range->length);
		return;
	}
	http_connection_send_file(connection, reply, file->fd, range, f->files->readers);
	file->fd = -1;
}

static void send_file(const struct http_files *f, struct http_connection *connection,
	const struct http_request *request, struct boot_file *file, struct file_answer *answer)
{
	const struct http_version version = version_of(file);
	bool is_head = request->method == HTTP_HEAD;
	int64_t now = time(NULL);
	enum http_range_verdict verdict;
	struct http_reply reply;
	struct http_range range;
	int status = http_conditions_check(&request->conditions, &version, now);

	if (status == 412) {
		refuse(connection, 412, "the file is another version than the one asked for",
			answer);
		return;
	}
	if (status == 304) {
		answer->status = 304;
		http_reply_begin(&reply, 304);
		add_fields(&reply, request->target.path, file, &version);
		http_connection_send(connection, &reply, "", 0);
		return;
	}
	verdict = http_range_parse(
		!is_head && http_if_range_holds(request->conditions.if_range, &version, now)
			? request->range
			: NULL,
		file->size, &range);
	if (verdict == HTTP_RANGE_UNSATISFIABLE) {
		refuse(connection, 416, "the range begins behind the end of the file", answer);
		return;
	}
	answer->status = verdict == HTTP_RANGE_PART ? 206 : 200;
	answer->bytes = is_head ? 0 : range.length;
	http_reply_begin(&reply, answer->status);
	add_fields(&reply, request->target.path, file, &version);
	if (verdict == HTTP_RANGE_PART)
		http_reply_field(&reply, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
			range.first, range.first + range.length - 1, file->size);
	send_body(f, connection, &reply, file, &range);
}

static void answer_request(struct http_files *f, struct http_connection *connection,
	const struct http_request *request, struct file_answer *answer)
{
	struct http_query query;
	struct boot_file file;
	const char *why = NULL;
	int query_error = http_query_parse(&query, request->target.query);
	int error = boot_file_open(
		f->files, request->target.path, &connection->client, &query, &file, &why);

	*answer = (struct file_answer){.status = 0};
	if (error) {
		refuse(connection, status_of(error), why, answer);
		return;
	}
	answer->size = file.size;
	if (query_error && file.rendered)
		refuse(connection, 400, "the query is malformed", answer);
	else
		send_file(f, connection, request, &file, answer);
	boot_file_close(&file);
}

/* --- content types ---------------------------------------------------------- */

const char *content_type_of(const char *path)
{
	/* What firmware looks at, and what a browser should show and not download. */
	static const struct {
		const char *suffix, *type;
	} known[] = {
		{".cfg", "text/plain; charset=utf-8"},
		{".conf", "text/plain; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".efi", "application/efi"},
		{".htm", "text/html; charset=utf-8"},
		{".html", "text/html; charset=utf-8"},
		{".img", "application/vnd.efi-img"},
		{".ipxe", "text/plain; charset=utf-8"},
		{".iso", "application/vnd.efi-iso"},
		{".js", "text/javascript; charset=utf-8"},
		{".json", "application/json"},
		{".txt", "text/plain; charset=utf-8"},
		{".yaml", "text/plain; charset=utf-8"},
		{".yml", "text/plain; charset=utf-8"},
	};
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash : path, '.');

	for (size_t i = 0; dot && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(dot, known[i].suffix) == 0)
			return known[i].type;
	return "application/octet-stream";
}

/* --- fetches ------------------------------------------------------------------ */

static void report(const struct http_files *f, enum fetch_outcome outcome,
	const struct http_connection *connection, const char *path, uint64_t bytes, uint64_t size,
	uint64_t duration_ms, const char *error)
{
	struct fetch_event event = {
		.kind = connection->channel.ops ? FETCH_HTTPS : FETCH_HTTP,
		.outcome = outcome,
		.peer = connection->client,
		.path = path,
		.bytes = bytes,
		.size = size,
		.duration_ms = duration_ms,
		.error = error,
	};

	boot_files_report(f->files, &event);
}

static void begin_fetch(struct http_files *f, struct http_connection *connection, const char *path,
	const struct file_answer *answer)
{
	struct fetch *fetch;

	f->stats.started++;
	report(f, FETCH_STARTED, connection, path, 0, answer->size, 0, NULL);
	fetch = malloc(sizeof(*fetch) + strlen(path) + 1);
	if (!fetch)
		return; /* its end is not reported */
	*fetch = (struct fetch){answer->bytes, answer->size, loop_now_ms()};
	strcpy(fetch->path, path);
	connection->reply_data = fetch;
}

static void requested(
	void *arg, struct http_connection *connection, const struct http_request *request)
{
	struct http_files *f = arg;
	const char *path = request->target.path;
	struct file_answer answer;
	struct http_reply reply;

	if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
		http_reply_begin(&reply, 405);
		http_reply_field(&reply, "Allow", "GET, HEAD");
		http_connection_send_text(connection, &reply, "files are only read: GET or HEAD");
		return;
	}
	answer_request(f, connection, request, &answer);
	if (answer.status >= 400) {
		f->stats.failed++;
		report(f, FETCH_FAILED, connection, path, 0, answer.size, 0, answer.why);
	} else if (request->method == HTTP_HEAD || answer.status == 304) {
		f->stats.probed++;
		report(f, FETCH_PROBED, connection, path, 0, answer.size, 0, NULL);
	} else {
		begin_fetch(f, connection, path, &answer);
	}
}

static void ended(void *arg, struct http_connection *connection, const char *error)
{
	struct http_files *f = arg;
	struct fetch *fetch = connection->reply_data;
	uint64_t unsent = http_connection_unsent(connection);

	if (error)
		fetch->bytes -= unsent < fetch->bytes ? unsent : fetch->bytes;
	f->stats.bytes += fetch->bytes;
	if (error)
		f->stats.failed++;
	else
		f->stats.done++;
	report(f, error ? FETCH_FAILED : FETCH_DONE, connection, fetch->path, fetch->bytes,
		fetch->size, loop_now_ms() - fetch->started_ms, error);
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
