/* SPDX-License-Identifier: ISC */
/*
 * The filters of `leases`, one row of a table each, then a walk over some slots of the binding
 * table. The walk is bounded, because a page of leases must not delay the answers to clients.
 */
#include <stdlib.h>
#include <string.h>

#include "bootd/view/boot_view.h"
#include "daemon/config.h"

/* The filters of the question; a filter that is not set lets all bindings pass. */
struct question {
	const struct boot_config *config;
	struct prefix subnet, pool;
	bool has_subnet, has_pool, has_mac, has_address;
	struct machine machine;
	const struct boot_host *host;
	struct in6_addr address;
	const char *state;
	uint64_t after; /* the hash slot that the page begins with */
};

/* --- the words ------------------------------------------------------------------- */

static bool read_prefix(const char *text, struct prefix *prefix, bool *has)
{
	*has = prefix_parse(text, prefix) == 0;
	return *has;
}

static bool read_subnet(void *question, const char *text)
{
	struct question *q = question;

	return read_prefix(text, &q->subnet, &q->has_subnet);
}

static bool read_pool(void *question, const char *text)
{
	struct question *q = question;

	return read_prefix(text, &q->pool, &q->has_pool);
}

static bool read_mac(void *question, const char *text)
{
	struct question *q = question;

	q->has_mac = machine_parse(text, &q->machine) == 0;
	return q->has_mac;
}

static bool read_host(void *question, const char *text)
{
	struct question *q = question;

	q->host = boot_config_host_named(q->config, text);
	return q->host != NULL;
}

static bool read_state(void *question, const char *text)
{
	struct question *q = question;

	for (int i = BINDING_OFFERED; i <= BINDING_REGISTERED; i++)
		if (strcmp(text, binding_state_name((enum binding_state)i)) == 0)
			q->state = binding_state_name((enum binding_state)i);
	return q->state != NULL;
}

static bool read_address(void *question, const char *text)
{
	struct question *q = question;

	q->has_address = config_address(text, &q->address) == 0;
	return q->has_address;
}

static bool read_after(void *question, const char *text)
{
	struct question *q = question;

	return boot_view_read_number(text, &q->after);
}

static const struct boot_word filter[] = {
	{"subnet", read_subnet, "a prefix such as \"2001:db8:1::/64\"", 0},
	{"pool", read_pool, "a prefix such as \"2001:db8:1::/64\"", 0},
	{"mac", read_mac, "a MAC address or a DUID such as \"52:54:00:12:34:56\"", 0},
	{"host", read_host, "the name of a host in the configuration", 0},
	{"state", read_state, "offered, bound, released, declined, expired or registered", 0},
	{"address", read_address, "an IPv6 address such as \"2001:db8:1::17\"", 0},
	{"after", read_after, "the number \"next\" of the previous page", 0},
};

/* --- the walk -------------------------------------------------------------------- */

static bool is_of_host(const struct binding *binding, const struct boot_host *host)
{
	struct machine machine;

	for (size_t i = 0; i < host->macs; i++) {
		machine = machine_of_mac(host->mac[i]);
		if (binding_is_of(binding, &machine))
			return true;
	}
	machine = machine_of_duid(&host->duid);
	return (host->duid.len > 0 && binding_is_of(binding, &machine)) ||
	       (host->has_address && IN6_ARE_ADDR_EQUAL(&host->address, &binding->address));
}

static bool is_wanted(const struct question *q, const struct binding *binding)
{
	return (!q->has_subnet || prefix_contains(&q->subnet, &binding->address)) &&
	       (!q->has_pool ||
		       (binding->is_lease && prefix_contains(&q->pool, &binding->address))) &&
	       (!q->has_mac || binding_is_of(binding, &q->machine)) &&
	       (!q->host || is_of_host(binding, q->host)) &&
	       (!q->state || strcmp(q->state, binding_state_name(binding->state)) == 0);
}

static int compare_addresses(const void *a, const void *b)
{
	const struct binding *const *left = a, *const *right = b;

	return memcmp(&(*left)->address, &(*right)->address, sizeof((*left)->address));
}

static json_t *page_json(const struct binding *page[], size_t rows, uint64_t now_ms)
{
	json_t *all = json_array();

	qsort(page, rows, sizeof(*page), compare_addresses);
	for (size_t i = 0; i < rows; i++)
		json_array_append_new(all, boot_view_binding(page[i], now_ms));
	return all;
}

/* Whole slots only; returns the slot that the next page begins with. */
static size_t walk(const struct binding_table *table, const struct question *q,
	const struct binding *page[], size_t *rows)
{
	size_t slot = (size_t)q->after, end = binding_table_slots(table), looks = 0;

	for (; slot < end && *rows < LEASE_PAGE_ROWS && looks < LEASE_PAGE_LOOKS; slot++) {
		const struct binding *binding = NULL;
		size_t before = *rows;

		while ((binding = binding_table_in_slot(table, slot, binding))) {
			looks++;
			if (!is_wanted(q, binding))
				continue;
			if (*rows == LEASE_PAGE_ROWS) { /* the next page has it, with its slot */
				*rows = before;
				return slot;
			}
			page[(*rows)++] = binding;
		}
	}
	return slot;
}

json_t *boot_lease_list(const struct boot_config *config, const struct binding_table *table, int n,
	char *const words[], uint64_t now_ms)
{
	static const struct binding *page[LEASE_PAGE_ROWS];
	struct question q = {.config = config};
	size_t rows = 0, next = binding_table_slots(table);
	json_t *wrong =
		boot_view_read_words(filter, sizeof(filter) / sizeof(filter[0]), 0, &q, n, words);

	if (wrong)
		return wrong;
	if (q.after > next)
		q.after = next;
	if (!q.has_address) {
		next = walk(table, &q, page, &rows);
	} else {
		page[0] = binding_table_find_address(table, &q.address);
		rows = page[0] && is_wanted(&q, page[0]);
	}
	return json_pack("{s:o s:I s:o}", "leases", page_json(page, rows, now_ms), "of",
		(json_int_t)binding_table_count(table), "next",
		next < binding_table_slots(table) ? json_integer((json_int_t)next) : json_null());
}
