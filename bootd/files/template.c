/* SPDX-License-Identifier: ISC */
/*
 * Templates are expanded in one pass from left to right. If `${` does not begin
 * a plain name that ends in `}`, the `$` is an ordinary character and the scan
 * continues behind it: `${net${port}/mac}` is for iPXE, and its inner name may
 * be known here.
 */
#include "bootd/files/template.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

/* The length of the `${name}` at `text`, with its name copied; 0: there is none. */
static size_t reference_at(const char *text, size_t len, char name[TEMPLATE_NAME_SIZE])
{
	size_t n = 0;

	if (len < 4 || text[0] != '$' || text[1] != '{')
		return 0;
	while (2 + n < len && n < TEMPLATE_NAME_SIZE - 1 && is_name_character(text[2 + n])) {
		name[n] = text[2 + n];
		n++;
	}
	if (n == 0 || 2 + n >= len || text[2 + n] != '}')
		return 0;
	name[n] = '\0';
	return n + 3;
}

static bool has_control_character(const char *value)
{
	for (; *value; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7f)
			return true;
	return false;
}

/* Append and stay NUL-terminated; false: it does not fit. */
static bool append(char *out, size_t size, size_t *used, const char *text, size_t len)
{
	if (size - *used <= len)
		return false;
	memcpy(out + *used, text, len);
	*used += len;
	out[*used] = '\0';
	return true;
}

ssize_t template_expand(const char *text, size_t len, template_lookup_fn *lookup, void *ctx,
	char *out, size_t size, char culprit[TEMPLATE_NAME_SIZE])
{
	char name[TEMPLATE_NAME_SIZE];
	size_t used = 0;

	if (size == 0)
		return -ENOBUFS;
	out[0] = '\0';
	for (size_t i = 0; i < len;) {
		const char *dollar = memchr(text + i, '$', len - i);
		size_t plain = dollar ? (size_t)(dollar - text) - i : len - i;
		size_t n = reference_at(text + i, len - i, name);
		const char *value = n ? lookup(ctx, name) : NULL;

		if (value && has_control_character(value)) {
			if (culprit)
				memcpy(culprit, name, sizeof(name));
			return -EINVAL;
		}
		if (!value && n == 0)
			n = plain > 0 ? plain : 1;
		if (!append(out, size, &used, value ? value : text + i, value ? strlen(value) : n))
			return -ENOBUFS;
		i += n;
	}
	return (ssize_t)used;
}

int template_next_unknown(const char *text, size_t len, size_t *pos, template_lookup_fn *lookup,
	void *ctx, char name[TEMPLATE_NAME_SIZE])
{
	while (*pos < len) {
		size_t n = reference_at(text + *pos, len - *pos, name);

		*pos += n ? n : 1;
		if (n && !lookup(ctx, name))
			return 1;
	}
	return 0;
}
