/* SPDX-License-Identifier: ISC */
/*
 * The table of content types: what firmware looks at, and what a person who
 * opens the same URL in a browser wants to read and not to download.
 */
#include "bootd/files/content_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

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

const char *content_type_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash : path, '.');

	for (size_t i = 0; dot && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(dot, known[i].suffix) == 0)
			return known[i].type;
	return "application/octet-stream";
}
