/* SPDX-License-Identifier: ISC */
#include "util/text_buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text_buffer text_buffer_of(char *text, size_t size)
{
	*text = '\0';
	return (struct text_buffer){text, size, 0};
}

void text_add(struct text_buffer *buffer, const char *text)
{
	size_t left = buffer->size - 1 - buffer->len, len = strlen(text);

	len = len < left ? len : left;
	memcpy(buffer->text + buffer->len, text, len);
	buffer->len += len;
	buffer->text[buffer->len] = '\0';
}

void text_add3(struct text_buffer *buffer, const char *a, const char *b, const char *c)
{
	text_add(buffer, a);
	text_add(buffer, b);
	text_add(buffer, c);
}

void text_addf(struct text_buffer *buffer, const char *fmt, ...)
{
	size_t left = buffer->size - buffer->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buffer->text + buffer->len, left, fmt, ap);
	va_end(ap);
	buffer->len += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left - 1;
}

void text_add_word(struct text_buffer *buffer, const char *word)
{
	if (*word && buffer->len > 0)
		text_add(buffer, " ");
	text_add(buffer, word);
}

void text_add_octets(struct text_buffer *buffer, const uint8_t *octet, size_t len, char other)
{
	size_t left = buffer->size - 1 - buffer->len;

	for (size_t i = 0; i < len && i < left; i++) {
		char c = (char)octet[i];

		buffer->text[buffer->len++] = c >= ' ' && c <= '~' && c != '"' ? c : other;
	}
	buffer->text[buffer->len] = '\0';
}
