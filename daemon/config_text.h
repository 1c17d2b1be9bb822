/* SPDX-License-Identifier: ISC */
/*
 * The text of a configuration file before it is parsed: comments are left out, with their newlines
 * kept, so that the parser knows nothing of them; and what would make nonsense of the rest of the
 * file is found first.
 */
#ifndef NB6_DAEMON_CONFIG_TEXT_H
#define NB6_DAEMON_CONFIG_TEXT_H

struct config_problems;

/* Read a file whole. Returns 0 and *text, to be freed; or -errno, -EFBIG beyond 64 MiB. */
int config_text_read(const char *path, char **text);

/* The text without comments, to be freed. NULL: no memory. */
char *config_text_prepare(const char *text);

/* The line of the first octet that is no UTF-8, 0 where all is: what is configured is shown again.
 */
unsigned config_text_not_utf8(const char *text);

/* The line of a quote that is never closed, 0 if there is none. `text` is a prepared one. */
unsigned config_text_unclosed_quote(const char *text);

/* The line of a '{' that is never closed, 0 if there is none. `text` is a prepared one. */
unsigned config_text_unclosed(const char *text);

/*
 * What editors and word processors leave in a file and nobody sees: a byte order mark, CR LF, blanks
 * other than space and tab, typographic quotes. `text` is a prepared one. Returns 0, or -EINVAL and
 * `problems` names each kind once.
 */
int config_text_check_characters(
	const char *name, const char *text, struct config_problems *problems);

#endif
