/* SPDX-License-Identifier: ISC */
/*
 * A place in the text of a configuration, and the lower half of its syntax: words, values, and
 * `setting = value`. config_parser.c has the upper half, sections and statements.
 *
 * The functions stand at the first character of what they read when they are called, and behind it
 * when they return. One that finds an error reports it and leaves `bad` set.
 */
#ifndef NB6_DAEMON_CONFIG_READER_H
#define NB6_DAEMON_CONFIG_READER_H

#include "daemon/config_parse.h"
#include "daemon/config_tree.h"

enum { SHOWN_MAX = 255 }; /* of a word in a message */

struct config_reader {
	char *at;
	unsigned line;
	char *word; /* what config_read_token() has read; has room for the whole text */
	const char *name;
	unsigned depth; /* of includes */
	config_include_fn *include;
	struct config_parse *parse;
	bool bad; /* this statement */
	int rc;   /* not 0: reading has ended */
};

#define CONFIG_COMPLAIN(p, line, ...)                                                              \
	((p)->bad = (p)->parse->has_syntax_errors = true,                                          \
		config_problem((p)->parse->problems, true, (p)->name, (line), __VA_ARGS__))

/* Read no more, because of this -errno. */
void config_give_up(struct config_reader *p, int rc);

void config_skip_blanks(struct config_reader *p);
/* A word or a text in quotes, into p->word. False: there is neither. */
bool config_read_token(struct config_reader *p, bool *is_quoted);
/* To the end of a block whose '{' was read. */
void config_skip_block(struct config_reader *p);
/*
 * From anywhere in a statement to its end: of the line, or of the block that opens on it. A '}'
 * belongs to the section around.
 */
void config_skip_statement(struct config_reader *p);

/*
 * Behind the name of a setting, which is `name` in messages and stands in `line`: read its values
 * into the section, and check them.
 */
void config_assign(struct config_reader *p, struct config_section *section,
	struct config_setting *setting, const char *name, unsigned line);

#endif
