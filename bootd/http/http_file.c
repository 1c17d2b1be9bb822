/* SPDX-License-Identifier: ISC */
/*
 * The preconditions come before the range (RFC 9110 section 13.2.2): a download that is resumed
 * must not continue in another version of the file.
 *
 * A file goes out by sendfile(2) only: mapped into memory, a file that somebody cuts short while
 * it is served would kill the daemon with SIGBUS.
 */
#include "bootd/http/http_file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

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

static void refuse(struct http_connection *connection, int status, const char *why,
	struct http_file_answer *answer)
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

static void send_file(struct http_connection *connection, const struct http_request *request,
	struct boot_file *file, struct http_file_answer *answer)
{
	const struct http_version version = version_of(file);
	bool is_head = request->method == HTTP_HEAD;
	time_t now = time(NULL);
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
	http_connection_send_file(connection, &reply, file, &range);
}

void http_file_answer(struct http_connection *connection, const struct http_request *request,
	const struct boot_files *files, struct http_file_answer *answer)
{
	struct http_query query;
	struct boot_file file;
	const char *why = NULL;
	int query_error = http_query_parse(&query, request->target.query);
	int error =
		boot_file_open(files, request->target.path, &connection->peer, &query, &file, &why);

	*answer = (struct http_file_answer){.status = 0};
	if (error) {
		refuse(connection, status_of(error), why, answer);
		return;
	}
	answer->size = file.size;
	if (query_error && file.rendered)
		refuse(connection, 400, "the query is malformed", answer);
	else
		send_file(connection, request, &file, answer);
	boot_file_close(&file);
}
