/* SPDX-License-Identifier: ISC */
/*
 * The commands: which daemon each goes to, its options and arguments, and how its answer is shown.
 */
#ifndef NB6_NETBOOT6_COMMAND_H
#define NB6_NETBOOT6_COMMAND_H

#include <jansson.h>
#include <stdbool.h>

#include "netboot6/option.h"

/* How one answer becomes text on stdout. */
typedef void command_show_fn(const json_t *answer);

struct command {
	const char *daemon; /* "relay", "boot" */
	const char *name;
	const char *argument; /* placeholder of its one argument, "MACHINE"; NULL: it has none */
	const char *help;
	option_set options; /* beside OPTION_COMMON; those that are attributes may also be */
			    /* given as words, NAME=VALUE */
	command_show_fn *show;
	bool is_stream;    /* answers come until the operator stops it */
	bool is_tls;       /* tls_command.h runs it */
	const char *pages; /* the key of its rows, if the answer comes in pages; or NULL */
	void (*show_csv)(const json_t *answer, bool is_first); /* or NULL */
};

/* Ends with a row whose daemon is NULL. */
extern const struct command command_table[];

/* NULL: there is none. */
const struct command *command_find(const char *daemon, const char *name);

/* Whether the command has this option. */
bool command_has(const struct command *command, enum option_id id);

#endif
