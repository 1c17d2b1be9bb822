/* SPDX-License-Identifier: ISC */
/* One pass over the text that knows no more of the syntax than quotes and comments. */
#include "daemon/config_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_problems.h"
#include "util/utf8.h"

enum { SIZE_FIRST = 16 << 10, SIZE_MAX_OF_FILE = 64 << 20 };

/*
 * A NUL octet would end the text, and hide the rest of the file without a word. 0xff is no UTF-8
 * either, and is reported with its line.
 */
static void show_nuls(char *text, size_t len)
{
	for (char *nul = text; (nul = memchr(nul, '\0', (size_t)(text + len - nul))); nul++)
		*nul = '\xff';
}

static int read_all(FILE *file, char **text)
{
	size_t size = SIZE_FIRST, len = 0;

	for (*text = NULL; size <= SIZE_MAX_OF_FILE; size *= 2) {
		char *more = realloc(*text, size);

		if (!more)
			return -ENOMEM;
		*text = more;
		len += fread(*text + len, 1, size - len - 1, file);
		(*text)[len] = '\0';
		if (ferror(file))
			return errno ? -errno : -EIO;
		if (feof(file)) {
			show_nuls(*text, len);
			return 0;
		}
	}
	return -EFBIG;
}

int config_text_read(const char *path, char **text)
{
	FILE *file = fopen(path, "re");
	int rc;

	*text = NULL;
	if (!file)
		return -errno;
	errno = 0;
	rc = read_all(file, text);
	fclose(file);
	if (rc < 0) {
		free(*text);
		*text = NULL;
	}
	return rc;
}

/*
 * Where the comment at `text` ends; `text` itself if there is none. The "//" of a URL that stands
 * without quotes begins none: it is found by config_parser.c.
 */
static const char *skip_comment(const char *text, char before)
{
	const char *end;

	if (text[0] == '#' || (strncmp(text, "//", 2) == 0 && before != ':'))
		return text + strcspn(text, "\n");
	if (strncmp(text, "/*", 2) != 0)
		return text;
	end = strstr(text + 2, "*/");
	return end ? end + 2 : text + strlen(text);
}

static char *put_newlines_of(char *to, const char *from, const char *end)
{
	*to++ = ' '; /* a comment separates words */
	for (; from < end; from++)
		if (*from == '\n')
			*to++ = '\n';
	return to;
}

/* A character in quotes: escapes stay whole. */
static char *put_quoted(char *to, const char **text, char *quote)
{
	if ((*text)[0] == '\\' && (*text)[1])
		*to++ = *(*text)++;
	else if (**text == *quote)
		*quote = '\0';
	*to++ = *(*text)++;
	return to;
}

char *config_text_prepare(const char *text)
{
	char *out = malloc(strlen(text) + 1), *to = out;
	char quote = '\0';

	if (!out)
		return NULL;
	while (*text) {
		const char *end = quote ? text : skip_comment(text, to > out ? to[-1] : '\0');

		if (quote) {
			to = put_quoted(to, &text, &quote);
		} else if (end > text) {
			to = put_newlines_of(to, text, end);
			text = end;
		} else {
			if (*text == '"' || *text == '\'')
				quote = *text;
			*to++ = *text++;
		}
	}
	*to = '\0';
	return out;
}

unsigned config_text_unclosed_quote(const char *text)
{
	unsigned line = 1, opened = 0;
	char quote = '\0';

	for (; *text; text++) {
		line += *text == '\n';
		if (quote && *text == '\\' && text[1]) {
			line += *++text == '\n';
		} else if (quote) {
			quote = *text == quote ? '\0' : quote;
		} else if (*text == '"' || *text == '\'') {
			quote = *text;
			opened = line;
		}
	}
	return quote ? opened : 0;
}

unsigned config_text_unclosed(const char *text)
{
	unsigned line = 1, depth = 0, opened = 0;
	char quote = '\0';

	for (; *text; text++) {
		line += *text == '\n';
		if (quote) {
			if (*text == '\\' && text[1])
				text++;
			else if (*text == quote)
				quote = '\0';
		} else if (*text == '"' || *text == '\'') {
			quote = *text;
		} else if (*text == '{' && depth++ == 0) {
			opened = line;
		} else if (*text == '}' && depth > 0) {
			depth--;
		}
	}
	return depth > 0 ? opened : 0;
}

unsigned config_text_not_utf8(const char *text)
{
	unsigned line = 1;

	while (*text) {
		uint32_t code;
		size_t n = utf8_character(text, &code);

		if (n == 0)
			return line;
		line += *text == '\n';
		text += n;
	}
	return 0;
}

/* --- characters that nobody sees ------------------------------------------------------------ */

enum character { PLAIN, MARK, CR, BLANK, QUOTE, CHARACTERS };

static enum character character_of(uint32_t code)
{
	if (code == 0xfeff || code == 0xfffe)
		return MARK;
	if (code == '\r')
		return CR;
	if (code == 0xa0 || (code >= 0x2000 && code <= 0x200f) || code == 0x202f ||
		code == 0x205f || code == 0x2060 || code == 0x3000)
		return BLANK;
	return code >= 0x2018 && code <= 0x201f ? QUOTE : PLAIN;
}

/* Inside quotes all but a mark and CR LF may be meant. */
static bool is_free(enum character kind)
{
	return kind == BLANK || kind == QUOTE;
}

int config_text_check_characters(
	const char *name, const char *text, struct config_problems *problems)
{
	static const char *const what[CHARACTERS] = {
		[MARK] = "a byte order mark (BOM); save the file as UTF-8 without one",
		[CR] = "a carriage return (CR LF, as on Windows); expected lines that end with LF, "
		       "which dos2unix makes",
		[BLANK] = "a no-break space or another blank that is not a space; replace it by one",
		[QUOTE] = "a typographic quote; expected the plain \" or '",
	};
	bool found[CHARACTERS] = {0};
	unsigned line = 1;
	char quote = '\0';
	int rc = 0;

	while (*text) {
		uint32_t code;
		size_t len = utf8_character(text, &code);
		enum character kind = len ? character_of(code) : PLAIN;

		if (kind != PLAIN && !found[kind] && !(is_free(kind) && quote)) {
			config_problem(problems, true, name, line, "there is %s", what[kind]);
			found[kind] = true;
			rc = -EINVAL;
		}
		if (quote && *text == '\\' && text[1])
			text++;
		else if (quote)
			quote = *text == quote ? '\0' : quote;
		else if (*text == '"' || *text == '\'')
			quote = *text;
		line += *text == '\n';
		text += len ? len : 1;
	}
	return rc;
}
