/* SPDX-License-Identifier: ISC */
/*
 * Help and hints, made from command_table and option_table.
 */
#include "netboot6/usage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/paths.h"
#include "util/nearest.h"

static const char *const daemons[] = {"relay", "boot"};

/* --- help ------------------------------------------------------------------------- */

static void print_option(enum option_id id)
{
	const struct option_row *row = &option_table[id];
	char left[40];

	snprintf(left, sizeof(left), "--%s%s%s", row->name, row->value ? " " : "",
		row->value ? row->value : "");
	printf("  %-22s %s\n", left, row->help);
}

/* `daemon` NULL: of both. */
static void print_commands(const char *daemon)
{
	char left[40];

	for (const struct command *c = command_table; c->daemon; c++) {
		if (daemon && strcmp(c->daemon, daemon) != 0)
			continue;
		snprintf(left, sizeof(left), "%s %s%s%s", c->daemon, c->name,
			c->argument ? " " : "", c->argument ? c->argument : "");
		printf("  %-22s %s\n", left, c->help);
	}
}

int usage_print_daemon(const char *daemon)
{
	if (strcmp(daemon, "relay") != 0 && strcmp(daemon, "boot") != 0)
		return -EINVAL;
	printf("usage: netboot6 %s COMMAND [OPTION...] [ARGUMENT]\n\n", daemon);
	print_commands(daemon);
	printf("\n\"netboot6 help %s COMMAND\" lists the options of a command.\n", daemon);
	return 0;
}

void usage_print(void)
{
	printf("usage: netboot6 relay|boot COMMAND [OPTION...] [ARGUMENT]\n"
	       "       netboot6 doctor [--json]\n"
	       "       netboot6 help [relay|boot [COMMAND]]\n"
	       "       netboot6 completion bash|zsh|fish\n\n"
	       "  %-22s %s\n",
		"doctor", "what is wrong with the daemons of this machine, worst first");
	print_commands(NULL);
	printf("\nOptions of all commands:\n");
	for (enum option_id id = 0; id < OPTIONS; id++)
		if (OPTION_COMMON & OPTION_BIT(id))
			print_option(id);
	printf("\nControl sockets:\n  %-22s %s\n  %-22s %s\n", "relay", PATH_RELAYD_CONTROL, "boot",
		PATH_BOOTD_CONTROL);
}

void usage_print_command(const struct command *command)
{
	printf("usage: netboot6 %s %s [OPTION...]%s%s\n\n%s\n\n", command->daemon, command->name,
		command->argument ? " " : "", command->argument ? command->argument : "",
		command->help);
	for (enum option_id id = 0; id < OPTIONS; id++)
		if (command_has(command, id))
			print_option(id);
}

/* --- what is wrong ---------------------------------------------------------------- */

static void print_nearest(const struct nearest *nearest, const char *before)
{
	if (nearest->name)
		fprintf(stderr, "; did you mean \"%s%s\"?", before, nearest->name);
}

void usage_unknown_daemon(const char *daemon)
{
	struct nearest nearest = {.wanted = daemon};

	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
		nearest_offer(&nearest, daemons[i]);
	nearest_offer(&nearest, "doctor");
	nearest_offer(&nearest, "help");
	nearest_offer(&nearest, "completion");
	fprintf(stderr, "netboot6: \"%s\" is unknown", daemon);
	print_nearest(&nearest, "");
	fprintf(stderr, "\nExpected relay or boot, and a command: netboot6 help lists them.\n");
}

void usage_unknown_command(const char *daemon, const char *name)
{
	struct nearest nearest = {.wanted = name};

	for (const struct command *c = command_table; c->daemon; c++)
		if (strcmp(c->daemon, daemon) == 0)
			nearest_offer(&nearest, c->name);
	if (*name) {
		fprintf(stderr, "netboot6: %s has no command \"%s\"", daemon, name);
		print_nearest(&nearest, "");
	} else {
		fprintf(stderr, "netboot6: expected a command after \"%s\"", daemon);
	}
	fprintf(stderr, "\nCommands of %s:", daemon);
	for (const struct command *c = command_table; c->daemon; c++)
		if (strcmp(c->daemon, daemon) == 0)
			fprintf(stderr, " %s", c->name);
	fprintf(stderr, "\n");
}

static void print_options_of(const struct command *command)
{
	for (enum option_id id = 0; id < OPTIONS; id++)
		if (command_has(command, id))
			fprintf(stderr, " --%s", option_table[id].name);
	fprintf(stderr, "\n");
}

void usage_unknown_option(const struct command *command, const char *option)
{
	size_t dashes = strspn(option, "-");
	char name[64];
	struct nearest nearest = {.wanted = name};

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(option + dashes, "="), option + dashes);
	for (enum option_id id = 0; id < OPTIONS; id++)
		if (!command || command_has(command, id))
			nearest_offer(&nearest, option_table[id].name);
	fprintf(stderr, "netboot6: unknown option \"%s\"", option);
	print_nearest(&nearest, "--");
	if (!command) {
		fprintf(stderr,
			"\n\"netboot6 help relay|boot COMMAND\" lists the options of a command.\n");
		return;
	}
	fprintf(stderr, "\nOptions of %s %s:", command->daemon, command->name);
	print_options_of(command);
}

void usage_wrong_option(const struct command *command, enum option_id option)
{
	fprintf(stderr, "netboot6: %s %s has no option --%s. Its options:", command->daemon,
		command->name, option_table[option].name);
	print_options_of(command);
}
