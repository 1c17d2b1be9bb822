/* SPDX-License-Identifier: ISC */
/*
 * One row a command. To add one: its row here, its function in the daemon's table of control
 * commands, and, if key and value lines do not suit its answer, a view in views.c.
 */
#include "netboot6/command.h"

#include <string.h>

#include "netboot6/show_events.h"
#include "netboot6/views.h"

#define BIT(name) OPTION_BIT(OPTION_##name)

/* clang-format off: a row is read as a line */
const struct command command_table[] = {
	{"relay", "status", NULL, "version, counters, how client MAC addresses are learnt",
		BIT(ALL), view_tree},
	{"relay", "links", NULL, "client-facing links: state, link-address, counters, reason", 0,
		view_links},
	{"relay", "servers", NULL, "servers: uplink, next hop, source, last reply", 0,
		view_servers},
	{"relay", "prefixes", NULL, "delegated prefixes: client, next hop, state of the route", 0,
		view_prefixes, .pages = "prefixes"},
	{"relay", "clear-prefix", "PREFIX",
		"end a delegation and remove its route; forget it if it has ended", 0, view_tree},
	{"relay", "watch", NULL, "changes of links and servers, and drops, as they happen", 0,
		show_relay_event, .is_stream = true},
	{"relay", "trace", NULL, "each message of a client, and where it went",
		BIT(MAC) | BIT(DUID) | BIT(LINK) | BIT(ADDRESS), show_trace, .is_stream = true},
	{"relay", "metrics", NULL, "counters in Prometheus' text format", 0, view_metrics},
	{"relay", "reload", NULL, "read the configuration again", 0, view_reload},
	{"boot", "status", NULL, "version, subnets, counters, stages that boots have reached",
		BIT(ALL), view_tree},
	{"boot", "list", NULL, "machines that boot: stage, last step, whether one is stuck", 0,
		view_boots, .pages = "boots"},
	{"boot", "show", "MACHINE",
		"one machine's boot, step by step, by MAC address, DUID, address or host name", 0,
		view_tree},
	{"boot", "hosts", NULL, "hosts of the configuration", 0, view_hosts,
		.pages = "hosts"},
	{"boot", "leases", NULL, "addresses in use: machine, state, expiry",
		BIT(CSV) | BIT(SUBNET) | BIT(POOL) | BIT(MAC) | BIT(HOST) | BIT(STATE) |
			BIT(ADDRESS),
		view_leases, .pages = "leases", .show_csv = view_leases_csv},
	{"boot", "release", "ADDRESS", "delete the lease of a machine that is gone", 0, view_tree},
	{"boot", "explain", NULL, "which subnet, host, address and rule a client gets, and why",
		BIT(MAC) | BIT(DUID) | BIT(IAID) | BIT(UUID) | BIT(SUBNET) | BIT(ARCH) |
			BIT(USER_CLASS) | BIT(VENDOR_CLASS) | BIT(INTERFACE_ID) | BIT(REMOTE_ID) | BIT(CAPTURE) |
			BIT(PACKET) | BIT(MESSAGE),
		view_tree},
	{"boot", "watch", NULL, "each step of each boot, as it happens", 0, show_boot_event,
		.is_stream = true},
	{"boot", "tls", "init|check",
		"init: make a CA and a certificate for https; check: who accepts it, until when",
		BIT(NAME) | BIT(DIRECTORY) | BIT(DAYS) | BIT(KEY) | BIT(CERTIFICATE), view_tls,
		.is_tls = true},
	{"boot", "metrics", NULL, "counters in Prometheus' text format", 0, view_metrics},
	{"boot", "reload", NULL, "read the configuration again", 0, view_reload},
	{NULL},
};
/* clang-format on */

const struct command *command_find(const char *daemon, const char *name)
{
	for (const struct command *c = command_table; c->daemon; c++)
		if (strcmp(c->daemon, daemon) == 0 && strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

bool command_has(const struct command *command, enum option_id id)
{
	return ((command->options | OPTION_COMMON) & OPTION_BIT(id)) != 0;
}
