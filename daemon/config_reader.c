/* SPDX-License-Identifier: ISC */
/*
 * Words, and the assignments that are made of them. An assignment is read twice, first for its
 * syntax and then for its values, so that one that is wrong has no values to check.
 */
#include "daemon/config_reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Every loop ends at the end of the text. */
void config_give_up(struct config_reader *p, int rc)
{
	p->rc = p->rc < 0 ? p->rc : rc;
	p->at += strlen(p->at);
}

/* --- characters and words ----------------------------------------------------------------- */

void config_skip_blanks(struct config_reader *p)
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

bool config_read_token(struct config_reader *p, bool *is_quoted)
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

void config_skip_block(struct config_reader *p)
{
	unsigned depth = 1;
	bool is_quoted;

	while (depth > 0 && *p->at) {
		config_skip_blanks(p);
		if (config_read_token(p, &is_quoted))
			continue;
		depth += *p->at == '{';
		depth -= *p->at == '}';
		p->at += *p->at != '\0';
	}
}

void config_skip_statement(struct config_reader *p)
{
	bool is_quoted;

	while (*p->at && *p->at != '\n' && *p->at != '}') {
		if (*p->at == '{') {
			p->at++;
			config_skip_block(p);
			return;
		}
		if (!config_read_token(p, &is_quoted))
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

static void store(struct config_reader *p, const struct assignment *a, unsigned line, long number)
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
		config_give_up(p, rc);
}

/* One value. */
static void value(struct config_reader *p, const struct assignment *a)
{
	enum config_type type = a->def->type;
	unsigned line = p->line;
	bool is_quoted;
	long number = 0;

	if (!config_read_token(p, &is_quoted))
		CONFIG_COMPLAIN(p, line, "%s: there is no value; expected %s = %s", a->name, a->name,
			type == CONFIG_IS_NUMBER ? "1000"
			: type == CONFIG_IS_BOOL ? "true"
						 : "\"text\"");
	else if (!is_quoted && strstr(p->word, "://"))
		CONFIG_COMPLAIN(p, line, "%s: a URL must be in quotes; expected %s = \"%.*s\"", a->name,
			a->name, SHOWN_MAX, p->word);
	else if (type == CONFIG_IS_BOOL && !read_bool(p->word, &number))
		CONFIG_COMPLAIN(p, line,
			"%s: \"%.*s\" is neither true nor false; expected %s = true or %s = false",
			a->name, SHOWN_MAX, p->word, a->name, a->name);
	else if (type == CONFIG_IS_NUMBER && !read_number(p->word, &number))
		CONFIG_COMPLAIN(p, line, "%s: \"%.*s\" is not a number; expected for example %s = 1000",
			a->name, SHOWN_MAX, p->word, a->name);
	else if (a->section)
		store(p, a, line, number);
}

static void list(struct config_reader *p, const struct assignment *a)
{
	p->at++; /* '{' */
	for (config_skip_blanks(p); *p->at && *p->at != '}'; config_skip_blanks(p)) {
		value(p, a);
		if (p->bad) {
			config_skip_block(p);
			return;
		}
		config_skip_blanks(p);
		if (*p->at == ',') {
			p->at++;
		} else if (*p->at && *p->at != '}') {
			CONFIG_COMPLAIN(p, p->line,
				"%s: a comma is missing between values; expected %s = {\"a\", \"b\"}",
				a->name, a->name);
			config_skip_block(p);
			return;
		}
	}
	p->at += *p->at == '}';
}

/* On this line or a later one. */
static bool comma_follows(const struct config_reader *p)
{
	return p->at[strspn(p->at, " \t\n")] == ',';
}

/* Behind the name of a setting that is no section. */
static void assignment(struct config_reader *p, const struct assignment *a)
{
	bool is_list = a->def->flags & CONFIG_SEVERAL;

	if (p->at[0] == '+' && p->at[1] == '=' && is_list) {
		p->at += 2;
	} else if (*p->at == '=') {
		p->at++;
		if (a->section && is_list)
			config_clear(a->setting);
	} else {
		CONFIG_COMPLAIN(p, a->line, "%s: \"=\" is missing; expected %s = %s", a->name, a->name,
			is_list				 ? "{\"a\", \"b\"}"
			: a->def->type == CONFIG_IS_BOOL ? "true"
							 : "\"text\"");
		return;
	}
	config_skip_blanks(p);
	if (*p->at == '{' && is_list)
		list(p, a);
	else if (*p->at == '{')
		CONFIG_COMPLAIN(p, a->line, "%s: takes one value, not several; expected %s = \"text\"", a->name,
			a->name);
	else
		value(p, a);
	if (!p->bad && comma_follows(p))
		CONFIG_COMPLAIN(p, a->line, is_list ? "%s: several values must be in braces; expected %s = "
					       "{\"a\", \"b\"}"
					     : "%s: takes one value, not several; expected %s = \"text\"",
			a->name, a->name);
	if (a->section)
		a->setting->is_set = true; /* also by {} */
}

/* First the syntax alone, and if it is right the values. */
void config_assign(struct config_reader *p, struct config_section *section,
	struct config_setting *setting, const char *name, unsigned line)
{
	struct assignment a = {.def = config_def_of(setting), .name = name, .line = line};
	bool is_set = *p->at == '=' && setting->set_in == p->name;
	unsigned start_line = p->line;
	char *start = p->at;

	assignment(p, &a);
	if (!p->bad && is_set)
		CONFIG_COMPLAIN(p, line, "%s: is set already, in line %u; expected one setting", name,
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
