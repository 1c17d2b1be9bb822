/* SPDX-License-Identifier: ISC */
/*
 * Files over HTTP.
 *
 * A file goes out by sendfile(2) and by no other way: mapped into memory, a
 * file that somebody cuts short while it is served would kill the daemon with
 * SIGBUS. libevent maps unless the buffer says that it drains to a descriptor.
 */
#include "bootd/http/http_file.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <inttypes.h>
#include <string.h>

#include "bootd/files/content_type.h"
#include "bootd/http/http_date.h"
#include "bootd/http/http_range.h"
#include "bootd/http/http_reply.h"

/* One piece is what one client gets in one turn of the loop. */
enum { PIECE_SIZE = 1 << 20 };

static const char *field(struct evhttp_request *request, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(request), name);
}

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

/* Section 13.1.3. A script that is rendered per client has no date. */
static bool is_unchanged(struct evhttp_request *request, const struct boot_file *file)
{
	const char *since = field(request, "If-Modified-Since");
	time_t when;

	return since && !file->rendered && !field(request, "If-None-Match") &&
	       http_date_parse(since, &when) == 0 && file->mtime <= when;
}

/* Section 13.1.5: a range only of the file that the client has begun with. */
static enum http_range_verdict wanted_range(
	struct evhttp_request *request, const struct boot_file *file, struct http_range *range)
{
	const char *if_range = field(request, "If-Range");
	const char *text = field(request, "Range");
	time_t when;

	if (evhttp_request_get_command(request) != EVHTTP_REQ_GET)
		text = NULL;
	if (if_range && (http_date_parse(if_range, &when) != 0 || when != file->mtime))
		text = NULL;
	return http_range_parse(text, file->size, range);
}

static void add_fields(
	struct evhttp_request *request, const char *path, const struct boot_file *file)
{
	char date[HTTP_DATE_SIZE];

	http_reply_header(request, "Content-Type", "%s", content_type_of(path));
	http_reply_header(request, "Accept-Ranges", "bytes");
	if (file->rendered) {
		http_reply_header(request, "Cache-Control", "no-store");
		return;
	}
	http_date_format(file->mtime, date);
	http_reply_header(request, "Last-Modified", "%s", date);
}

/* Takes the file's descriptor. Returns 0 or -ENOMEM. */
static int add_file(struct evbuffer *out, struct boot_file *file, const struct http_range *range)
{
	struct evbuffer_file_segment *segment;
	uint64_t at = range->first, end = range->first + range->length;
	int error = 0;

	segment = evbuffer_file_segment_new(
		file->fd, 0, (ev_off_t)file->size, EVBUF_FS_CLOSE_ON_FREE | EVBUF_FS_DISABLE_MMAP);
	if (!segment)
		return -ENOMEM;
	file->fd = -1;
	evbuffer_set_flags(out, EVBUFFER_FLAG_DRAINS_TO_FD);
	while (at < end && !error) {
		uint64_t n = end - at < PIECE_SIZE ? end - at : PIECE_SIZE;

		if (evbuffer_add_file_segment(out, segment, (ev_off_t)at, (ev_off_t)n) < 0)
			error = -ENOMEM;
		at += n;
	}
	evbuffer_file_segment_free(segment);
	return error;
}

static int add_body(
	struct evhttp_request *request, struct boot_file *file, const struct http_range *range)
{
	struct evbuffer *out = evhttp_request_get_output_buffer(request);

	if (range->length == 0)
		return 0;
	if (file->text)
		return evbuffer_add(out, file->text + range->first, (size_t)range->length) < 0
			       ? -ENOMEM
			       : 0;
	return add_file(out, file, range);
}

static void refuse(struct evhttp_request *request, int status, const char *why,
	struct http_file_answer *answer)
{
	answer->status = status;
	answer->why = why;
	http_reply_text(request, status, why);
}

static void send_file(struct evhttp_request *request, const char *path, struct boot_file *file,
	struct http_file_answer *answer)
{
	struct http_range range;
	enum http_range_verdict verdict = wanted_range(request, file, &range);

	if (verdict == HTTP_RANGE_UNSATISFIABLE) {
		http_reply_header(request, "Content-Range", "bytes */%" PRIu64, file->size);
		refuse(request, 416, "the range begins behind the end of the file", answer);
		return;
	}
	if (!http_request_is_head(request) && add_body(request, file, &range) < 0) {
		refuse(request, 503, "out of memory", answer);
		return;
	}
	answer->status = verdict == HTTP_RANGE_PART ? 206 : 200;
	answer->bytes = http_request_is_head(request) ? 0 : range.length;
	add_fields(request, path, file);
	http_reply_header(request, "Content-Length", "%" PRIu64, range.length);
	if (verdict == HTTP_RANGE_PART)
		http_reply_header(request, "Content-Range",
			"bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first,
			range.first + range.length - 1, file->size);
	evhttp_send_reply(request, answer->status, http_reason(answer->status), NULL);
}

void http_file_answer(struct evhttp_request *request, const struct boot_files *files,
	const char *path, const char *query_text, const struct in6_addr *peer,
	struct http_file_answer *answer)
{
	struct http_query query;
	struct boot_file file;
	const char *why = NULL;
	int query_error = http_query_parse(&query, query_text);
	int error = boot_file_open(files, path, peer, &query, &file, &why);

	*answer = (struct http_file_answer){.status = 0};
	if (error) {
		refuse(request, status_of(error), why, answer);
		return;
	}
	answer->size = file.size;
	if (query_error && file.rendered) {
		refuse(request, 400, "the query is malformed", answer);
	} else if (is_unchanged(request, &file)) {
		answer->status = 304;
		add_fields(request, path, &file);
		evhttp_send_reply(request, 304, http_reason(304), NULL);
	} else {
		send_file(request, path, &file, answer);
	}
	boot_file_close(&file);
}
