/* SPDX-License-Identifier: ISC */
/*
 * Answers of the daemons as tables and lists on stdout, each a command_show_fn (command.h).
 */
#ifndef NB6_NETBOOT6_VIEWS_H
#define NB6_NETBOOT6_VIEWS_H

#include <jansson.h>
#include <stdbool.h>

/* Lines "key: value", indented by depth. */
void view_tree(const json_t *answer);

/* "reloaded", then the warnings of the configuration, one a line. */
void view_tls(const json_t *answer);
void view_reload(const json_t *answer);

void view_links(const json_t *answer);
void view_servers(const json_t *answer);
void view_prefixes(const json_t *answer);
void view_boots(const json_t *answer);
void view_hosts(const json_t *answer);
void view_leases(const json_t *answer);
void view_metrics(const json_t *answer);

/* Headings come before the first rows only. */
void view_leases_csv(const json_t *answer, bool is_first);

#endif
