/* SPDX-License-Identifier: ISC */
/*
 * The syntax of a configuration file, by recursive descent into the tables of settings:
 *
 *	setting = value          also  setting = {value, value}  and  setting += {value}
 *	section "title" { ... }  also  section { ... }           and  section "title" = value
 *	include "pattern"        outside of sections
 *
 * After an error reading goes on at the end of the statement, with the braces that it opened, so
 * that all errors of a file are reported at once. Sections are nested as deep as the tables are, so
 * the recursion is bounded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_reader.h"
#include "util/nearest.h"

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
static const struct seen *first_of(struct config_reader *p, struct hash_table *table, const char *kind,
	const char *title, unsigned line)
{
	size_t len = strlen(kind) + strlen(title) + 2;
	struct seen *seen = malloc(sizeof(*seen) + len);
	struct hash_node *node;
	uint64_t hash;

	if (!seen || (table->slots == 0 && hash_table_init(table, 0) < 0)) {
		free(seen);
		config_give_up(p, -ENOMEM);
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
static void check_first(struct config_reader *p, const struct config_def *def,
	const struct config_setting *setting, struct hash_table *seen, const char *title,
	unsigned line)
{
	char place[CONFIG_PLACE];

	if (title && !(def->flags & CONFIG_SAME_TITLE)) {
		const struct seen *first = first_of(p, seen, def->name, title, line);

		if (first)
			CONFIG_COMPLAIN(p, line,
				"%s \"%.*s\": is there already, in %s; expected another title",
				def->name, SHOWN_MAX, title,
				config_place(first->file, first->line, p->name, place));
	} else if (!(def->flags & CONFIG_SEVERAL) && setting->count > 0) {
		CONFIG_COMPLAIN(p, line, "%s: is there already, in %s; expected one section", def->name,
			config_place(setting->section[0]->file, setting->section[0]->line, p->name,
				place));
	}
}

static void block(struct config_reader *p, struct config_section *section, struct hash_table *seen);

/* What follows the title: the block, or `= value`. */
static void section_body(struct config_reader *p, struct config_section *section, unsigned line)
{
	struct hash_table seen = {0};
	char name[SHOWN_MAX + 64];

	if (*p->at == '=') {
		snprintf(name, sizeof(name), "%s \"%.*s\"", section->name, SHOWN_MAX,
			section->title);
		config_assign(p, section, config_find(section, CONFIG_VALUE), name, line);
		return;
	}
	p->at++; /* '{' */
	block(p, section, &seen);
	config_parser_forget(&seen);
	p->at += *p->at == '}';
}

static void add_section(struct config_reader *p, struct config_section *around,
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
		config_give_up(p, rc);
}

static bool has_value(const struct config_def *def)
{
	return def->flags & CONFIG_TITLED && strcmp(def->inner->name, CONFIG_VALUE) == 0;
}

/* Behind the name of a section. Errors inside are reported one by one there. */
static void section(struct config_reader *p, struct config_section *around,
	struct config_setting *setting, struct hash_table *seen, unsigned line)
{
	const struct config_def *def = config_def_of(setting);
	bool is_quoted, has_title = def->flags & CONFIG_TITLED;
	char *title = NULL;

	if (has_title && !config_read_token(p, &is_quoted)) {
		CONFIG_COMPLAIN(p, line, "%s: the title is missing; expected %s \"title\" { ... }",
			def->name, def->name);
		return;
	}
	if (has_title && !(title = strdup(p->word))) {
		config_give_up(p, -ENOMEM);
		return;
	}
	config_skip_blanks(p);
	if (*p->at != '{' && !(*p->at == '=' && has_value(def))) {
		CONFIG_COMPLAIN(p, line, "%s: is a section; expected %s%s { ... }", def->name, def->name,
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
static void unknown(struct config_reader *p, const struct config_section *section, unsigned line)
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
		CONFIG_COMPLAIN(p, line, "%.*s: there is no such setting%s; did you mean \"%s\"?",
			SHOWN_MAX, p->word, where, nearest.name);
	else if (n > 0)
		CONFIG_COMPLAIN(p, line, "%.*s: there is no such setting%s; expected one of: %s",
			SHOWN_MAX, p->word, where, expected);
	else
		CONFIG_COMPLAIN(p, line,
			"%.*s: there is no such setting%s; the manual page of this file lists all",
			SHOWN_MAX, p->word, where);
}

static void include(struct config_reader *p, struct config_section *file, unsigned line)
{
	bool is_quoted;
	int rc;

	if (!config_read_token(p, &is_quoted) || !*p->word) {
		CONFIG_COMPLAIN(p, line, "include: there is no file; expected include \"conf.d/*.conf\"");
		return;
	}
	rc = p->include(file, p->name, line, p->word, p->depth + 1);
	p->parse->file = p->name;
	if (rc < 0)
		config_give_up(p, rc);
}

static void statement(struct config_reader *p, struct config_section *around, struct hash_table *seen)
{
	struct config_setting *setting;
	char *start = p->at;
	unsigned line = p->line;
	bool is_quoted;

	p->bad = false;
	if (!config_read_token(p, &is_quoted) || is_quoted) {
		if (is_quoted)
			CONFIG_COMPLAIN(p, line, "\"%.*s\" stands alone; expected a setting before it",
				SHOWN_MAX, p->word);
		else
			CONFIG_COMPLAIN(p, line, "\"%c\" is not expected here; expected a setting", *p->at);
		p->at += !is_quoted;
		config_skip_statement(p);
		return;
	}
	config_skip_blanks(p);
	setting = config_find(around, p->word);
	if (setting && config_def_of(setting)->type == CONFIG_IS_SECTION)
		section(p, around, setting, seen, line);
	else if (setting)
		config_assign(p, around, setting, setting->name, line);
	else if (!*around->name && strcmp(p->word, "include") == 0)
		include(p, around, line);
	else
		unknown(p, around, line);
	if (p->bad && !(p->at > start && (p->at[-1] == '}' || *p->at == '\n')))
		config_skip_statement(p);
}

/* To the '}' of the block, or to the end of the text. */
static void block(struct config_reader *p, struct config_section *section, struct hash_table *seen)
{
	for (config_skip_blanks(p); *p->at; config_skip_blanks(p)) {
		if (*p->at == '}' && *section->name)
			break;
		if (*p->at == ';') {
			CONFIG_COMPLAIN(p, p->line, "\";\" is not expected; a setting ends with its value");
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
	struct config_reader p = {.at = text,
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
