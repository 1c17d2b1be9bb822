/* SPDX-License-Identifier: ISC */
/*
 * Two trees: the kinds of settings, made once from the tables with a place for check functions, and
 * the sections that a file has, each with one setting for each kind.
 */
#include "daemon/config_tree.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_parse.h"

struct config_kinds {
	unsigned count;
	struct config_kind *kind;
};

struct config_kind {
	const struct config_def *def;
	config_check_fn *check;
	struct config_kinds inner;
};

/* --- kinds ---------------------------------------------------------------------------------- */

static void free_kinds(struct config_kinds *kinds)
{
	for (unsigned i = 0; i < kinds->count; i++)
		free_kinds(&kinds->kind[i].inner);
	free(kinds->kind);
}

/* False: no memory; what was made is to be freed all the same. */
static bool make_kinds(struct config_kinds *kinds, const struct config_def *defs)
{
	unsigned count = 0;

	while (defs[count].name)
		count++;
	kinds->kind = calloc(count + 1, sizeof(*kinds->kind));
	if (!kinds->kind)
		return false;
	for (; kinds->count < count; kinds->count++)
		kinds->kind[kinds->count].def = &defs[kinds->count];
	for (unsigned i = 0; i < count; i++)
		if (defs[i].inner && !make_kinds(&kinds->kind[i].inner, defs[i].inner))
			return false;
	return true;
}

static struct config_kind *find_kind(struct config_kinds *kinds, const char *name, size_t len)
{
	for (unsigned i = 0; i < kinds->count; i++)
		if (strlen(kinds->kind[i].def->name) == len &&
			memcmp(kinds->kind[i].def->name, name, len) == 0)
			return &kinds->kind[i];
	return NULL;
}

void config_set_check(struct config_section *file, const char *path, config_check_fn *check)
{
	struct config_kinds *kinds = file->parse->kinds;
	struct config_kind *kind;
	size_t len;

	do {
		len = strcspn(path, "|");
		kind = find_kind(kinds, path, len);
		assert(kind);
		kinds = &kind->inner;
		path += len + (path[len] == '|');
	} while (*path);
	kind->check = check;
}

const struct config_def *config_def_of(const struct config_setting *setting)
{
	return setting->kind->def;
}

/* --- sections ------------------------------------------------------------------------------- */

static struct config_section *new_section(
	const struct config_kinds *kinds, const char *name, struct config_parse *parse)
{
	struct config_section *section =
		calloc(1, sizeof(*section) + kinds->count * sizeof(section->setting[0]));

	if (!section)
		return NULL;
	section->name = name;
	section->parse = parse;
	section->settings = kinds->count;
	for (unsigned i = 0; i < kinds->count; i++) {
		section->setting[i].kind = &kinds->kind[i];
		section->setting[i].name = kinds->kind[i].def->name;
		section->setting[i].number = kinds->kind[i].def->number;
	}
	return section;
}

static void free_section(struct config_section *section)
{
	for (unsigned i = 0; i < section->settings; i++)
		config_clear(&section->setting[i]);
	free(section->title);
	free(section);
}

void config_clear(struct config_setting *setting)
{
	for (unsigned i = 0; i < setting->count; i++)
		if (setting->kind->def->type == CONFIG_IS_SECTION)
			free_section(setting->section[i]);
		else
			free(setting->text[i]);
	free(setting->text);
	setting->text = NULL;
	setting->count = 0;
}

struct config_section *config_new(const struct config_def *defs)
{
	struct config_parse *parse = calloc(1, sizeof(*parse));
	struct config_section *file = NULL;

	if (!parse)
		return NULL;
	parse->kinds = calloc(1, sizeof(*parse->kinds));
	if (parse->kinds && make_kinds(parse->kinds, defs))
		file = new_section(parse->kinds, "", parse);
	if (file)
		return file;
	if (parse->kinds)
		free_kinds(parse->kinds);
	free(parse->kinds);
	free(parse);
	return NULL;
}

void config_free(struct config_section *file)
{
	struct config_parse *parse;

	if (!file)
		return;
	parse = file->parse;
	free_section(file);
	free_kinds(parse->kinds);
	free(parse->kinds);
	free(parse);
}

void config_set_arg(struct config_section *file, void *arg)
{
	file->parse->arg = arg;
}

void *config_arg(const struct config_section *section)
{
	return section->parse->arg;
}

/* --- adding --------------------------------------------------------------------------------- */

struct config_setting *config_find(struct config_section *section, const char *name)
{
	for (unsigned i = 0; i < section->settings; i++)
		if (strcmp(section->setting[i].name, name) == 0)
			return &section->setting[i];
	return NULL;
}

/* Room for one more pointer: the array doubles at 0, 1, 2, 4, ... */
static int make_room(struct config_setting *setting)
{
	unsigned n = setting->count;
	char **more;

	if (n & (n - 1))
		return 0;
	more = realloc(setting->text, (n ? 2 * (size_t)n : 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	setting->text = more;
	return 0;
}

int config_add_text(struct config_setting *setting, const char *text)
{
	char *copy = make_room(setting) == 0 ? strdup(text) : NULL;

	if (!copy)
		return -ENOMEM;
	setting->text[setting->count++] = copy;
	setting->is_set = true;
	return 0;
}

int config_add_section(struct config_section *around, struct config_setting *setting,
	const char *title, const char *file, unsigned line)
{
	struct config_section *section =
		make_room(setting) == 0
			? new_section(&setting->kind->inner, setting->name, around->parse)
			: NULL;

	if (!section)
		return -ENOMEM;
	section->file = file;
	section->line = line;
	section->title = title ? strdup(title) : NULL;
	if (title && !section->title) {
		free_section(section);
		return -ENOMEM;
	}
	setting->section[setting->count++] = section;
	setting->is_set = true;
	return 0;
}

int config_check(struct config_section *section, struct config_setting *setting)
{
	return setting->kind->check ? setting->kind->check(section, setting) : 0;
}

/* --- reading -------------------------------------------------------------------------------- */

static const struct config_setting *get(const struct config_section *section, const char *name)
{
	for (unsigned i = 0; i < section->settings; i++)
		if (strcmp(section->setting[i].name, name) == 0)
			return &section->setting[i];
	assert(!"the table has this setting");
	return NULL;
}

bool config_is_set(const struct config_section *section, const char *name)
{
	return get(section, name)->is_set;
}

unsigned config_count(const struct config_section *section, const char *name)
{
	const struct config_setting *setting = get(section, name);

	return setting->is_set ? setting->count : setting->kind->def->text != NULL;
}

const char *config_text(const struct config_section *section, const char *name)
{
	return config_text_at(section, name, 0);
}

const char *config_text_at(const struct config_section *section, const char *name, unsigned i)
{
	const struct config_setting *setting = get(section, name);

	if (!setting->is_set)
		return setting->kind->def->text;
	return i < setting->count ? setting->text[i] : NULL;
}

long config_number(const struct config_section *section, const char *name)
{
	return get(section, name)->number;
}

bool config_bool(const struct config_section *section, const char *name)
{
	return get(section, name)->number != 0;
}

struct config_section *config_section_at(
	const struct config_section *section, const char *name, unsigned i)
{
	const struct config_setting *setting = get(section, name);

	assert(i < setting->count);
	return setting->section[i];
}

const char *config_last_text(const struct config_setting *setting)
{
	return setting->count > 0 ? setting->text[setting->count - 1] : NULL;
}

struct config_section *config_last_section(const struct config_setting *setting)
{
	return setting->section[setting->count - 1];
}
