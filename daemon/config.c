/* SPDX-License-Identifier: ISC */
/*
 * Configuration files: errors that name their line, files that include others, and the values that
 * both daemons have in theirs.
 */
#include "daemon/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_parse.h"
#include "daemon/config_text.h"

enum { INCLUDE_DEPTH = 8 };

bool config_has_errors(const struct config_section *section)
{
	return section->parse->problems->errors > section->parse->errors_before;
}

bool config_has_syntax_errors(const struct config_section *section)
{
	return section->parse->has_syntax_errors;
}

int config_error(struct config_section *section, const char *fmt, ...)
{
	const struct config_parse *parse = section->parse;
	va_list ap;

	va_start(ap, fmt);
	config_problem_va(parse->problems, true, parse->file, parse->line, fmt, ap);
	va_end(ap);
	return 0; /* else reading would end here */
}

/* What would make nonsense of the rest of the file. */
static int check_text(const char *name, const char *prepared, struct config_problems *problems)
{
	unsigned line = config_text_not_utf8(prepared);

	if (line > 0) {
		config_problem(problems, true, name, line, "there is an octet that is no UTF-8 text, or is NUL; save the file as UTF-8");
		return -EINVAL;
	}
	if (config_text_check_characters(name, prepared, problems) < 0)
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

static int include(struct config_section *file, const char *name, unsigned line,
	const char *pattern, unsigned depth);

static int parse_text(
	struct config_section *file, const char *name, const char *text, unsigned depth)
{
	char *prepared = config_text_prepare(text);
	int rc = prepared ? 0 : -ENOMEM;

	if (rc == 0 && check_text(name, prepared, file->parse->problems) == 0)
		rc = config_parser_run(file, name, prepared, depth, include);
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

static int include(struct config_section *file, const char *name, unsigned line,
	const char *pattern, unsigned depth)
{
	struct config_problems *problems = file->parse->problems;
	char *path = pattern_path(name, pattern);
	glob_t found = {0};
	int rc = path ? 0 : -ENOMEM;

	if (depth > INCLUDE_DEPTH) {
		config_problem(problems, true, name, line,
			"include: files include each other more than %d deep", INCLUDE_DEPTH);
		rc = rc < 0 ? rc : -ELOOP; /* read no more: such files multiply with each level */
	} else if (path && glob(path, 0, NULL, &found) == 0) {
		for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++) {
			char *text;

			if (config_read(found.gl_pathv[i], &text, problems) == 0)
				rc = parse_text(file, config_file_name(found.gl_pathv[i]), text,
					depth);
			free(text);
		}
	} else if (path && !strpbrk(path, "*?[")) {
		config_problem(problems, true, name, line,
			"include: there is no file \"%s\"; expected one, or a pattern, which may "
			"match none, for example include \"conf.d/*.conf\"",
			path);
	}
	globfree(&found);
	free(path);
	return rc;
}

int config_parse_text(struct config_section *file, const char *name, const char *text,
	struct config_problems *problems)
{
	struct config_parse *parse = file->parse;
	unsigned errors = problems->errors;
	size_t start = strlen(problems->text);
	int rc;

	parse->problems = problems;
	parse->errors_before = errors;
	file->file = name;
	rc = parse_text(file, name, text, 0);
	config_parser_forget(&parse->seen);
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

int config_parse(
	struct config_section *file, const char *path, struct config_problems *problems)
{
	char *text;
	int rc = config_read(path, &text, problems);

	if (rc == 0)
		rc = config_parse_text(file, path, text, problems);
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
