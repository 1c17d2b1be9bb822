/* SPDX-License-Identifier: ISC */
/*
 * A boot file as the reply to GET or HEAD: status, fields, conditions, range, body.
 * RFC 9110 sections 13 and 14.
 */
#ifndef NB6_BOOTD_HTTP_HTTP_FILE_H
#define NB6_BOOTD_HTTP_HTTP_FILE_H

#include "bootd/http/http_connection.h"

/* What was replied, for counters and the observer. */
struct http_file_answer {
	int status;
	const char *why; /* with a status of 400 and more; else NULL */
	uint64_t bytes;  /* of the file that go out: 0 for HEAD, 304 and errors */
	uint64_t size;   /* of the file */
};

/* Reply to `request` (GET or HEAD) with the file at its path. */
void http_file_answer(struct http_connection *connection, const struct http_request *request,
	const struct boot_files *files, struct http_file_answer *answer);

#endif
