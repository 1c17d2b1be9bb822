/* SPDX-License-Identifier: ISC */
/*
 * What the command says about itself: help, what is wrong with a command line and which name was
 * probably meant, and completions for shells. All of it comes from the tables of commands and
 * options, so that none of them can say something else.
 */
#ifndef NB6_NETBOOT6_USAGE_H
#define NB6_NETBOOT6_USAGE_H

#include "netboot6/command.h"

/* All commands and common options, on stdout. */
void usage_print(void);

/* The commands of "relay" or "boot", on stdout. Returns 0, or -EINVAL for another name. */
int usage_print_daemon(const char *daemon);

/* One command with its options, on stdout. */
void usage_print_command(const struct command *command);

/* These explain on stderr what is wrong, with the nearest known name or all of them. */
void usage_unknown_daemon(const char *daemon);
void usage_unknown_command(const char *daemon, const char *name);
/* `option` has its dashes; `command` NULL: not known. */
void usage_unknown_option(const struct command *command, const char *option);
void usage_wrong_option(const struct command *command, enum option_id option);

/* The completion script of "bash", "zsh" or "fish", on stdout. Returns 0, or -EINVAL. */
int usage_print_completion(const char *shell);

#endif
