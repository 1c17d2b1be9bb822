/* SPDX-License-Identifier: ISC */
/*
 * The table of commands and their views.
 */
#include "netboot6/command.h"

#include <stdio.h>
#include <string.h>

#include "netboot6/print.h"
#include "netboot6/show_events.h"

static void show_tree(const json_t *answer)
{
	print_tree(answer, 0);
}

static void show_links(const json_t *answer)
{
	static const struct print_column columns[] = {
		{"LINK", "name", PRINT_TEXT},
		{"STATE", "state", PRINT_TEXT},
		{"SINCE", "since", PRINT_AGE},
		{"LINK-ADDRESS", "link-address", PRINT_TEXT},
		{"FORWARDED", "counters.forwarded", PRINT_TEXT},
		{"REPLIED", "counters.replied", PRINT_SUM},
		{"DROPPED", "counters.dropped", PRINT_SUM},
		{"REASON", "reason", PRINT_TEXT},
		{NULL, NULL, PRINT_TEXT},
	};

	print_table(json_object_get(answer, "links"), columns);
}

static void show_servers(const json_t *answer)
{
	static const struct print_column columns[] = {
		{"SERVER", "server", PRINT_TEXT},
		{"NAME", "name", PRINT_TEXT},
		{"REACHABLE", "reachable", PRINT_TEXT},
		{"UPLINK", "uplink", PRINT_TEXT},
		{"NEXT-HOP", "next-hop", PRINT_TEXT},
		{"SOURCE", "source", PRINT_TEXT},
		{"SINCE", "since", PRINT_AGE},
		{"SHIFTS", "shifts", PRINT_TEXT},
		{"FORWARDED", "forwarded", PRINT_TEXT},
		{"REPLIES", "replies", PRINT_TEXT},
		{"LAST-REPLY", "last-reply", PRINT_AGE},
		{"REASON", "reason", PRINT_TEXT},
		{NULL, NULL, PRINT_TEXT},
	};

	print_table(json_object_get(answer, "servers"), columns);
}

static void show_boots(const json_t *answer)
{
	static const struct print_column columns[] = {
		{"MACHINE", "machine", PRINT_TEXT},
		{"MAC-FROM", "mac-from", PRINT_TEXT},
		{"HOST", "host", PRINT_TEXT},
		{"ADDRESS", "address", PRINT_TEXT},
		{"STAGE", "stage", PRINT_TEXT},
		{"SILENT", "last", PRINT_AGE},
		{"BOOTS", "boots", PRINT_TEXT},
		{"LAST-STEP", "last-step", PRINT_TEXT},
		{"STUCK", "stuck", PRINT_TEXT},
		{NULL, NULL, PRINT_TEXT},
	};

	print_table(json_object_get(answer, "boots"), columns);
}

static void show_hosts(const json_t *answer)
{
	static const struct print_column columns[] = {
		{"HOST", "host", PRINT_TEXT},
		{"MAC", "mac", PRINT_TEXT},
		{"MAC-FROM", "boot.mac-from", PRINT_TEXT},
		{"UUID", "uuid", PRINT_TEXT},
		{"ADDRESS", "address", PRINT_TEXT},
		{"REGISTERED", "registered", PRINT_TEXT},
		{"STAGE", "boot.stage", PRINT_TEXT},
		{"LAST-SEEN", "boot.last", PRINT_AGE},
		{NULL, NULL, PRINT_TEXT},
	};

	print_table(json_object_get(answer, "hosts"), columns);
}

static void show_leases(const json_t *answer)
{
	static const struct print_column columns[] = {
		{"ADDRESS", "address", PRINT_TEXT},
		{"MACHINE", "machine", PRINT_TEXT},
		{"MAC-FROM", "mac-from", PRINT_TEXT},
		{"STATE", "state", PRINT_TEXT},
		{"SINCE", "since", PRINT_AGE},
		{"EXPIRES-IN", "expires", PRINT_LEFT},
		{"FIXED", "fixed", PRINT_TEXT},
		{"LEASE", "lease", PRINT_TEXT},
		{"DECLINES", "declines", PRINT_TEXT},
		{"SUBNET", "subnet", PRINT_TEXT},
		{NULL, NULL, PRINT_TEXT},
	};

	print_table(json_object_get(answer, "leases"), columns);
}

static void show_metrics(const json_t *answer)
{
	const char *text = json_string_value(json_object_get(answer, "metrics"));

	fputs(text ? text : "", stdout);
}

static void show_leases_csv(const json_t *answer, bool is_first)
{
	static const struct print_column columns[] = {
		{"address", "address", PRINT_TEXT},
		{"machine", "machine", PRINT_TEXT},
		{"mac-from", "mac-from", PRINT_TEXT},
		{"state", "state", PRINT_TEXT},
		{"since", "since", PRINT_TIME},
		{"expires", "expires", PRINT_TIME},
		{"fixed", "fixed", PRINT_TEXT},
		{"lease", "lease", PRINT_TEXT},
		{"declines", "declines", PRINT_TEXT},
		{"subnet", "subnet", PRINT_TEXT},
		{"duid", "duid", PRINT_TEXT},
		{"iaid", "iaid", PRINT_TEXT},
		{NULL, NULL, PRINT_TEXT},
	};

	print_csv(json_object_get(answer, "leases"), columns, is_first);
}

static const struct command commands[] = {
	{"relay", "status", "", "version, counters, how client MACs are learnt", false, show_tree},
	{"relay", "links", "", "the client-facing links: state, reason, link-address", false,
		show_links},
	{"relay", "servers", "", "the servers: uplink, next hop, source, shifts", false,
		show_servers},
	{"relay", "watch", "", "links, ways to servers, drops: what changes, as it happens", true,
		show_relay_event},
	{"relay", "trace", "[FACT=VALUE...]", "each message of a client, and what becomes of it",
		true, show_trace},
	{"relay", "metrics", "", "counters as Prometheus reads them", false, show_metrics},
	{"relay", "reload", "", "read the configuration again", false, show_tree},
	{"boot", "status", "", "version, subnets, counters, how far boots came", false, show_tree},
	{"boot", "list", "", "the machines that boot, and where one is stuck", false, show_boots},
	{"boot", "show", "MACHINE", "one machine's boot, step by step", false, show_tree},
	{"boot", "hosts", "", "the hosts of the configuration", false, show_hosts},
	{"boot", "leases", "",
		"who has which address (--subnet, --pool, --mac, --host, --state, --address)",
		false, show_leases, "leases", show_leases_csv},
	{"boot", "release", "ADDRESS", "delete the lease of a machine that is gone", false,
		show_tree},
	{"boot", "explain", "FACT=VALUE...", "which subnet, host and rule apply, and why", false,
		show_tree},
	{"boot", "watch", "", "each step of each boot, as it happens", true, show_boot_event},
	{"boot", "metrics", "", "counters as Prometheus reads them", false, show_metrics},
	{"boot", "reload", "", "read the configuration again", false, show_tree},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

const struct command *command_find(const char *daemon, const char *name)
{
	for (int i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].daemon, daemon) == 0 && strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

void command_print_all(void)
{
	char usage[80];

	for (int i = 0; i < COMMANDS; i++) {
		snprintf(usage, sizeof(usage), "%s %s%s%s", commands[i].daemon, commands[i].name,
			*commands[i].arguments ? " " : "", commands[i].arguments);
		printf("  %-28s %s\n", usage, commands[i].help);
	}
}
