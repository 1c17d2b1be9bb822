/* SPDX-License-Identifier: ISC */
/*
 * One function per kind of answer: mostly the columns of a table.
 */
#include "netboot6/views.h"

#include <stdio.h>
#include <string.h>

#include "netboot6/print.h"

void view_tree(const json_t *answer)
{
	print_tree(answer, 0);
}

void view_reload(const json_t *answer)
{
	const char *warnings = json_string_value(json_object_get(answer, "warnings"));

	puts("reloaded");
	if (warnings)
		fputs(warnings, stdout);
	if (warnings && *warnings && warnings[strlen(warnings) - 1] != '\n')
		putchar('\n');
}

void view_links(const json_t *answer)
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

void view_servers(const json_t *answer)
{
	static const struct print_column columns[] = {
		{"SERVER", "server", PRINT_TEXT},
		{"NAME", "name", PRINT_TEXT},
		{"STATE", "state", PRINT_TEXT},
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

void view_prefixes(const json_t *answer)
{
	static const struct print_column columns[] = {
		{"PREFIX", "prefix", PRINT_TEXT},
		{"STATE", "state", PRINT_TEXT},
		{"LINK", "link", PRINT_TEXT},
		{"NEXT-HOP", "next-hop", PRINT_TEXT},
		{"VALID-UNTIL", "valid-until", PRINT_AGE},
		{"CLIENT", "duid", PRINT_TEXT},
		{"IAID", "iaid", PRINT_TEXT},
		{"REASON", "reason", PRINT_TEXT},
		{NULL, NULL, PRINT_TEXT},
	};

	print_table(json_object_get(answer, "prefixes"), columns);
}

void view_tls(const json_t *answer)
{
	static const struct print_column clients[] = {
		{"CLIENT", "client", PRINT_TEXT},
		{"GETS", "gets", PRINT_TEXT},
		{"REFUSES-BECAUSE", "reason", PRINT_TEXT},
		{NULL, NULL, PRINT_TEXT},
	};
	const json_t *certificate;
	size_t i;

	json_array_foreach(json_object_get(answer, "certificates"), i, certificate)
	{
		print_tree(certificate, 0);
		putchar('\n');
	}
	print_table(json_object_get(answer, "clients"), clients);
}

void view_boots(const json_t *answer)
{
	static const struct print_column columns[] = {
		{"MACHINE", "machine", PRINT_TEXT},
		{"MAC-FROM", "mac-from", PRINT_TEXT},
		{"HOST", "host", PRINT_TEXT},
		{"ADDRESS", "address", PRINT_TEXT},
		{"STAGE", "stage", PRINT_TEXT},
		{"LAST-SEEN", "last", PRINT_AGE},
		{"BOOTS", "boots", PRINT_TEXT},
		{"LAST-STEP", "last-step", PRINT_TEXT},
		{"STUCK", "stuck", PRINT_TEXT},
		{NULL, NULL, PRINT_TEXT},
	};

	print_table(json_object_get(answer, "boots"), columns);
}

void view_hosts(const json_t *answer)
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

void view_leases(const json_t *answer)
{
	static const struct print_column columns[] = {
		{"ADDRESS", "address", PRINT_TEXT},
		{"MACHINE", "machine", PRINT_TEXT},
		{"MAC-FROM", "mac-from", PRINT_TEXT},
		{"STATE", "state", PRINT_TEXT},
		{"SINCE", "since", PRINT_AGE},
		{"EXPIRES", "expires", PRINT_AGE},
		{"FIXED", "fixed", PRINT_TEXT},
		{"LEASE", "lease", PRINT_TEXT},
		{"DECLINES", "declines", PRINT_TEXT},
		{"SUBNET", "subnet", PRINT_TEXT},
		{NULL, NULL, PRINT_TEXT},
	};

	print_table(json_object_get(answer, "leases"), columns);
}

void view_metrics(const json_t *answer)
{
	const char *text = json_string_value(json_object_get(answer, "metrics"));

	fputs(text ? text : "", stdout);
}

void view_leases_csv(const json_t *answer, bool is_first)
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
