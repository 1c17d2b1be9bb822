/* SPDX-License-Identifier: ISC */
/*
 * Tables whose columns are as wide as their widest cell, CSV, and trees.
 */
#include "netboot6/print.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CELL_MAX = 160, COLUMNS_MAX = 16, VALUE_MAX = 1024 };

/* A number that fits in 64 bits, whatever the daemon sends: a cast of others is undefined. */
static long long whole(double number)
{
	if (!(number > -9e18)) /* NaN as well */
		return -9000000000000000000LL;
	return number < 9e18 ? (long long)number : 9000000000000000000LL;
}

void print_format_age(double at, double now, char *text, size_t size)
{
	static const struct {
		long long seconds;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	long long left = whole(at - now), s = left < 0 ? -left : left;
	size_t i = 0;

	/* Two of the larger unit at least: "90 min ago", not "1 h ago". */
	while (units[i].seconds > 1 && s < 2 * units[i].seconds)
		i++;
	snprintf(text, size, "%s%lld %s%s", left > 0 ? "in " : "", s / units[i].seconds,
		units[i].name, left > 0 ? "" : " ago");
}

/* The length of the UTF-8 sequence if it is a C1 control character, U+0080 to U+009F; or 0. */
static size_t c1_control(const char *from)
{
	return (uint8_t)from[0] == 0xc2 && ((uint8_t)from[1] & 0xe0) == 0x80 ? 2 : 0;
}

/* Octets of the control character at `from`; 0 if there is none. */
static size_t control_at(const char *from)
{
	uint8_t c = (uint8_t)*from;

	return (c < 0x20 && c != '\n') || c == 0x7f ? 1 : c1_control(from);
}

static bool has_control(const char *text)
{
	while (*text && control_at(text) == 0)
		text++;
	return *text != '\0';
}

/* `to` must have space for four times the text. */
static void escape_controls(const char *from, char *to)
{
	while (*from) {
		size_t control = control_at(from);

		if (control == 0)
			*to++ = *from++;
		else
			to += sprintf(to, "\\x%02x", (uint8_t)from[control - 1]);
		from += control;
	}
	*to = '\0';
}

static void clean_string(json_t *string)
{
	const char *from = json_string_value(string);
	char *clean = has_control(from) ? malloc(4 * strlen(from) + 1) : NULL;

	if (!clean)
		return;
	escape_controls(from, clean);
	json_string_set(string, clean);
	free(clean);
}

void print_clean(json_t *json)
{
	const char *key;
	json_t *value;
	size_t n;

	if (json_is_string(json))
		clean_string(json);
	json_array_foreach (json, n, value)
		print_clean(value);
	json_object_foreach (json, key, value)
		print_clean(value);
}

/* Down into objects along "a.b.c". */
static const json_t *find(const json_t *row, const char *key)
{
	char part[64];

	while (row) {
		const char *dot = strchr(key, '.');
		size_t len = dot ? (size_t)(dot - key) : strlen(key);

		if (len >= sizeof(part))
			return NULL;
		memcpy(part, key, len);
		part[len] = '\0';
		row = json_object_get(row, part);
		if (!dot)
			break;
		key = dot + 1;
	}
	return row;
}

/* A value that is no object, as text; of an array the first one. */
static void format_scalar(const json_t *value, char *text, size_t size)
{
	if (json_is_string(value))
		snprintf(text, size, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(text, size, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(text, size, "%.3f", json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(text, size, "%s", json_is_true(value) ? "yes" : "no");
	else if (json_array_size(value) > 0)
		format_scalar(json_array_get(value, 0), text, size);
	else
		snprintf(text, size, "-");
}

static json_int_t sum_of(const json_t *object)
{
	const char *key;
	json_t *value;
	uint64_t sum = 0; /* unsigned: too large a sum wraps round */

	json_object_foreach ((json_t *)(uintptr_t)object, key, value)
		sum += (uint64_t)json_integer_value(value);
	return (json_int_t)sum;
}

/* "-" for a time that no calendar has. */
static void format_time(double seconds, char *text, size_t size)
{
	json_int_t since_1970 = whole(seconds);
	time_t at = (time_t)since_1970; /* may have 32 bits */
	struct tm tm;

	if (at != since_1970 || !gmtime_r(&at, &tm) ||
		strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(text, size, "-");
}

/* Seconds since 1970 by a clock that was set. */
static double unix_now(void)
{
	return (double)time(NULL);
}

static void format_cell(
	const json_t *row, const struct print_column *column, char *text, size_t size)
{
	const json_t *value = find(row, column->key);

	if (column->as == PRINT_AGE && json_is_number(value))
		print_format_age(json_number_value(value), unix_now(), text, size);
	else if (column->as == PRINT_TIME && json_is_number(value))
		format_time(json_number_value(value), text, size);
	else if (column->as == PRINT_SUM && value)
		snprintf(text, size, "%lld", (long long)sum_of(value));
	else
		format_scalar(value, text, size);
}

static void print_row(const json_t *row, const struct print_column *columns, const int *width)
{
	char cell[CELL_MAX];

	for (int i = 0; columns[i].heading; i++) {
		if (row)
			format_cell(row, &columns[i], cell, sizeof(cell));
		else
			snprintf(cell, sizeof(cell), "%s", columns[i].heading);
		/* The last one is not padded: no blanks at the ends of lines. */
		if (columns[i + 1].heading)
			printf("%-*s  ", width[i], cell);
		else
			printf("%s\n", cell);
	}
}

void print_table(const json_t *rows, const struct print_column *columns)
{
	int width[COLUMNS_MAX] = {0};
	char cell[CELL_MAX];
	json_t *row;
	size_t n;

	for (int i = 0; columns[i].heading && i < COLUMNS_MAX; i++) {
		width[i] = (int)strlen(columns[i].heading);
		json_array_foreach (rows, n, row) {
			format_cell(row, &columns[i], cell, sizeof(cell));
			if ((int)strlen(cell) > width[i])
				width[i] = (int)strlen(cell);
		}
	}
	print_row(NULL, columns, width);
	json_array_foreach (rows, n, row)
		print_row(row, columns, width);
}

/* Quoted if the text contains a separator or a quote (RFC 4180). */
static void print_csv_cell(const char *text, char end)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		printf("%s%c", text, end);
		return;
	}
	putchar('"');
	for (; *text; text++)
		printf("%s%c", *text == '"' ? "\"" : "", *text);
	printf("\"%c", end);
}

void print_csv(const json_t *rows, const struct print_column *columns, bool with_headings)
{
	char cell[CELL_MAX * 2];
	json_t *row;
	size_t n;

	for (int i = 0; with_headings && columns[i].heading; i++)
		print_csv_cell(columns[i].heading, columns[i + 1].heading ? ',' : '\n');
	json_array_foreach (rows, n, row)
		for (int i = 0; columns[i].heading; i++) {
			format_cell(row, &columns[i], cell, sizeof(cell));
			print_csv_cell(cell, columns[i + 1].heading ? ',' : '\n');
		}
}

static bool is_of_scalars(const json_t *json)
{
	json_t *value;
	size_t n;

	if (!json_is_array(json))
		return false;
	json_array_foreach (json, n, value)
		if (json_is_object(value) || json_is_array(value))
			return false;
	return true;
}

/* "key: a, b" */
static void print_scalars(const char *key, const json_t *array, int indent)
{
	char text[VALUE_MAX];
	json_t *value;
	size_t n;

	printf("%*s%s:", indent, "", key);
	json_array_foreach (array, n, value) {
		format_scalar(value, text, sizeof(text));
		printf("%s %s", n > 0 ? "," : "", text);
	}
	printf("\n");
}

/* Keys whose numbers are seconds since 1970. */
static bool is_time(const char *key, const json_t *value)
{
	static const char *const keys[] = {
		"at", "began", "expires", "last", "last-reply", "not-after", "not-before",
		"since", "started"};

	for (size_t i = 0; json_is_number(value) && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static void print_when(const char *key, double at, int indent)
{
	char age[32], when[32];

	print_format_age(at, unix_now(), age, sizeof(age));
	format_time(at, when, sizeof(when));
	printf("%*s%s: %s (%s)\n", indent, "", key, age, when);
}

static void print_member(const char *key, const json_t *value, int indent)
{
	char text[VALUE_MAX];

	if (json_is_object(value) || json_is_array(value)) {
		if (json_object_size(value) + json_array_size(value) == 0)
			return;
		if (is_of_scalars(value)) {
			print_scalars(key, value, indent);
			return;
		}
		printf("%*s%s:\n", indent, "", key);
		print_tree(value, indent + 2);
		return;
	}
	if (is_time(key, value)) {
		print_when(key, json_number_value(value), indent);
		return;
	}
	format_scalar(value, text, sizeof(text));
	printf("%*s%s: %s\n", indent, "", key, text);
}

void print_tree(const json_t *json, int indent)
{
	const char *key;
	json_t *value;
	size_t n;

	if (json_is_object(json)) {
		json_object_foreach ((json_t *)(uintptr_t)json, key, value)
			print_member(key, value, indent);
	} else if (json_is_array(json)) {
		json_array_foreach (json, n, value) {
			if (json_is_object(value)) {
				if (n > 0)
					printf("\n");
				print_tree(value, indent);
			} else {
				print_member("-", value, indent);
			}
		}
	}
}

static bool is_nothing(const json_t *value)
{
	return (json_is_number(value) && json_number_value(value) == 0) ||
	       (json_is_object(value) && json_object_size(value) == 0);
}

void print_prune_zeros(json_t *json)
{
	const char *key;
	json_t *value;
	void *next;
	size_t n;

	json_array_foreach (json, n, value)
		print_prune_zeros(value);
	json_object_foreach_safe(json, next, key, value)
	{
		print_prune_zeros(value);
		if (is_nothing(value))
			json_object_del(json, key);
	}
}

void print_prune_nulls(json_t *json)
{
	const char *key;
	json_t *value;
	void *next;
	size_t n;

	json_array_foreach (json, n, value)
		print_prune_nulls(value);
	json_object_foreach_safe(json, next, key, value)
	{
		print_prune_nulls(value);
		if (json_is_null(value))
			json_object_del(json, key);
	}
}
