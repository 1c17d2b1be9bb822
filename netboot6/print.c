/* SPDX-License-Identifier: ISC */
/*
 * Tables with columns as wide as what stands in them, and trees.
 */
#include "netboot6/print.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { CELL_MAX = 160, COLUMNS_MAX = 16 };

void print_format_age(json_int_t s, char *text, size_t size)
{
	if (s < 0)
		s = 0;
	if (s >= 86400)
		snprintf(text, size, "%lldd%lldh", (long long)(s / 86400),
			(long long)(s % 86400 / 3600));
	else if (s >= 3600)
		snprintf(text, size, "%lldh%lldm", (long long)(s / 3600),
			(long long)(s % 3600 / 60));
	else if (s >= 60)
		snprintf(text, size, "%lldm%llds", (long long)(s / 60), (long long)(s % 60));
	else
		snprintf(text, size, "%llds", (long long)s);
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
	json_int_t sum = 0;

	json_object_foreach ((json_t *)(uintptr_t)object, key, value)
		sum += json_integer_value(value);
	return sum;
}

static void format_time(time_t at, char *text, size_t size)
{
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void format_cell(
	const json_t *row, const struct print_column *column, char *text, size_t size)
{
	const json_t *value = find(row, column->key);

	if (column->as == PRINT_AGE && value)
		print_format_age(
			(json_int_t)time(NULL) - (json_int_t)json_number_value(value), text, size);
	else if (column->as == PRINT_LEFT && value)
		print_format_age(
			(json_int_t)json_number_value(value) - (json_int_t)time(NULL), text, size);
	else if (column->as == PRINT_TIME && value)
		format_time((time_t)json_number_value(value), text, size);
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

/* In quotes where the text has what would be taken for something else. */
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
	char text[1024];
	json_t *value;
	size_t n;

	printf("%*s%s:", indent, "", key);
	json_array_foreach (array, n, value) {
		format_scalar(value, text, sizeof(text));
		printf("%s %s", n > 0 ? "," : "", text);
	}
	printf("\n");
}

static void print_member(const char *key, const json_t *value, int indent)
{
	char text[1024];

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
