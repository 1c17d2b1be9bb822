/* SPDX-License-Identifier: ISC */
/*
 * libConfuse cannot parse `option "NAME" = value`, so the text is rewritten into sections before it
 * is parsed. Each line stays a line, so that errors name the right one. The rewriting follows
 * libConfuse's lexer: comments, two kinds of strings, words.
 */
#include "bootd/config/conf_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"

enum { VALUES_MAX = 64 };

/* --- rewriting ----------------------------------------------------------------------- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_-.:/", c));
}

/* Behind the string, comment, word or single character that starts here. */
static const char *skip_token(const char *at)
{
	const char *end;

	if (*at == '"' || *at == '\'') {
		for (end = at + 1; *end && *end != *at; end++)
			if (*end == '\\' && end[1])
				end++;
		return *end ? end + 1 : end;
	}
	if (*at == '#' || (at[0] == '/' && at[1] == '/'))
		return at + strcspn(at, "\n");
	if (at[0] == '/' && at[1] == '*') {
		end = strstr(at + 2, "*/");
		return end ? end + 2 : at + strlen(at);
	}
	if (is_word(*at)) {
		for (end = at; is_word(*end); end++)
			;
		return end;
	}
	return at + 1;
}

static const char *skip_space(const char *at)
{
	while (isspace((unsigned char)*at) || *at == '#' || (at[0] == '/' && at[1] == '/') ||
		(at[0] == '/' && at[1] == '*'))
		at = isspace((unsigned char)*at) ? at + 1 : skip_token(at);
	return at;
}

/* Behind a value: a list in braces, or one token. */
static const char *skip_value(const char *at)
{
	at = skip_space(at);
	if (*at != '{')
		return *at ? skip_token(at) : at;
	for (at++; *at && *at != '}';)
		at = skip_token(at);
	return *at ? at + 1 : at;
}

/* At `option "NAME" = `: where the '=' is; else NULL. */
static const char *find_equals(const char *word, const char *end)
{
	const char *at;

	if (end - word != 6 || strncmp(word, "option", 6) != 0)
		return NULL;
	at = skip_space(end);
	if (*at != '"' && *at != '\'')
		return NULL;
	at = skip_space(skip_token(at));
	return *at == '=' ? at : NULL;
}

static void copy(FILE *to, const char *from, const char *end)
{
	fwrite(from, 1, (size_t)(end - from), to);
}

char *conf_option_rewrite(const char *text)
{
	char *result = NULL;
	size_t len;
	FILE *to = open_memstream(&result, &len);

	if (!to)
		return NULL;
	while (*text) {
		const char *end = skip_token(text), *equals = find_equals(text, end), *value_end;

		if (equals) {
			value_end = skip_value(equals + 1);
			copy(to, text, equals);
			fputs("{ value =", to);
			copy(to, equals + 1, value_end);
			fputs(" }", to);
			end = value_end;
		} else {
			copy(to, text, end);
		}
		text = end;
	}
	if (fclose(to) == 0)
		return result;
	free(result);
	return NULL;
}

/* --- checking and building ------------------------------------------------------------ */

cfg_opt_t conf_option_settings[] = {
	CFG_STR_LIST("value", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static unsigned read_values(cfg_t *section, const char *value[VALUES_MAX])
{
	unsigned values = cfg_size(section, "value");

	for (unsigned i = 0; i < values && i < VALUES_MAX; i++)
		value[i] = cfg_getnstr(section, "value", i);
	return values < VALUES_MAX ? values : VALUES_MAX;
}

static int name_error(cfg_t *cfg, const char *name, int rc)
{
	char known[512] = "";
	size_t len = 0;

	if (rc == -EPERM)
		return config_error(
			cfg, "option \"%s\": the server makes this option itself", name);
	for (unsigned i = 0; dhcp6_option_row(i) && len < sizeof(known); i++)
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", i ? ", " : "",
			dhcp6_option_row(i)->name);
	return config_error(
		cfg, "option \"%s\": unknown; expected a number, or one of %s", name, known);
}

int conf_option_section(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	const char *name = cfg_title(section), *value[VALUES_MAX];
	unsigned values = read_values(section, value), bad;
	struct dhcp6_option_type type;
	struct option_set set = {0};
	int rc = dhcp6_option_type_of(name, &type);

	if (rc < 0)
		return name_error(cfg, name, rc);
	rc = option_set_add(&set, &type, value, values, &bad);
	option_set_fini(&set);
	if (rc == -ENOSPC)
		return config_error(cfg, "option \"%s\": its values take more than %d octets", name,
			OPTION_SET_MAX);
	if (rc == -EINVAL && values == 0)
		return config_error(cfg, "option \"%s\": no value; expected %s", name,
			dhcp6_option_expected(&type));
	if (rc == -EINVAL)
		return config_error(cfg, "option \"%s\" = \"%s\": expected %s", name, value[bad],
			dhcp6_option_expected(&type));
	return rc;
}

int conf_options_build(cfg_t *cfg, struct option_set *set)
{
	int rc = 0;

	for (unsigned i = 0; rc >= 0 && i < cfg_size(cfg, "option"); i++) {
		cfg_t *section = cfg_getnsec(cfg, "option", i);
		struct dhcp6_option_type type;
		const char *value[VALUES_MAX];
		unsigned values = read_values(section, value), bad;

		rc = dhcp6_option_type_of(cfg_title(section), &type);
		if (rc == 0)
			rc = option_set_add(set, &type, value, values, &bad);
	}
	return rc;
}
