/* SPDX-License-Identifier: ISC */
/*
 * Replies with files. The preconditions come before the range (RFC 9110 section 13.2.2): a
 * download that is resumed must not continue in another version of the file.
 */
#include "bootd/http/http_file_reply.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

int http_status_of(int error)
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

void http_file_refuse(struct http_connection *connection, int status, const char *why,
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

/* The descriptor of the file is the connection's from now on. */
static void send_body(struct http_connection *connection, struct http_reply *reply,
	struct boot_file *file, const struct http_range *range, struct thread_pool *readers)
{
	if (file->text) {
		http_connection_send(
			connection, reply, file->text + range->first, (size_t)range->length);
		return;
	}
	http_connection_send_file(connection, reply, file->fd, range, readers);
	file->fd = -1;
}

void http_file_reply(struct http_connection *connection, const struct http_file_ask *ask,
	struct boot_file *file, struct thread_pool *readers, struct http_file_answer *answer)
{
	const struct http_version version = version_of(file);
	int64_t now = time(NULL);
	enum http_range_verdict verdict;
	struct http_reply reply;
	struct http_range range;
	int status = http_conditions_check(&ask->conditions, &version, now);

	answer->size = file->size;
	if (status == 412) {
		http_file_refuse(connection, 412,
			"the file is another version than the one asked for", answer);
		return;
	}
	if (status == 304) {
		answer->status = 304;
		http_reply_begin(&reply, 304);
		add_fields(&reply, ask->path, file, &version);
		http_connection_send(connection, &reply, "", 0);
		return;
	}
	verdict = http_range_parse(
		!ask->is_head && http_if_range_holds(ask->conditions.if_range, &version, now)
			? ask->range
			: NULL,
		file->size, &range);
	if (verdict == HTTP_RANGE_UNSATISFIABLE) {
		http_file_refuse(
			connection, 416, "the range begins behind the end of the file", answer);
		return;
	}
	answer->status = verdict == HTTP_RANGE_PART ? 206 : 200;
	answer->bytes = ask->is_head ? 0 : range.length;
	http_reply_begin(&reply, answer->status);
	add_fields(&reply, ask->path, file, &version);
	if (verdict == HTTP_RANGE_PART)
		http_reply_field(&reply, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
			range.first, range.first + range.length - 1, file->size);
	send_body(connection, &reply, file, &range, readers);
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
