/* SPDX-License-Identifier: ISC */
/*
 * A configuration in memory: which settings there are, and which values a file gave them.
 *
 * A daemon declares its settings as tables of struct config_def. config_new() makes an empty tree
 * of them, config_parse() (config.h) fills it in, and the accessors read it. A check function can
 * be set for any setting: it is called for each value as soon as that was read, so that an error
 * names its line, and for each section as soon as it ended.
 */
#ifndef NB6_DAEMON_CONFIG_TREE_H
#define NB6_DAEMON_CONFIG_TREE_H

#include <stdbool.h>

enum config_type { CONFIG_IS_TEXT, CONFIG_IS_NUMBER, CONFIG_IS_BOOL, CONFIG_IS_SECTION };

enum {
	CONFIG_SEVERAL = 1,   /* texts: a list, `name = {"a", "b"}`; sections: more than one */
	CONFIG_TITLED = 2,    /* a section: `name "title" { ... }`, each title once */
	CONFIG_SAME_TITLE = 4 /* a title may be there again: who uses the section checks that */
};

/* The name of the one setting of a titled section that may be written as `section "title" = value`. */
#define CONFIG_VALUE "value"

struct config_def {
	const char *name;
	enum config_type type;
	unsigned flags;
	const char *text; /* the value if the file gives none; NULL: none */
	long number;      /* the same, also for a bool */
	const struct config_def *inner; /* of a section */
};

#define CONFIG_TEXT(n, otherwise)   {.name = (n), .type = CONFIG_IS_TEXT, .text = (otherwise)}
#define CONFIG_LIST(n, otherwise)                                                                  \
	{.name = (n), .type = CONFIG_IS_TEXT, .flags = CONFIG_SEVERAL, .text = (otherwise)}
#define CONFIG_NUMBER(n, otherwise) {.name = (n), .type = CONFIG_IS_NUMBER, .number = (otherwise)}
#define CONFIG_BOOL(n, otherwise)   {.name = (n), .type = CONFIG_IS_BOOL, .number = (otherwise)}
#define CONFIG_SECTION(n, defs, f)                                                                 \
	{.name = (n), .type = CONFIG_IS_SECTION, .flags = (f), .inner = (defs)}
#define CONFIG_END {.name = NULL}

struct config_section;
struct config_setting;

/*
 * Checks the last value of a setting, or the last section of a kind; `section` is the one around.
 * It reports with config_error(). Returns 0, or -errno to end the parse, for lack of memory.
 */
typedef int config_check_fn(struct config_section *section, struct config_setting *setting);

struct config_kind; /* a definition with its check function */

/* A setting of one section, with what the file gave it. */
struct config_setting {
	const char *name;
	const struct config_kind *kind;
	bool is_set;
	unsigned count; /* of texts or sections */
	long number;
	const char *set_in; /* the file that set it last; NULL: none */
	unsigned set_line;
	union {
		char **text;
		struct config_section **section;
	};
};

/* The whole file is a section, too. */
struct config_section {
	const char *name; /* "": the whole file */
	char *title;      /* NULL: it has none */
	const char *file; /* where it begins; lives as long as the process */
	unsigned line;
	struct config_parse *parse; /* shared by all sections of a file */
	unsigned settings;
	struct config_setting setting[];
};

/* The tables must outlive the tree. NULL: no memory. */
struct config_section *config_new(const struct config_def *defs);
void config_free(struct config_section *file); /* NULL is fine */

/* `path` is a setting, such as "lifetime", or one in sections, such as "subnet|class|pool". */
void config_set_check(struct config_section *file, const char *path, config_check_fn *check);

/* A pointer of the caller, for check functions. */
void config_set_arg(struct config_section *file, void *arg);
void *config_arg(const struct config_section *section);

/* --- values; the setting must be in the section's table ----------------------------------- */

bool config_is_set(const struct config_section *section, const char *name);
/* Of texts, with the default one; or of sections. */
unsigned config_count(const struct config_section *section, const char *name);
/* NULL: it is not set and has no default. */
const char *config_text(const struct config_section *section, const char *name);
const char *config_text_at(const struct config_section *section, const char *name, unsigned i);
long config_number(const struct config_section *section, const char *name);
bool config_bool(const struct config_section *section, const char *name);
struct config_section *config_section_at(
	const struct config_section *section, const char *name, unsigned i);

/* For check functions. NULL: there is none, as in `name = {}`. */
const char *config_last_text(const struct config_setting *setting);
struct config_section *config_last_section(const struct config_setting *setting);
/* Free all values: of sections that the check function has taken what it needs from. */
void config_clear(struct config_setting *setting);

/* --- for the parser ------------------------------------------------------------------------ */

const struct config_def *config_def_of(const struct config_setting *setting);
struct config_setting *config_find(struct config_section *section, const char *name);
/* These return 0 or -ENOMEM. */
int config_add_text(struct config_setting *setting, const char *text);
int config_add_section(struct config_section *around, struct config_setting *setting,
	const char *title, const char *file, unsigned line);
/* Call the check function, if there is one. */
int config_check(struct config_section *section, struct config_setting *setting);

#endif
