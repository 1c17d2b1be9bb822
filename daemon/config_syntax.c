/* SPDX-License-Identifier: ISC */
/*
 * A parser by recursive descent that builds nothing. The functions named after a part of the
 * syntax (statement, section, value) stand at its first character when they are called, and behind
 * it when they return. One that finds an error reports it, leaves `bad` set and goes to a place
 * where reading can go on: the end of the statement, with the braces that it opened.
 */
#include "daemon/config_syntax.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash_table.h"
#include "util/nearest.h"
#include "util/utf8.h"

enum { WORD_MAX = 256 };

struct parser {
	char *text, *at;
	unsigned line;
	const char *name;
	struct config_includes *includes;
	struct config_problems *problems;
	bool bad; /* in this statement: it is to be erased */
	bool no_memory;
};

#define COMPLAIN(p, line, ...) \
	((p)->bad = true, config_problem((p)->problems, true, (p)->name, (line), __VA_ARGS__))

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

/* A word or a text in quotes, shortened to `word`. False: there is neither. */
static bool read_token(struct parser *p, char word[WORD_MAX], bool *is_quoted)
{
	char quote = *p->at;
	size_t n = 0;

	*is_quoted = quote == '"' || quote == '\'';
	if (*is_quoted)
		p->at++;
	while (*is_quoted ? *p->at && *p->at != quote : is_word_character(p->at)) {
		if (*p->at == '\\' && p->at[1])
			p->at++;
		p->line += *p->at == '\n';
		if (n + 1 < WORD_MAX)
			word[n++] = *p->at;
		p->at++;
	}
	word[n] = '\0';
	if (*is_quoted && *p->at)
		p->at++;
	return *is_quoted || n > 0;
}

/* To the end of a block whose '{' was read. */
static void skip_block(struct parser *p)
{
	char word[WORD_MAX];
	unsigned depth = 1;
	bool is_quoted;

	while (depth > 0 && *p->at) {
		skip_blanks(p);
		if (read_token(p, word, &is_quoted))
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
	char word[WORD_MAX];
	bool is_quoted;

	while (*p->at && *p->at != '\n' && *p->at != '}') {
		if (*p->at == '{') {
			p->at++;
			skip_block(p);
			return;
		}
		if (!read_token(p, word, &is_quoted))
			p->at++;
	}
}

static void erase(struct parser *p, char *from)
{
	for (; from < p->at; from++)
		if (*from != '\n')
			*from = ' ';
}

/* --- values --------------------------------------------------------------------------------- */

static void check_bool(struct parser *p, const cfg_opt_t *opt, const char *word, unsigned line)
{
	static const char *const words[] = {"true", "yes", "on", "false", "no", "off"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(word, words[i]) == 0)
			return;
	COMPLAIN(p, line, "%s: \"%s\" is neither true nor false; expected %s = true or %s = false",
		opt->name, word, opt->name, opt->name);
}

static void check_int(struct parser *p, const cfg_opt_t *opt, const char *word, unsigned line)
{
	char *end;

	errno = 0;
	strtol(word, &end, 0);
	if (!*word || *end || errno)
		COMPLAIN(p, line, "%s: \"%s\" is not a number; expected for example %s = 1000",
			opt->name, word, opt->name);
}

/* One value. */
static void value(struct parser *p, const cfg_opt_t *opt)
{
	unsigned line = p->line;
	char word[WORD_MAX];
	bool is_quoted;

	if (!read_token(p, word, &is_quoted)) {
		COMPLAIN(p, line, "%s: there is no value; expected %s = %s", opt->name, opt->name,
			opt->type == CFGT_INT	 ? "1000"
			: opt->type == CFGT_BOOL ? "true"
						 : "\"text\"");
		return;
	}
	if (!is_quoted && strstr(word, "://"))
		COMPLAIN(p, line, "%s: a URL must be in quotes; expected %s = \"%s\"", opt->name,
			opt->name, word);
	else if (opt->type == CFGT_BOOL)
		check_bool(p, opt, word, line);
	else if (opt->type == CFGT_INT)
		check_int(p, opt, word, line);
}

static void list(struct parser *p, const cfg_opt_t *opt)
{
	p->at++; /* '{' */
	for (skip_blanks(p); *p->at && *p->at != '}'; skip_blanks(p)) {
		value(p, opt);
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
				opt->name, opt->name);
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
static void assignment(struct parser *p, const cfg_opt_t *opt, unsigned line)
{
	bool is_list = opt->flags & CFGF_LIST;

	if (p->at[0] == '+' && p->at[1] == '=' && is_list) {
		p->at += 2;
	} else if (*p->at == '=') {
		p->at++;
	} else {
		COMPLAIN(p, line, "%s: \"=\" is missing; expected %s = %s", opt->name, opt->name,
			is_list ? "{\"a\", \"b\"}" : opt->type == CFGT_BOOL ? "true" : "\"text\"");
		return;
	}
	skip_blanks(p);
	if (*p->at == '{' && is_list)
		list(p, opt);
	else if (*p->at == '{')
		COMPLAIN(p, line, "%s: takes one value, not several; expected %s = \"text\"",
			opt->name, opt->name);
	else
		value(p, opt);
	if (!p->bad && comma_follows(p))
		COMPLAIN(p, line, is_list ? "%s: several values must be in braces; expected %s = "
					    "{\"a\", \"b\"}"
					  : "%s: takes one value, not several; expected %s = \"text\"",
			opt->name, opt->name);
}

/* --- sections and statements ---------------------------------------------------------------- */

/* What a section has already: settings that may be there once, titles. */
struct seen {
	struct hash_node node;
	unsigned line;
	char text[];
};

struct block {
	cfg_opt_t *opts;
	const char *of; /* the section's name; NULL: the file */
	struct hash_table seen;
};

static void forget_seen(struct hash_table *table)
{
	struct hash_node *node = hash_table_next(table, NULL), *next;

	for (; node; node = next) { /* not from the beginning each time: that is quadratic */
		next = hash_table_next(table, node);
		free(hash_entry(node, struct seen, node));
	}
	hash_table_fini(table);
}

/* The line of the first of this kind and text; 0: this is it, and it is noted. */
static unsigned first_line_of(
	struct parser *p, struct block *block, const char *kind, const char *text, unsigned line)
{
	size_t len = strlen(kind) + strlen(text) + 2;
	struct seen *seen = malloc(sizeof(*seen) + len);
	struct hash_node *node;
	uint64_t hash;

	if (!seen || (block->seen.slots == 0 && hash_table_init(&block->seen, 0) < 0)) {
		free(seen);
		p->no_memory = true;
		return 0;
	}
	*seen = (struct seen){.line = line};
	strcpy(seen->text, kind);
	strcat(strcat(seen->text, " "), text);
	hash = hash_table_hash(&block->seen, seen->text, len);
	hash_table_each(node, &block->seen, hash) {
		struct seen *other = hash_entry(node, struct seen, node);

		if (strcmp(other->text, seen->text) != 0)
			continue;
		free(seen);
		return other->line;
	}
	hash_table_insert(&block->seen, &seen->node, hash);
	return 0;
}

static void block_of(struct parser *p, struct block *block);

/* Behind the name of a section. Errors inside are erased one by one there. */
static void section(struct parser *p, struct block *around, const cfg_opt_t *opt, unsigned line)
{
	struct block block = {.opts = opt->subopts, .of = opt->name};
	bool is_quoted, has_title = opt->flags & CFGF_TITLE;
	const char *title_text = has_title ? " \"title\"" : "";
	char title[WORD_MAX] = "";
	unsigned first = 0;

	if (has_title && !read_token(p, title, &is_quoted)) {
		COMPLAIN(p, line, "%s: the title is missing; expected %s \"title\" { ... }", opt->name,
			opt->name);
		return;
	}
	skip_blanks(p);
	if (*p->at != '{') {
		COMPLAIN(p, line, "%s: is a section; expected %s%s { ... }", opt->name, opt->name,
			title_text);
		return;
	}
	p->at++;
	if (!(opt->flags & CFGF_MULTI) || (opt->flags & CFGF_NO_TITLE_DUPES))
		first = first_line_of(p, around, opt->name, title, line);
	if (first > 0 && has_title)
		COMPLAIN(p, line, "%s \"%s\": is there already, in line %u; expected another title",
			opt->name, title, first);
	else if (first > 0)
		COMPLAIN(p, line, "%s: is there already, in line %u; expected one section", opt->name,
			first);
	if (p->bad) {
		skip_block(p);
		return;
	}
	block_of(p, &block);
	forget_seen(&block.seen);
	if (*p->at == '}')
		p->at++;
}

static cfg_opt_t *find_opt(cfg_opt_t *opts, const char *word)
{
	for (; opts && opts->name; opts++)
		if (strcmp(opts->name, word) == 0)
			return opts;
	return NULL;
}

/* In a section the list of what there is fits into a line; in the file it does not. */
static void unknown(struct parser *p, const struct block *block, const char *word, unsigned line)
{
	struct nearest nearest = {.wanted = word};
	char where[WORD_MAX + 16] = "", expected[512] = "";
	size_t n = 0;

	for (cfg_opt_t *opt = block->opts; opt && opt->name; opt++) {
		nearest_offer(&nearest, opt->name);
		if (block->of && n + strlen(opt->name) + 3 < sizeof(expected))
			n += (size_t)sprintf(expected + n, "%s%s", n ? ", " : "", opt->name);
	}
	if (block->of)
		snprintf(where, sizeof(where), " in %s", block->of);
	if (nearest.name)
		COMPLAIN(p, line, "%s: there is no such setting%s; did you mean \"%s\"?", word, where,
			nearest.name);
	else if (n > 0)
		COMPLAIN(p, line, "%s: there is no such setting%s; expected one of: %s", word, where,
			expected);
	else
		COMPLAIN(p, line, "%s: there is no such setting%s; the manual page of this file lists "
				  "all", word, where);
}

static void include(struct parser *p, char *start, unsigned line)
{
	struct config_includes *all = p->includes;
	char word[WORD_MAX];
	bool is_quoted;

	if (!read_token(p, word, &is_quoted) || !*word) {
		COMPLAIN(p, line, "include: there is no file; expected include \"conf.d/*.conf\"");
	} else if (all->count == CONFIG_INCLUDES_MAX) {
		COMPLAIN(p, line, "include: there are more than %d lines of it", CONFIG_INCLUDES_MAX);
	} else {
		char *pattern = strdup(word);

		p->no_memory |= !pattern;
		all->include[all->count++] = (struct config_include){
			(size_t)(start - p->text), (size_t)(p->at - p->text), line, pattern};
		p->bad = true; /* libConfuse must not read it */
	}
}

static void setting(struct parser *p, struct block *block, cfg_opt_t *opt, unsigned line)
{
	unsigned first;

	if (opt->type == CFGT_SEC) {
		section(p, block, opt, line);
		return;
	}
	first = *p->at == '=' ? first_line_of(p, block, opt->name, "=", line) : 0;
	assignment(p, opt, line);
	if (first > 0 && !p->bad)
		COMPLAIN(p, line, "%s: is set already, in line %u; expected one setting", opt->name,
			first);
}

static void statement(struct parser *p, struct block *block)
{
	char *start = p->at, word[WORD_MAX];
	unsigned line = p->line;
	bool is_quoted;
	cfg_opt_t *opt;

	p->bad = false;
	if (!read_token(p, word, &is_quoted) || is_quoted) {
		if (is_quoted)
			COMPLAIN(p, line, "\"%s\" stands alone; expected a setting before it", word);
		else
			COMPLAIN(p, line, "\"%c\" is not expected here; expected a setting", *p->at);
		p->at += !is_quoted;
		skip_statement(p);
		erase(p, start);
		return;
	}
	skip_blanks(p);
	opt = find_opt(block->opts, word);
	if (opt)
		setting(p, block, opt, line);
	else if (!block->of && strcmp(word, "include") == 0)
		include(p, start, line);
	else
		unknown(p, block, word, line);
	if (!p->bad)
		return;
	if (!(p->at > start && (p->at[-1] == '}' || *p->at == '\n')))
		skip_statement(p);
	erase(p, start);
}

/* To the '}' of the block, or to the end of the text. */
static void block_of(struct parser *p, struct block *block)
{
	for (skip_blanks(p); *p->at; skip_blanks(p)) {
		if (*p->at == '}' && block->of)
			break;
		if (*p->at == ';') { /* libConfuse lets it separate statements nowhere */
			COMPLAIN(p, p->line, "\";\" is not expected; a setting ends with its value");
			*p->at++ = ' ';
			continue;
		}
		statement(p, block);
	}
	p->bad = false;
}

int config_syntax_check(cfg_t *cfg, const char *name, char *text, struct config_includes *includes,
	struct config_problems *problems)
{
	struct parser p = {.text = text,
		.at = text,
		.line = 1,
		.name = name,
		.includes = includes,
		.problems = problems};
	struct block file = {.opts = cfg->opts};

	block_of(&p, &file);
	forget_seen(&file.seen);
	return p.no_memory ? -ENOMEM : 0;
}

void config_includes_fini(struct config_includes *includes)
{
	for (size_t i = 0; i < includes->count; i++)
		free(includes->include[i].pattern);
	includes->count = 0;
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

int config_syntax_check_characters(
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
