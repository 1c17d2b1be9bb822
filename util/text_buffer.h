/* SPDX-License-Identifier: ISC */
/*
 * A text that is built piece by piece in a buffer of the caller. What does not fit is cut off:
 * the text is always terminated and never overruns its buffer.
 *
 *	char line[200];
 *	struct text_buffer text = text_buffer_of(line, sizeof(line));
 *
 *	text_add(&text, "port ");
 *	text_addf(&text, "%u", port);
 */
#ifndef NB6_UTIL_TEXT_BUFFER_H
#define NB6_UTIL_TEXT_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct text_buffer {
	char *text; /* terminated */
	size_t size, len;
};

/* An empty text; `size` is at least 1. */
struct text_buffer text_buffer_of(char *text, size_t size);

void text_add(struct text_buffer *buffer, const char *text);
void text_add3(struct text_buffer *buffer, const char *a, const char *b, const char *c);
void text_addf(struct text_buffer *buffer, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A space, unless this is the start, and the word; nothing for an empty word. */
void text_add_word(struct text_buffer *buffer, const char *word);
/* Octets that a peer has chosen: each that is not printable ASCII, and '"', becomes `other`. */
void text_add_octets(struct text_buffer *buffer, const uint8_t *octet, size_t len, char other);

#endif
