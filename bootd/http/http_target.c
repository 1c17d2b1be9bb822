/* SPDX-License-Identifier: ISC */
/*
 * Targets are taken apart here and not by a parser of URLs: to that, the
 * "//boot/x.efi" of a URL with one slash too many is the host "boot".
 */
#include "bootd/http/http_target.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "bootd/files/percent.h"

int http_target_parse(const char *text, struct http_target *out)
{
	ssize_t len;
	size_t n;

	if (strncasecmp(text, "http://", 7) == 0) {
		text += 7;
		text += strcspn(text, "/?");
	}
	if (*text != '/')
		return -EINVAL;
	n = strcspn(text, "?");
	len = percent_decode(text, n, out->path, sizeof(out->path));
	if (len < 0)
		return (int)len;
	out->query = text[n] == '?' ? text + n + 1 : NULL;
	return 0;
}
