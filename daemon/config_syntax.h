/* SPDX-License-Identifier: ISC */
/*
 * The syntax of a configuration file, held against the tables of settings before libConfuse reads
 * it. libConfuse stops at its first error and says "unexpected token"; this check goes on to the
 * end of the file, says what was expected and offers the nearest known name.
 *
 * What is wrong is reported and erased from the text, so that libConfuse can read the rest and the
 * daemon's functions can check its values: the operator sees all errors of a file at once.
 *
 *	setting = value          also  setting = {value, value}  and  setting += {value}
 *	section "title" { ... }  or    section { ... }
 *	include "pattern"        outside of sections; erased, and reported to the caller
 */
#ifndef NB6_DAEMON_CONFIG_SYNTAX_H
#define NB6_DAEMON_CONFIG_SYNTAX_H

#include <confuse.h>
#include <stddef.h>

#include "daemon/config_problems.h"

enum { CONFIG_INCLUDES_MAX = 256 };

/* A line `include`: where it is in the text, and its pattern, which is to be freed. */
struct config_include {
	size_t start, end;
	unsigned line;
	char *pattern;
};

struct config_includes {
	size_t count;
	struct config_include include[CONFIG_INCLUDES_MAX];
};

/*
 * Check `text`, prepared by config_text_prepare(), called `name` in messages, against the settings
 * of `cfg`. Errors go to `problems` and are replaced by blanks in the text, so line numbers stay.
 * Returns 0, also with errors, or -ENOMEM.
 */
int config_syntax_check(cfg_t *cfg, const char *name, char *text, struct config_includes *includes,
	struct config_problems *problems);
void config_includes_fini(struct config_includes *includes);

/*
 * What editors and word processors leave in a file and nobody sees: a byte order mark, CR LF, blanks
 * other than space and tab, typographic quotes. `text` is a prepared one. Returns 0, or -EINVAL and
 * `problems` names each kind once.
 */
int config_syntax_check_characters(
	const char *name, const char *text, struct config_problems *problems);

#endif
