/* SPDX-License-Identifier: ISC */
/*
 * Any text as a template: the first line is the value of ${a}, the second that
 * of ${b}, the rest is expanded, into a large buffer and into a small one.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/files/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
	char a[64], b[64];
};

static const char *lookup(void *ctx, const char *name)
{
	const struct values *values = ctx;

	if (strcmp(name, "a") == 0)
		return values->a;
	return strcmp(name, "b") == 0 ? values->b : NULL;
}

static void check(int truth)
{
	if (!truth)
		abort();
}

/* The next line, cut to what a value may hold; what is left of the input. */
static const uint8_t *take_line(const uint8_t *data, size_t *size, char value[64])
{
	const uint8_t *end = memchr(data, '\n', *size);
	size_t len = end ? (size_t)(end - data) : *size;
	size_t n = len < 63 ? len : 63;

	memcpy(value, data, n);
	value[n] = '\0';
	*size -= end ? len + 1 : len;
	return data + (end ? len + 1 : len);
}

static size_t count_lines(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct values values;
	char name[TEMPLATE_NAME_SIZE];
	char *text, *out;
	size_t room, pos = 0;
	ssize_t n;

	data = take_line(data, &size, values.a);
	data = take_line(data, &size, values.b);
	room = size * 16 + 64;
	text = malloc(size + 1);
	out = malloc(room);
	if (text && out) {
		memcpy(text, data, size);
		n = template_expand(text, size, lookup, &values, out, room, name);
		check(n >= 0 || n == -EINVAL || n == -ENOBUFS);
		if (n >= 0) {
			check((size_t)n < room && out[n] == '\0');
			/* whatever the values are, they add no line */
			check(count_lines(out, (size_t)n) == count_lines(text, size));
		}
		n = template_expand(text, size, lookup, &values, out, 8, NULL);
		check(n < 8);
		while (template_next_unknown(text, size, &pos, lookup, &values, name))
			check(pos <= size && name[0] != '\0');
	}
	free(text);
	free(out);
	return 0;
}
