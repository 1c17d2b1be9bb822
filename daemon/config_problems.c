/* SPDX-License-Identifier: ISC */
#include "daemon/config_problems.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"

#define WARNING "warning: "

enum { LINES_MAX = 256 };

const char *config_file_name(const char *name)
{
	static struct file_name {
		struct file_name *next;
		char name[];
	} *first;
	struct file_name *known = first;

	while (known && strcmp(known->name, name) != 0)
		known = known->next;
	if (!known && (known = malloc(sizeof(*known) + strlen(name) + 1))) {
		strcpy(known->name, name);
		known->next = first;
		first = known;
	}
	return known ? known->name : "configuration";
}

static void add_line(struct config_problems *problems, const char *line)
{
	size_t have = strlen(problems->text);

	if (have + strlen(line) + 2 > sizeof(problems->text)) {
		problems->left_out++;
		return;
	}
	snprintf(problems->text + have, sizeof(problems->text) - have, "%s%s", have ? "\n" : "",
		line);
}

/* What stands before the text of a line: "FILE:LINE: ". Returns the line, 0 for none. */
static unsigned place_of(const char *line, size_t *file_len)
{
	const char *c = strstr(line, ": ");
	const char *digits = c;

	while (c && digits > line && isdigit((unsigned char)digits[-1]))
		digits--;
	if (!c || digits == c || digits == line || digits[-1] != ':') {
		*file_len = 0;
		return 0;
	}
	*file_len = (size_t)(digits - line);
	return (unsigned)strtoul(digits, NULL, 10);
}

static bool is_before(const char *a, const char *b)
{
	size_t a_len, b_len;
	unsigned a_line = place_of(a, &a_len), b_line = place_of(b, &b_len);

	return a_len > 0 && a_len == b_len && memcmp(a, b, a_len) == 0 && a_line < b_line;
}

void config_problems_sort(struct config_problems *problems, size_t start)
{
	char *copy = strdup(problems->text + start), *line[LINES_MAX], *rest = copy;
	size_t n = 0;

	while (copy && n < LINES_MAX && (line[n] = strsep(&rest, "\n"))) {
		size_t at = n++;

		for (char *moved = line[at]; at > 0 && *moved && is_before(moved, line[at - 1]); at--) {
			line[at] = line[at - 1];
			line[at - 1] = moved;
		}
	}
	if (copy && !rest) {
		problems->text[start] = '\0';
		for (size_t i = 0; i < n; i++)
			if (*line[i])
				add_line(problems, line[i]);
	}
	free(copy);
}

void config_problem_va(struct config_problems *problems,
	bool is_error, const char *file, unsigned line, const char *fmt, va_list ap)
{
	char what[512], text[1280], place[16] = "";

	vsnprintf(what, sizeof(what), fmt, ap);
	if (line > 0)
		snprintf(place, sizeof(place), ":%u", line);
	snprintf(text, sizeof(text), "%s%s: %s%s", file ? file : "command line", place,
		is_error ? "" : WARNING, what);
	if (is_error)
		problems->errors++;
	else
		problems->warnings++;
	add_line(problems, text);
}

const char *config_place(
	const char *file, unsigned line, const char *seen_from, char text[CONFIG_PLACE])
{
	if (strcmp(file, seen_from) == 0)
		snprintf(text, CONFIG_PLACE, "line %u", line);
	else
		snprintf(text, CONFIG_PLACE, "%s:%u", file, line);
	return text;
}

void config_problem(struct config_problems *problems, bool is_error, const char *file,
	unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	config_problem_va(problems, is_error, file, line, fmt, ap);
	va_end(ap);
}

/* A reader of a terminal or of -t wants "file:line: ...", which editors and compilers know. */
static void log_problem(const char *line, size_t len)
{
	const char *warning = memmem(line, len, ": " WARNING, strlen(": " WARNING));
	enum log_level level = warning ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR;
	size_t before = warning ? (size_t)(warning - line) + 2 : 0;

	if (log_is_plain())
		fprintf(stderr, "%.*s\n", (int)len, line);
	else if (warning)
		log_line(level, "%.*s%.*s", (int)before, line,
			(int)(len - before - strlen(WARNING)), warning + 2 + strlen(WARNING));
	else
		log_line(level, "%.*s", (int)len, line);
}

void config_log_problems(const struct config_problems *problems)
{
	const char *line = problems->text;

	while (*line) {
		size_t len = strcspn(line, "\n");

		log_problem(line, len);
		line += len + (line[len] == '\n');
	}
	if (problems->left_out > 0)
		log_error("%u more problems of the configuration are not shown", problems->left_out);
}
