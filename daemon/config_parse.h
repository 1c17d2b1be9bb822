/* SPDX-License-Identifier: ISC */
/*
 * The state of reading a configuration, for the files of daemon/ that do it: config.c reads files,
 * config_parser.c their syntax into the tree of config_tree.c.
 */
#ifndef NB6_DAEMON_CONFIG_PARSE_H
#define NB6_DAEMON_CONFIG_PARSE_H

#include <stdbool.h>

#include "daemon/config_problems.h"
#include "util/hash_table.h"

struct config_kinds;
struct config_section;

struct config_parse {
	struct config_kinds *kinds;
	void *arg;                        /* for check functions */
	struct config_problems *problems; /* NULL: no parse runs */
	unsigned errors_before;           /* those that were there when the parse began */
	bool has_syntax_errors;
	const char *file; /* being read: where config_error() reports */
	unsigned line;
	struct hash_table seen; /* of the whole file: settings and titles */
};

/*
 * Read a text without comments (config_text_prepare()), which is changed, into the tree. `include`
 * is called for each line of that kind, where it is. Errors go to the problems of the parse, and
 * reading goes on behind the statement: the operator sees all of them at once. Returns 0, also
 * with errors; -ENOMEM, or the -errno of a check function or of `include`.
 */
typedef int config_include_fn(struct config_section *file, const char *name, unsigned line,
	const char *pattern, unsigned depth);
int config_parser_run(struct config_section *file, const char *name, char *text, unsigned depth,
	config_include_fn *include);

/* Forget what the parser has noted about the file. */
void config_parser_forget(struct hash_table *seen);

#endif
