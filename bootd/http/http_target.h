/* SPDX-License-Identifier: ISC */
/*
 * The target of a request, RFC 9112 section 3.2: "/path?query", or the whole
 * URL as it is sent to a proxy.
 */
#ifndef NB6_BOOTD_HTTP_HTTP_TARGET_H
#define NB6_BOOTD_HTTP_HTTP_TARGET_H

#include "bootd/files/file_root.h"

struct http_target {
	char path[FILE_PATH_SIZE]; /* decoded; begins with a slash */
	const char *query;         /* as it stands in the target, or NULL */
};

/* Returns 0; -EINVAL for what is no such target; -ENAMETOOLONG. */
int http_target_parse(const char *text, struct http_target *out);

#endif
