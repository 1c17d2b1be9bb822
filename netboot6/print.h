/* SPDX-License-Identifier: ISC */
/*
 * Answers as text for people: tables and lists, made from the same JSON that --json shows
 * unchanged. No value that a daemon sends, however absurd, is undefined behaviour here.
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
		PRINT_TEXT, /* unchanged; "-" if the row has no such key */
		PRINT_AGE,  /* seconds since 1970, shown as "3 h ago" or "in 3 h" */
		PRINT_TIME, /* seconds since 1970, shown as "2026-11-22T03:31:11Z" */
		PRINT_SUM,  /* an object of numbers, shown as their sum */
	} as;
};

/* Rows are the elements of an array; columns end with a NULL heading. */
void print_table(const json_t *rows, const struct print_column *columns);

/* The same as comma-separated values (RFC 4180), the headings before the first rows only. */
void print_csv(const json_t *rows, const struct print_column *columns, bool with_headings);

/*
 * Any JSON as indented "key: value" lines. Values of keys that are times ("since", "last", ...)
 * are shown as "3 h ago (2026-11-22T03:31:11Z)".
 */
void print_tree(const json_t *json, int indent);

/*
 * Delete, at any depth, numbers that are zero and objects that are empty or become so, but no
 * element of an array. Shown are then the counters that say something.
 */
void print_prune_zeros(json_t *json);

/* Delete, at any depth, what is unknown or not set (null), but no element of an array. */
void print_prune_nulls(json_t *json);

/* "5 s ago", "12 min ago", "3 h ago", "9 d ago" for `at` before `now`; "in 5 s" ... after it. */
void print_format_age(double at, double now, char *text, size_t size);

/*
 * Replace control characters in all strings by \xNN, in place, but leave line feeds: names of
 * links, hosts and files may come from strangers, who must not control the terminal.
 */
void print_clean(json_t *json);

#endif
