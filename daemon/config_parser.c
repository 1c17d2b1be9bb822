/* SPDX-License-Identifier: ISC */
/*
 * The syntax of a configuration file, by recursive descent into the tables of settings:
 *
 *	setting = value          also  setting = {value, value}  and  setting += {value}
 *	section "title" { ... }  also  section { ... }           and  section "title" = value
 *	include "pattern"        outside of sections
 *
 * The functions named after a part of the syntax (statement, section, value) stand at its first
 * character when they are called, and behind it when they return. One that finds an error reports
 * it, leaves `bad` set and goes to a place where reading can go on: the end of the statement, with
 * the braces that it opened. An assignment is read twice, first for its syntax and then for its
 * values, so that one that is wrong has no values to check.
 *
 * Sections are nested as deep as the tables are, so the recursion is bounded.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_parse.h"
#include "daemon/config_tree.h"
#include "util/nearest.h"

enum { SHOWN_MAX = 255 }; /* of a word in a message */

struct parser {
	char *at;
	unsigned line;
	char *word; /* what read_token() has read; has room for the whole text */
	const char *name;
	unsigned depth; /* of includes */
	config_include_fn *include;
	struct config_parse *parse;
	bool bad; /* this statement */
	int rc;   /* not 0: reading has ended */
};

#define COMPLAIN(p, line, ...)                                                                     \
	((p)->bad = (p)->parse->has_syntax_errors = true,                                          \
		config_problem((p)->parse->problems, true, (p)->name, (line), __VA_ARGS__))

/* Read no more: every loop ends at the end of the text. */
static void give_up(struct parser *p, int rc)
{
	p->rc = p->rc < 0 ? p->rc : rc;
	p->at += strlen(p->at);
}

/* --- characters and words ----------------------------------------------------------------- */

static void skip_blanks(struct parser *p)
{
	for (; *p->at && isspace((unsigned char)*p->at); p->at++)
		p->line += *p->at == '\n';
}

static bool is_word_character(const char *c)
{
	return *c && !isspace((unsigned char)*c) && !strchr("{}=,()\"'", *c) &&
	       !(c[0] == '+' && c[1] == '=');
}

/* What a backslash and this character stand for; '\0': nothing, the line goes on. */
static char escaped(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '\n' ? '\0' : c;
}

/* A word or a text in quotes. False: there is neither. */
static bool read_token(struct parser *p, bool *is_quoted)
{
	char quote = *p->at;
	size_t n = 0;

	*is_quoted = quote == '"' || quote == '\'';
	if (*is_quoted)
		p->at++;
	while (*is_quoted ? *p->at && *p->at != quote : is_word_character(p->at)) {
		char c = *p->at;

		p->line += c == '\n';
		if (c == '\\' && p->at[1] && (quote != '\'' || strchr("\\'", p->at[1]))) {
			p->at++;
			p->line += *p->at == '\n';
			c = escaped(*p->at);
		}
		if (c)
			p->word[n++] = c;
		p->at++;
	}
	p->word[n] = '\0';
	if (*is_quoted && *p->at)
		p->at++;
	return *is_quoted || n > 0;
}

/* To the end of a block whose '{' was read. */
static void skip_block(struct parser *p)
{
	unsigned depth = 1;
	bool is_quoted;

	while (depth > 0 && *p->at) {
		skip_blanks(p);
		if (read_token(p, &is_quoted))
			continue;
		depth += *p->at == '{';
		depth -= *p->at == '}';
		p->at += *p->at != '\0';
	}
}

/*
 * From anywhere in a statement to its end: of the line, or of the block that opens on it. A '}'
 * belongs to the section around.
 */
static void skip_statement(struct parser *p)
{
	bool is_quoted;

	while (*p->at && *p->at != '\n' && *p->at != '}') {
		if (*p->at == '{') {
			p->at++;
			skip_block(p);
			return;
		}
		if (!read_token(p, &is_quoted))
			p->at++;
	}
}

/* --- values --------------------------------------------------------------------------------- */

/* A statement `name = ...`. */
struct assignment {
	struct config_section *section; /* around it; NULL: only the syntax is checked */
	struct config_setting *setting;
	const struct config_def *def;
	const char *name; /* in messages */
	unsigned line;
};

static bool read_bool(const char *word, long *value)
{
	static const char *const words[] = {"true", "yes", "on", "false", "no", "off"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(word, words[i]) == 0) {
			*value = i < 3;
			return true;
		}
	return false;
}

static bool read_number(const char *word, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(word, &end, 0);
	return *word && !*end && !errno;
}

static void store(struct parser *p, const struct assignment *a, unsigned line, long number)
{
	int rc = 0;

	if (a->def->type == CONFIG_IS_TEXT) {
		if (!(a->def->flags & CONFIG_SEVERAL))
			config_clear(a->setting);
		rc = config_add_text(a->setting, p->word);
	}
	a->setting->number = number;
	a->setting->is_set = true;
	p->parse->line = line;
	if (rc == 0)
		rc = config_check(a->section, a->setting);
	if (rc < 0)
		give_up(p, rc);
}

/* One value. */
static void value(struct parser *p, const struct assignment *a)
{
	enum config_type type = a->def->type;
	unsigned line = p->line;
	bool is_quoted;
	long number = 0;

	if (!read_token(p, &is_quoted))
		COMPLAIN(p, line, "%s: there is no value; expected %s = %s", a->name, a->name,
			type == CONFIG_IS_NUMBER ? "1000"
			: type == CONFIG_IS_BOOL ? "true"
						 : "\"text\"");
	else if (!is_quoted && strstr(p->word, "://"))
		COMPLAIN(p, line, "%s: a URL must be in quotes; expected %s = \"%.*s\"", a->name,
			a->name, SHOWN_MAX, p->word);
	else if (type == CONFIG_IS_BOOL && !read_bool(p->word, &number))
		COMPLAIN(p, line,
			"%s: \"%.*s\" is neither true nor false; expected %s = true or %s = false",
			a->name, SHOWN_MAX, p->word, a->name, a->name);
	else if (type == CONFIG_IS_NUMBER && !read_number(p->word, &number))
		COMPLAIN(p, line, "%s: \"%.*s\" is not a number; expected for example %s = 1000",
			a->name, SHOWN_MAX, p->word, a->name);
	else if (a->section)
		store(p, a, line, number);
}

static void list(struct parser *p, const struct assignment *a)
{
	p->at++; /* '{' */
	for (skip_blanks(p); *p->at && *p->at != '}'; skip_blanks(p)) {
		value(p, a);
		if (p->bad) {
			skip_block(p);
			return;
		}
		skip_blanks(p);
		if (*p->at == ',') {
			p->at++;
		} else if (*p->at && *p->at != '}') {
			COMPLAIN(p, p->line,
				"%s: a comma is missing between values; expected %s = {\"a\", \"b\"}",
				a->name, a->name);
			skip_block(p);
			return;
		}
	}
	p->at += *p->at == '}';
}

/* On this line or a later one. */
static bool comma_follows(const struct parser *p)
{
	return p->at[strspn(p->at, " \t\n")] == ',';
}

/* Behind the name of a setting that is no section. */
static void assignment(struct parser *p, const struct assignment *a)
{
	bool is_list = a->def->flags & CONFIG_SEVERAL;

	if (p->at[0] == '+' && p->at[1] == '=' && is_list) {
		p->at += 2;
	} else if (*p->at == '=') {
		p->at++;
		if (a->section && is_list)
			config_clear(a->setting);
	} else {
		COMPLAIN(p, a->line, "%s: \"=\" is missing; expected %s = %s", a->name, a->name,
			is_list				 ? "{\"a\", \"b\"}"
			: a->def->type == CONFIG_IS_BOOL ? "true"
							 : "\"text\"");
		return;
	}
	skip_blanks(p);
	if (*p->at == '{' && is_list)
		list(p, a);
	else if (*p->at == '{')
		COMPLAIN(p, a->line, "%s: takes one value, not several; expected %s = \"text\"", a->name,
			a->name);
	else
		value(p, a);
	if (!p->bad && comma_follows(p))
		COMPLAIN(p, a->line, is_list ? "%s: several values must be in braces; expected %s = "
					       "{\"a\", \"b\"}"
					     : "%s: takes one value, not several; expected %s = \"text\"",
			a->name, a->name);
	if (a->section)
		a->setting->is_set = true; /* also by {} */
}

/* --- sections ------------------------------------------------------------------------------- */

/* A title that a section has already. */
struct seen {
	struct hash_node node;
	const char *file;
	unsigned line;
	char text[];
};

void config_parser_forget(struct hash_table *table)
{
	struct hash_node *node = hash_table_next(table, NULL), *next;

	for (; node; node = next) { /* not from the beginning each time: that is quadratic */
		next = hash_table_next(table, node);
		free(hash_entry(node, struct seen, node));
	}
	hash_table_fini(table);
}

/* The first section of this kind and title; NULL: this is it, and it is noted. */
static const struct seen *first_of(struct parser *p, struct hash_table *table, const char *kind,
	const char *title, unsigned line)
{
	size_t len = strlen(kind) + strlen(title) + 2;
	struct seen *seen = malloc(sizeof(*seen) + len);
	struct hash_node *node;
	uint64_t hash;

	if (!seen || (table->slots == 0 && hash_table_init(table, 0) < 0)) {
		free(seen);
		give_up(p, -ENOMEM);
		return NULL;
	}
	seen->file = p->name;
	seen->line = line;
	strcat(strcat(strcpy(seen->text, kind), " "), title);
	hash = hash_table_hash(table, seen->text, len);
	hash_table_each(node, table, hash) {
		struct seen *other = hash_entry(node, struct seen, node);

		if (strcmp(other->text, seen->text) != 0)
			continue;
		free(seen);
		return other;
	}
	hash_table_insert(table, &seen->node, hash);
	return NULL;
}

/* Sections of one name and title, or of one name only, where the table allows only one. */
static void check_first(struct parser *p, const struct config_def *def,
	const struct config_setting *setting, struct hash_table *seen, const char *title,
	unsigned line)
{
	char place[CONFIG_PLACE];

	if (title && !(def->flags & CONFIG_SAME_TITLE)) {
		const struct seen *first = first_of(p, seen, def->name, title, line);

		if (first)
			COMPLAIN(p, line,
				"%s \"%.*s\": is there already, in %s; expected another title",
				def->name, SHOWN_MAX, title,
				config_place(first->file, first->line, p->name, place));
	} else if (!(def->flags & CONFIG_SEVERAL) && setting->count > 0) {
		COMPLAIN(p, line, "%s: is there already, in %s; expected one section", def->name,
			config_place(setting->section[0]->file, setting->section[0]->line, p->name,
				place));
	}
}

static void block(struct parser *p, struct config_section *section, struct hash_table *seen);
static void assign(struct parser *p, struct config_section *section,
	struct config_setting *setting, const char *name, unsigned line);

/* What follows the title: the block, or `= value`. */
static void section_body(struct parser *p, struct config_section *section, unsigned line)
{
	struct hash_table seen = {0};
	char name[SHOWN_MAX + 64];

	if (*p->at == '=') {
		snprintf(name, sizeof(name), "%s \"%.*s\"", section->name, SHOWN_MAX,
			section->title);
		assign(p, section, config_find(section, CONFIG_VALUE), name, line);
		return;
	}
	p->at++; /* '{' */
	block(p, section, &seen);
	config_parser_forget(&seen);
	p->at += *p->at == '}';
}

static void add_section(struct parser *p, struct config_section *around,
	struct config_setting *setting, const char *title, unsigned line)
{
	struct config_section *section;
	int rc = config_add_section(around, setting, title, p->name, line);

	if (rc == 0) {
		section = config_last_section(setting);
		section_body(p, section, line);
		p->parse->line = line;
		rc = p->rc < 0 || p->bad ? 0 : config_check(around, setting);
	}
	if (rc < 0)
		give_up(p, rc);
}

static bool has_value(const struct config_def *def)
{
	return def->flags & CONFIG_TITLED && strcmp(def->inner->name, CONFIG_VALUE) == 0;
}

/* Behind the name of a section. Errors inside are reported one by one there. */
static void section(struct parser *p, struct config_section *around,
	struct config_setting *setting, struct hash_table *seen, unsigned line)
{
	const struct config_def *def = config_def_of(setting);
	bool is_quoted, has_title = def->flags & CONFIG_TITLED;
	char *title = NULL;

	if (has_title && !read_token(p, &is_quoted)) {
		COMPLAIN(p, line, "%s: the title is missing; expected %s \"title\" { ... }",
			def->name, def->name);
		return;
	}
	if (has_title && !(title = strdup(p->word))) {
		give_up(p, -ENOMEM);
		return;
	}
	skip_blanks(p);
	if (*p->at != '{' && !(*p->at == '=' && has_value(def))) {
		COMPLAIN(p, line, "%s: is a section; expected %s%s { ... }", def->name, def->name,
			has_title ? " \"title\"" : "");
	} else {
		check_first(p, def, setting, seen, title, line);
		if (!p->bad && p->rc == 0)
			add_section(p, around, setting, title, line);
	}
	free(title);
}

/* --- statements ----------------------------------------------------------------------------- */

/* In a section the list of what there is fits into a line; in the file it does not. */
static void unknown(struct parser *p, const struct config_section *section, unsigned line)
{
	struct nearest nearest = {.wanted = p->word};
	char where[64] = "", expected[512] = "";
	size_t n = 0;

	for (unsigned i = 0; i < section->settings; i++) {
		const char *name = section->setting[i].name;

		nearest_offer(&nearest, name);
		if (*section->name && n + strlen(name) + 3 < sizeof(expected))
			n += (size_t)sprintf(expected + n, "%s%s", n ? ", " : "", name);
	}
	if (*section->name)
		snprintf(where, sizeof(where), " in %s", section->name);
	if (nearest.name)
		COMPLAIN(p, line, "%.*s: there is no such setting%s; did you mean \"%s\"?",
			SHOWN_MAX, p->word, where, nearest.name);
	else if (n > 0)
		COMPLAIN(p, line, "%.*s: there is no such setting%s; expected one of: %s",
			SHOWN_MAX, p->word, where, expected);
	else
		COMPLAIN(p, line,
			"%.*s: there is no such setting%s; the manual page of this file lists all",
			SHOWN_MAX, p->word, where);
}

static void include(struct parser *p, struct config_section *file, unsigned line)
{
	bool is_quoted;
	int rc;

	if (!read_token(p, &is_quoted) || !*p->word) {
		COMPLAIN(p, line, "include: there is no file; expected include \"conf.d/*.conf\"");
		return;
	}
	rc = p->include(file, p->name, line, p->word, p->depth + 1);
	p->parse->file = p->name;
	if (rc < 0)
		give_up(p, rc);
}

/* First the syntax alone, and if it is right the values. */
static void assign(struct parser *p, struct config_section *section,
	struct config_setting *setting, const char *name, unsigned line)
{
	struct assignment a = {.def = config_def_of(setting), .name = name, .line = line};
	bool is_set = *p->at == '=' && setting->set_in == p->name;
	unsigned start_line = p->line;
	char *start = p->at;

	assignment(p, &a);
	if (!p->bad && is_set)
		COMPLAIN(p, line, "%s: is set already, in line %u; expected one setting", name,
			setting->set_line);
	if (p->bad)
		return;
	p->at = start;
	p->line = start_line;
	setting->set_in = p->name;
	setting->set_line = line;
	a.section = section;
	a.setting = setting;
	assignment(p, &a);
}

static void statement(struct parser *p, struct config_section *around, struct hash_table *seen)
{
	struct config_setting *setting;
	char *start = p->at;
	unsigned line = p->line;
	bool is_quoted;

	p->bad = false;
	if (!read_token(p, &is_quoted) || is_quoted) {
		if (is_quoted)
			COMPLAIN(p, line, "\"%.*s\" stands alone; expected a setting before it",
				SHOWN_MAX, p->word);
		else
			COMPLAIN(p, line, "\"%c\" is not expected here; expected a setting", *p->at);
		p->at += !is_quoted;
		skip_statement(p);
		return;
	}
	skip_blanks(p);
	setting = config_find(around, p->word);
	if (setting && config_def_of(setting)->type == CONFIG_IS_SECTION)
		section(p, around, setting, seen, line);
	else if (setting)
		assign(p, around, setting, setting->name, line);
	else if (!*around->name && strcmp(p->word, "include") == 0)
		include(p, around, line);
	else
		unknown(p, around, line);
	if (p->bad && !(p->at > start && (p->at[-1] == '}' || *p->at == '\n')))
		skip_statement(p);
}

/* To the '}' of the block, or to the end of the text. */
static void block(struct parser *p, struct config_section *section, struct hash_table *seen)
{
	for (skip_blanks(p); *p->at; skip_blanks(p)) {
		if (*p->at == '}' && *section->name)
			break;
		if (*p->at == ';') {
			COMPLAIN(p, p->line, "\";\" is not expected; a setting ends with its value");
			p->at++;
			continue;
		}
		statement(p, section, seen);
	}
	p->bad = false;
}

int config_parser_run(struct config_section *file, const char *name, char *text, unsigned depth,
	config_include_fn *include_fn)
{
	struct parser p = {.at = text,
		.line = 1,
		.name = name,
		.depth = depth,
		.word = malloc(strlen(text) + 1),
		.include = include_fn,
		.parse = file->parse};

	if (!p.word)
		return -ENOMEM;
	file->parse->file = name;
	block(&p, file, &file->parse->seen);
	free(p.word);
	return p.rc;
}
