/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a configuration: collected while it is read, so that -t, the start and a reload
 * all say the same, each as "FILE:LINE: setting: what is wrong; what is expected".
 */
#ifndef NB6_DAEMON_CONFIG_PROBLEMS_H
#define NB6_DAEMON_CONFIG_PROBLEMS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* What was found, one line each, in the order of finding; of those that do not fit the number. */
struct config_problems {
	unsigned errors, warnings; /* all of them */
	unsigned left_out;         /* of the text */
	char text[8192];
};

/* A copy of a file's name that lives as long as the process: sections keep where they stand. */
const char *config_file_name(const char *name);

/* Note what is wrong at this place; file NULL: the command line; line 0: the file as a whole. */
void config_problem(struct config_problems *problems, bool is_error, const char *file,
	unsigned line, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void config_problem_va(struct config_problems *problems, bool is_error, const char *file,
	unsigned line, const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

/*
 * Put the lines from this offset of the text in the order of their file: the syntax of a whole file is
 * checked before its values.
 */
void config_problems_sort(struct config_problems *problems, size_t start);

/* "line 7", or "FILE:7" if that is another file than `seen_from`: for a second place in a message. */
enum { CONFIG_PLACE = 256 };
const char *config_place(
	const char *file, unsigned line, const char *seen_from, char text[CONFIG_PLACE]);

/*
 * Write every problem to the log; before log_started() to stderr without a time, if that is
 * where the log goes.
 */
void config_log_problems(const struct config_problems *problems);

#endif
