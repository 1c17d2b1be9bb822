/* SPDX-License-Identifier: ISC */
/*
 * A page is whole slots of the hash table by prefix, so that prefixes may come and go between two
 * pages. The number of rows and of slots looked at is bounded: clients wait meanwhile.
 */
#include "relayd/view/relay_prefixes.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/control.h"
#include "relayd/view/relay_json.h"

enum { PAGE_ROWS = 500, PAGE_SLOTS = 20000 };

static json_t *prefix_json(const struct prefix_delegation *pd, const struct delegation *d)
{
	char prefix[PREFIX_TEXT], duid[DHCP6_DUID_TEXT];
	json_t *json = json_pack("{s:s s:s}", "prefix", prefix_format(&d->prefix, prefix), "state",
		delegation_routes_state(&pd->routes, d));

	relay_json_set_link(json, "link", d->link->name);
	relay_json_set_address(json, "next-hop", &d->next_hop);
	relay_json_set_text(json, "duid", dhcp6_duid_format(&d->duid, duid));
	relay_json_set_number(json, "iaid", d->iaid);
	if (d->state == DELEGATION_ENDED) {
		relay_json_set_number(
			json, "forgotten", (uint64_t)prefix_delegation_unix_s(d->until_ms));
		return json;
	}
	if (d->preferred_until_ms != DELEGATION_FOREVER)
		relay_json_set_number(json, "preferred-until",
			(uint64_t)prefix_delegation_unix_s(d->preferred_until_ms));
	if (d->until_ms != DELEGATION_FOREVER)
		relay_json_set_number(
			json, "valid-until", (uint64_t)prefix_delegation_unix_s(d->until_ms));
	if (d->kernel.error)
		relay_json_set_text(json, "reason", strerror(d->kernel.error));
	return json;
}

/* Returns the slot that the next page begins with. */
static size_t add_page(const struct prefix_delegation *pd, size_t slot, json_t *rows)
{
	const struct hash_table *table = &pd->table.by_prefix;
	size_t first = slot;

	for (; slot < table->slots && json_array_size(rows) < PAGE_ROWS && slot < first + PAGE_SLOTS;
		slot++)
		for (struct hash_node *node = hash_table_in_slot(table, slot); node; node = node->next)
			if ((node->hash & (table->slots - 1)) == slot)
				json_array_append_new(rows,
					prefix_json(pd,
						hash_entry(node, struct delegation, by_prefix)));
	return slot;
}

json_t *relay_prefixes_list(const struct prefix_delegation *pd, int n, char *const words[])
{
	const struct delegation_table *table = &pd->table;
	json_t *rows;
	char *end = NULL;
	unsigned long long after = 0;

	if (n == 2 && strncmp(words[1], "after=", 6) == 0)
		after = strtoull(words[1] + 6, &end, 10);
	if (n > 2 || (n == 2 && (!end || end == words[1] + 6 || *end)))
		return control_error("prefixes: expected nothing, or after=NUMBER");
	rows = json_array();
	if (after > table->by_prefix.slots)
		after = table->by_prefix.slots;
	after = add_page(pd, (size_t)after, rows);
	return json_pack("{s:o s:I s:o}", "prefixes", rows, "of",
		(json_int_t)(table->n_active + table->n_ended), "next",
		after < table->by_prefix.slots ? json_integer((json_int_t)after) : json_null());
}

json_t *relay_prefixes_clear(struct prefix_delegation *pd, int n, char *const words[])
{
	struct prefix prefix;
	struct delegation *d;
	bool is_active;

	if (n != 2 || prefix_parse(words[1], &prefix) < 0)
		return control_error(
			"clear-prefix: expected a prefix, for example 2001:db8:f001::/48");
	d = pd->is_enabled ? delegation_table_find(&pd->table, &prefix) : NULL;
	if (!d)
		return control_error("clear-prefix: there is no delegated prefix %s", words[1]);
	is_active = d->state == DELEGATION_ACTIVE;
	prefix_delegation_clear(pd, d);
	return json_pack("{s:s s:s}", "prefix", words[1], "state", is_active ? "ended" : "forgotten");
}

void relay_prefixes_metrics(const struct prefix_delegation *pd, struct metrics *m)
{
	const struct delegation_route_counters *routes = &pd->routes.counters;
	const struct delegation_link *link;
	char text[RELAY_LINK_TEXT];

	if (!pd->is_enabled)
		return;
	metrics_family(m, "netboot6_relay_prefixes", METRICS_GAUGE,
		"Delegated prefixes by link: active ones, and ended ones that are still unreachable.");
	for (struct hash_node *node = hash_table_next(&pd->table.links, NULL); node;
		node = hash_table_next(&pd->table.links, node)) {
		link = hash_entry(node, struct delegation_link, by_name);
		relay_link_text(link->name, text);
		metrics_sample(m, (double)link->n_active, "link", text, "state", "active", NULL);
		metrics_sample(m, (double)link->n_ended, "link", text, "state", "ended", NULL);
	}
	metrics_family(m, "netboot6_relay_prefix_changes_total", METRICS_COUNTER,
		"Changes of delegated prefixes, such as added, renewed, released or expired.");
	for (unsigned i = 0; i < DELEGATION_EVENTS; i++)
		metrics_sample(m, (double)pd->events[i], "change",
			delegation_event_name((enum delegation_event)i), NULL);
	metrics_family(m, "netboot6_relay_prefixes_refused_total", METRICS_COUNTER,
		"Delegated prefixes that got no route, by reason; their Replies were delivered.");
	for (unsigned i = 0; i < PREFIX_REFUSALS; i++)
		metrics_sample(m, (double)pd->refused[i], "reason",
			prefix_refusal_name((enum prefix_refusal)i), NULL);
	metrics_family(m, "netboot6_relay_prefix_routes_total", METRICS_COUNTER,
		"Routes to delegated prefixes: added, removed, refused by the kernel (failed), or "
		"not installed because another program has a route (foreign).");
	metrics_sample(m, (double)routes->added, "result", "added", NULL);
	metrics_sample(m, (double)routes->removed, "result", "removed", NULL);
	metrics_sample(m, (double)routes->failed, "result", "failed", NULL);
	metrics_sample(m, (double)routes->foreign, "result", "foreign", NULL);
}
