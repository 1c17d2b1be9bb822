/* SPDX-License-Identifier: ISC */
/*
 * Boot files and iPXE scripts by HTTP, with one range and all conditions (RFC 9110 sections 13 and
 * 14). Each fetch is reported to the observer of struct boot_files. Handlers for other paths are
 * registered with http_files_server().
 *
 * GET or POST of BOOTED_PATH: the installed system of a machine says that it runs. Who that is, is
 * asked of the same one who knows the values of scripts (boot_question.h).
 */
#ifndef NB6_BOOTD_HTTP_HTTP_FILES_H
#define NB6_BOOTD_HTTP_HTTP_FILES_H

#include <stdint.h>

#include "bootd/files/boot_file.h"
#include "http/http_server.h"

struct http_files;

#define BOOTED_PATH "/netboot6/booted"

/* Since the start. */
struct http_files_stats {
	struct http_stats server;
	uint64_t started, done, failed, probed; /* fetches of files */
	uint64_t bytes;                         /* of files, sent */
};

/* `files` is the owner's and must outlive it. NULL: no memory. */
struct http_files *http_files_new(
	struct loop *loop, const struct boot_files *files, const struct http_options *options);
void http_files_free(struct http_files *files); /* running fetches fail; NULL is fine */

/* To listen, and to add handlers. */
struct http_server *http_files_server(struct http_files *files);

void http_files_get_stats(const struct http_files *files, struct http_files_stats *out);

#endif
