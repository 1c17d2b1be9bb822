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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_text.h"
#include "daemon/log.h"

#define WARNING "warning: "

static struct config_problems *collecting;

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

static __attribute__((format(printf, 5, 0))) void add_problem(struct config_problems *problems,
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

void config_problem(struct config_problems *problems, bool is_error, const char *file,
	unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_problem(problems, is_error, file, line, fmt, ap);
	va_end(ap);
}

static __attribute__((format(printf, 2, 0))) void take_error(
	cfg_t *cfg, const char *fmt, va_list ap)
{
	if (collecting)
		add_problem(collecting, true, cfg ? cfg->filename : NULL,
			cfg ? (unsigned)cfg->line : 0, fmt, ap);
}

int config_error(cfg_t *cfg, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	take_error(cfg, fmt, ap);
	va_end(ap);
	return -1;
}

/* Not cfg_parse_buf(): it calls every text "[buf]" in its messages. */
static int parse_prepared(
	cfg_t *cfg, const char *name, char *text, struct config_problems *problems)
{
	FILE *file = fmemopen(text, strlen(text), "r");
	int rc;

	if (!file)
		return -errno;
	cfg_set_error_function(cfg, take_error);
	free(cfg->filename);
	cfg->filename = strdup(name);
	collecting = problems;
	rc = cfg_parse_fp(cfg, file);
	collecting = NULL;
	fclose(file);
	/* libConfuse is at times at a loss for words. */
	if (rc != CFG_SUCCESS && problems->errors == 0)
		config_problem(problems, true, name, (unsigned)cfg->line, "syntax error");
	return rc == CFG_SUCCESS && problems->errors == 0 ? 0 : -EINVAL;
}

/* What libConfuse lets pass. */
static int check_text(const char *name, const char *prepared, struct config_problems *problems)
{
	unsigned line = config_text_not_utf8(prepared);

	if (line > 0) {
		config_problem(problems, true, name, line, "expected text in UTF-8");
		return -EINVAL;
	}
	line = config_text_unclosed(prepared);
	if (line > 0) {
		config_problem(problems, true, name, line, "this '{' is never closed");
		return -EINVAL;
	}
	return 0;
}

int config_parse_text(
	cfg_t *cfg, const char *name, const char *text, struct config_problems *problems)
{
	char *prepared = config_text_prepare(text);
	int rc = prepared ? check_text(name, prepared, problems) : -ENOMEM;

	if (rc == 0)
		rc = parse_prepared(cfg, name, prepared, problems);
	free(prepared);
	return rc;
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

static bool host_bits_are_zero(const struct in6_addr *address, unsigned len)
{
	for (unsigned bit = len; bit < 128; bit++)
		if (address->s6_addr[bit / 8] & (0x80 >> (bit % 8)))
			return false;
	return true;
}

int config_prefix(const char *text, struct in6_addr *prefix, uint8_t *len)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	unsigned long bits;

	if (!slash || (size_t)(slash - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	if (parse_number(slash + 1, 128, &bits) < 0 || config_address(host, prefix) < 0)
		return -EINVAL;
	*len = (uint8_t)bits;
	return host_bits_are_zero(prefix, *len) ? 0 : -EINVAL;
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
