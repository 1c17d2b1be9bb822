/* SPDX-License-Identifier: ISC */
/*
 * Configuration files: errors that name their line, and the values that both
 * daemons have in theirs.
 *
 * libConfuse gives its error callback no argument of ours; the problems being
 * collected are therefore static for the length of one parse.
 */
#include "daemon/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_syntax.h"
#include "daemon/config_text.h"

enum { INCLUDE_DEPTH = 8 };

static struct config_problems *collecting;
static bool has_syntax_errors;
static char last_error[2048]; /* of a validator, with its section */

bool config_has_errors(void)
{
	return collecting && collecting->errors > 0;
}

static __attribute__((format(printf, 2, 0))) void take_error(
	cfg_t *cfg, const char *fmt, va_list ap)
{
	if (collecting)
		config_problem_va(collecting, true, cfg ? cfg->filename : NULL,
			cfg ? (unsigned)cfg->line : 0, fmt, ap);
}

bool config_has_syntax_errors(void)
{
	return has_syntax_errors;
}

/* libConfuse checks the last value of a list twice: when it is read and when the list ends. */
static bool is_repeated(const cfg_t *cfg, const char *what)
{
	const char *title = cfg_title((cfg_t *)(uintptr_t)cfg);
	char text[sizeof(last_error)];

	snprintf(text, sizeof(text), "%s: %s: %s", cfg->filename ? cfg->filename : "",
		title ? title : "", what);
	if (strcmp(text, last_error) == 0)
		return true;
	strcpy(last_error, text);
	return false;
}

int config_error(cfg_t *cfg, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (collecting && !is_repeated(cfg, what))
		config_problem(collecting, true, cfg->filename, (unsigned)cfg->line, "%s", what);
	return 0; /* else libConfuse would not read on */
}

/*
 * One part of a text: from `start` to `end`, with as many lines before it. Not cfg_parse_buf(): it
 * calls every text "[buf]" in its messages.
 */
static int parse_part(cfg_t *cfg, const char *name, const char *text, size_t start, size_t end,
	struct config_problems *problems)
{
	unsigned errors = problems->errors;
	char *part = strndup(text, end);
	FILE *file;
	int rc;

	if (!part)
		return -ENOMEM;
	for (size_t i = 0; i < start; i++)
		if (part[i] != '\n')
			part[i] = ' ';
	file = *part ? fmemopen(part, strlen(part), "r") : NULL;
	if (!file) {
		free(part);
		return end == 0 ? 0 : -ENOMEM;
	}
	free(cfg->filename);
	cfg->filename = strdup(name);
	collecting = problems;
	rc = cfg_parse_fp(cfg, file);
	collecting = NULL;
	fclose(file);
	free(part);
	/* libConfuse reports some errors without a message. */
	if (rc != CFG_SUCCESS && problems->errors == errors)
		config_problem(problems, true, name, (unsigned)cfg->line, "syntax error");
	return 0;
}

static int parse_files(cfg_t *cfg, const char *name, const struct config_include *include,
	unsigned depth, struct config_problems *problems);

/* The text before each `include`, then the files, then what is behind it: rules keep their order.
 */
static int parse_parts(cfg_t *cfg, const char *name, const char *text,
	const struct config_includes *includes, unsigned depth, struct config_problems *problems)
{
	size_t start = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < includes->count; i++) {
		rc = parse_part(cfg, name, text, start, includes->include[i].start, problems);
		if (rc == 0)
			rc = parse_files(cfg, name, &includes->include[i], depth + 1, problems);
		start = includes->include[i].end;
	}
	return rc < 0 ? rc : parse_part(cfg, name, text, start, strlen(text), problems);
}

/* What would make nonsense of the rest of the file. */
static int check_text(const char *name, const char *prepared, struct config_problems *problems)
{
	unsigned line = config_text_not_utf8(prepared);

	if (line > 0) {
		config_problem(problems, true, name, line, "there is an octet that is no UTF-8 text, or is NUL; save the file as UTF-8");
		return -EINVAL;
	}
	if (config_syntax_check_characters(name, prepared, problems) < 0)
		return -EINVAL;
	line = config_text_unclosed_quote(prepared);
	if (line > 0) {
		config_problem(problems, true, name, line, "this quote is never closed");
		return -EINVAL;
	}
	line = config_text_unclosed(prepared);
	if (line > 0) {
		config_problem(problems, true, name, line, "this \"{\" is never closed");
		return -EINVAL;
	}
	return 0;
}

static int parse_text(cfg_t *cfg, const char *name, const char *text, unsigned depth,
	struct config_problems *problems)
{
	struct config_includes *includes = calloc(1, sizeof(*includes));
	char *prepared = config_text_prepare(text);
	int rc = prepared && includes ? 0 : -ENOMEM;

	if (rc == 0 && check_text(name, prepared, problems) == 0) {
		unsigned errors = problems->errors;

		rc = config_syntax_check(cfg, name, prepared, includes, problems);
		has_syntax_errors |= problems->errors > errors;
		if (rc == 0)
			rc = parse_parts(cfg, name, prepared, includes, depth, problems);
		config_includes_fini(includes);
	}
	free(includes);
	free(prepared);
	return rc;
}

/* Relative to the directory of the file that includes. */
static char *pattern_path(const char *name, const char *pattern)
{
	const char *slash = strrchr(name, '/');
	char *path;

	if (*pattern == '/' || !slash)
		return strdup(pattern);
	return asprintf(&path, "%.*s%s", (int)(slash + 1 - name), name, pattern) < 0 ? NULL : path;
}

static int parse_files(cfg_t *cfg, const char *name, const struct config_include *include,
	unsigned depth, struct config_problems *problems)
{
	char *path = pattern_path(name, include->pattern);
	glob_t found = {0};
	int rc = path ? 0 : -ENOMEM;

	if (depth > INCLUDE_DEPTH) {
		config_problem(problems, true, name, include->line,
			"include: files include each other more than %d deep", INCLUDE_DEPTH);
		rc = rc < 0 ? rc : -ELOOP; /* read no more: such files multiply with each level */
	} else if (path && glob(path, 0, NULL, &found) == 0) {
		for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++) {
			char *text;

			if (config_read(found.gl_pathv[i], &text, problems) == 0)
				rc = parse_text(cfg, found.gl_pathv[i], text, depth, problems);
			free(text);
		}
	} else if (path && !strpbrk(path, "*?[")) {
		config_problem(problems, true, name, include->line,
			"include: there is no file \"%s\"; expected one, or a pattern, which may "
			"match none, for example include \"conf.d/*.conf\"",
			path);
	}
	globfree(&found);
	free(path);
	return rc;
}

int config_parse_text(
	cfg_t *cfg, const char *name, const char *text, struct config_problems *problems)
{
	unsigned errors = problems->errors;
	size_t start = strlen(problems->text);
	int rc;

	cfg_set_error_function(cfg, take_error);
	has_syntax_errors = false;
	*last_error = '\0';
	rc = parse_text(cfg, name, text, 0, problems);
	config_problems_sort(problems, start);
	if (rc < 0 && rc != -ELOOP)
		return rc;
	return problems->errors > errors ? -EINVAL : 0;
}

int config_read(const char *path, char **text, struct config_problems *problems)
{
	int rc = config_text_read(path, text);

	if (rc < 0)
		config_problem(problems, true, path, 0, "cannot be read: %s", strerror(-rc));
	return rc;
}

int config_parse(cfg_t *cfg, const char *path, struct config_problems *problems)
{
	char *text;
	int rc = config_read(path, &text, problems);

	if (rc == 0)
		rc = config_parse_text(cfg, path, text, problems);
	free(text);
	return rc;
}

int config_address(const char *text, struct in6_addr *address)
{
	return inet_pton(AF_INET6, text, address) == 1 ? 0 : -EINVAL;
}

static int parse_number(const char *text, unsigned long most, unsigned long *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoul(text, &end, 10);
	return errno || *end || *value > most ? -EINVAL : 0;
}

int config_endpoint(const char *text, uint16_t default_port, struct sockaddr_in6 *endpoint)
{
	char host[INET6_ADDRSTRLEN];
	const char *close = strchr(text, ']');
	unsigned long port = default_port;
	size_t len;

	*endpoint = (struct sockaddr_in6){.sin6_family = AF_INET6};
	if (*text != '[') {
		endpoint->sin6_port = htons(default_port);
		return config_address(text, &endpoint->sin6_addr);
	}
	len = close ? (size_t)(close - text - 1) : sizeof(host);
	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text + 1, len);
	host[len] = '\0';
	if (close[1] == ':') {
		if (parse_number(close + 2, UINT16_MAX, &port) < 0 || port == 0)
			return -EINVAL;
	} else if (close[1]) {
		return -EINVAL;
	}
	endpoint->sin6_port = htons((uint16_t)port);
	return config_address(host, &endpoint->sin6_addr);
}

static unsigned long seconds_per(char unit)
{
	switch (unit) {
	case '\0':
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	default:
		return 0;
	}
}

int config_duration(const char *text, uint32_t *seconds)
{
	char number[11];
	size_t digits = strspn(text, "0123456789");
	unsigned long value, unit;

	if (digits == 0 || digits >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, digits);
	number[digits] = '\0';
	unit = seconds_per(text[digits]);
	if (unit == 0 || (text[digits] && text[digits + 1]) ||
		parse_number(number, UINT32_MAX - 1, &value) < 0)
		return -EINVAL;
	if (value == 0 || value > (UINT32_MAX - 1) / unit)
		return -EINVAL;
	*seconds = (uint32_t)(value * unit);
	return 0;
}
