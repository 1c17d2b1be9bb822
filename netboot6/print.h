/* SPDX-License-Identifier: ISC */
/*
 * Answers for people: tables and lists made of the same JSON that --json
 * shows as it is.
 */
#ifndef NB6_NETBOOT6_PRINT_H
#define NB6_NETBOOT6_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A column of a table: its heading, and the key in each row's object. */
struct print_column {
	const char *heading;
	const char *key; /* "counters.forwarded" goes down into objects */
	enum print_as {
		PRINT_TEXT, /* as it is; "-" where the row has none */
		PRINT_AGE,  /* seconds since 1970, shown as "3h12m" ago */
		PRINT_LEFT, /* the same in time to come, shown as "3h12m" from now */
		PRINT_TIME, /* seconds since 1970, shown as "2026-11-22T03:31:11Z" */
		PRINT_SUM,  /* an object of numbers, shown as their sum */
	} as;
};

/* Rows are the elements of an array; columns end with a NULL heading. */
void print_table(const json_t *rows, const struct print_column *columns);

/* The same as comma-separated values (RFC 4180), the headings before the first rows only. */
void print_csv(const json_t *rows, const struct print_column *columns, bool with_headings);

/* Any JSON as indented "key: value" lines. */
void print_tree(const json_t *json, int indent);

/* "3d4h", "3h12m", "12m5s", "5s". */
void print_format_age(json_int_t seconds, char *text, size_t size);

#endif
