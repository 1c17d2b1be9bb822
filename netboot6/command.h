/* SPDX-License-Identifier: ISC */
/*
 * The commands: which daemon each goes to, and how its answer is shown.
 */
#ifndef NB6_NETBOOT6_COMMAND_H
#define NB6_NETBOOT6_COMMAND_H

#include <jansson.h>
#include <stdbool.h>

struct command {
	const char *daemon; /* "relay", "boot" */
	const char *name;
	const char *arguments; /* for the usage, "" */
	const char *help;
	bool stream; /* lines come until the operator stops it */
	void (*show)(const json_t *answer);
	const char *pages; /* the key of its rows, where the answer comes in pages; or NULL */
	void (*show_csv)(const json_t *answer, bool is_first); /* or NULL */
};

/* NULL: there is none. */
const struct command *command_find(const char *daemon, const char *name);
void command_print_all(void);

#endif
