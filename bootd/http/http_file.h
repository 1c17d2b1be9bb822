/* SPDX-License-Identifier: ISC */
/*
 * A boot file as the answer to GET or HEAD: status, fields, body.
 * RFC 9110 sections 13 (conditions) and 14 (ranges).
 */
#ifndef NB6_BOOTD_HTTP_HTTP_FILE_H
#define NB6_BOOTD_HTTP_HTTP_FILE_H

#include "bootd/files/boot_file.h"

struct evhttp_request;

/* What was answered, for those who count and observe. */
struct http_file_answer {
	int status;
	const char *why; /* of a status of 400 and more; else NULL */
	uint64_t bytes;  /* of the file that go out: 0 for HEAD, 304 and errors */
	uint64_t size;   /* of the file */
};

/*
 * Answer `request` with the file `path` (decoded); `query` as it stands in the
 * URL, or NULL. The body goes out by and by, in pieces of a size that leaves
 * other clients their turn.
 */
void http_file_answer(struct evhttp_request *request, const struct boot_files *files,
	const char *path, const char *query, const struct in6_addr *peer,
	struct http_file_answer *answer);

#endif
