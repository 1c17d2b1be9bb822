/* SPDX-License-Identifier: ISC */
/*
 * The reply to a request for a file that is open: the whole file, one range of it, or a status
 * that the conditions of the request ask for (RFC 9110 sections 13 and 14).
 */
#ifndef NB6_BOOTD_HTTP_HTTP_FILE_REPLY_H
#define NB6_BOOTD_HTTP_HTTP_FILE_REPLY_H

#include "bootd/files/boot_file.h"
#include "http/http_connection.h"

/* What is asked of a file. Borrowed. */
struct http_file_ask {
	const char *path; /* decoded */
	bool is_head;
	const char *range; /* the field, or NULL */
	struct http_conditions conditions;
};

/* What was replied. */
struct http_file_answer {
	int status;
	const char *why; /* with a status of 400 and more; else NULL */
	uint64_t bytes;  /* of the file that are sent: 0 for HEAD, 304 and errors */
	uint64_t size;   /* of the file */
};

/* Sends a reply. The descriptor of *file may be the connection's afterwards, and then is -1. */
void http_file_reply(struct http_connection *connection, const struct http_file_ask *ask,
	struct boot_file *file, struct thread_pool *readers, struct http_file_answer *answer);

/* Sends an error. `why` is static. */
void http_file_refuse(struct http_connection *connection, int status, const char *why,
	struct http_file_answer *answer);

/* The HTTP status for an error of boot_file_open(). */
int http_status_of(int error);

/*
 * The Content-Type of a file, by the end of its name in any letter case; never NULL. UEFI HTTP
 * Boot decides by it what it has loaded: application/efi is run, application/vnd.efi-iso and
 * application/vnd.efi-img become a RAM disk.
 */
const char *content_type_of(const char *path);

#endif
