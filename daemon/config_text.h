/* SPDX-License-Identifier: ISC */
/*
 * The text of a configuration file before libConfuse sees it, corrected where
 * libConfuse 3.3 is not what an operator expects:
 *
 *	comments   count as two lines or more, so errors name a wrong line: they are
 *	           left out here, their newlines are kept
 *	"${name}"  is replaced by what the environment has of that name: it stays as
 *	           it stands, for names are the daemons' own
 */
#ifndef NB6_DAEMON_CONFIG_TEXT_H
#define NB6_DAEMON_CONFIG_TEXT_H

/* Read a file whole. Returns 0 and *text, to be freed; or -errno, -EFBIG beyond 64 MiB. */
int config_text_read(const char *path, char **text);

/* The text as libConfuse shall have it, to be freed. NULL: no memory. */
char *config_text_prepare(const char *text);

/* The line of the first octet that is no UTF-8, 0 where all is: what is configured is shown again.
 */
unsigned config_text_not_utf8(const char *text);

/* The line of a quote that is never closed, 0 if there is none. `text` is a prepared one. */
unsigned config_text_unclosed_quote(const char *text);

/*
 * The line of a '{' that is never closed, 0 where there is none: libConfuse takes the
 * end of the file for its end. `text` is a prepared one.
 */
unsigned config_text_unclosed(const char *text);

#endif
