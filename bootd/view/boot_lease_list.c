/* SPDX-License-Identifier: ISC */
/*
 * The words of a question, one row of a table for each filter, then a walk over some slots of the
 * binding table: a page of leases must not hold up the answers to clients.
 */
#include "bootd/view/boot_lease_list.h"

#include <stdlib.h>
#include <string.h>

#include "bootd/view/boot_view.h"
#include "daemon/config.h"
#include "daemon/control.h"

/* What is asked for; what is not set lets all pass. */
struct question {
	struct prefix subnet, pool;
	bool has_subnet, has_pool, has_mac, has_address;
	struct machine machine;
	const struct boot_host *host;
	struct in6_addr address;
	const char *state;
	size_t after;
};

/* --- the words ------------------------------------------------------------------- */

static bool read_prefix(const char *text, struct prefix *prefix, bool *has)
{
	*has = prefix_parse(text, prefix) == 0;
	return *has;
}

static bool read_subnet(const struct boot_config *config, struct question *q, const char *text)
{
	(void)config;
	return read_prefix(text, &q->subnet, &q->has_subnet);
}

static bool read_pool(const struct boot_config *config, struct question *q, const char *text)
{
	(void)config;
	return read_prefix(text, &q->pool, &q->has_pool);
}

static bool read_mac(const struct boot_config *config, struct question *q, const char *text)
{
	(void)config;
	q->has_mac = machine_parse(text, &q->machine) == 0;
	return q->has_mac;
}

static bool read_host(const struct boot_config *config, struct question *q, const char *text)
{
	q->host = boot_config_host_named(config, text);
	return q->host != NULL;
}

static bool read_state(const struct boot_config *config, struct question *q, const char *text)
{
	(void)config;
	for (int i = BINDING_OFFERED; i <= BINDING_REGISTERED; i++)
		if (strcmp(text, binding_state_name((enum binding_state)i)) == 0)
			q->state = binding_state_name((enum binding_state)i);
	return q->state != NULL;
}

static bool read_address(const struct boot_config *config, struct question *q, const char *text)
{
	(void)config;
	q->has_address = config_address(text, &q->address) == 0;
	return q->has_address;
}

static bool read_after(const struct boot_config *config, struct question *q, const char *text)
{
	char *end;

	(void)config;
	q->after = strtoul(text, &end, 10);
	return end != text && *end == '\0';
}

static const struct {
	const char *name;
	bool (*read)(const struct boot_config *config, struct question *q, const char *text);
	const char *expected;
} filter[] = {
	{"subnet", read_subnet, "a prefix such as \"2001:db8:1::/64\""},
	{"pool", read_pool, "a prefix such as \"2001:db8:1::/64\""},
	{"mac", read_mac, "a MAC address or a DUID such as \"52:54:00:12:34:56\""},
	{"host", read_host, "the name of a host in the configuration"},
	{"state", read_state, "offered, bound, released, declined, expired or registered"},
	{"address", read_address, "an IPv6 address such as \"2001:db8:1::17\""},
	{"after", read_after, "the number \"next\" of the previous page"},
};

/* Returns NULL, or an error that names the wrong word. */
static json_t *read_word(const struct boot_config *config, struct question *q, const char *word)
{
	for (size_t i = 0; i < sizeof(filter) / sizeof(filter[0]); i++) {
		size_t len = strlen(filter[i].name);

		if (strncmp(word, filter[i].name, len) != 0 || word[len] != '=')
			continue;
		if (filter[i].read(config, q, word + len + 1))
			return NULL;
		return control_error("leases: %s: \"%.80s\" is not valid; expected %s",
			filter[i].name, word + len + 1, filter[i].expected);
	}
	return control_error(
		"leases: \"%.80s\" is unknown; expected NAME=VALUE with one of the names "
		"subnet, pool, mac, host, state, address, after",
		word);
}

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

/* Whole slots only; returns the one to go on with. */
static size_t walk(const struct binding_table *table, const struct question *q,
	const struct binding *page[], size_t *rows)
{
	size_t slot = q->after, end = binding_table_slots(table), looks = 0;

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
	struct question q = {0};
	size_t rows = 0, next = binding_table_slots(table);
	json_t *error;

	for (int i = 1; i < n; i++) {
		error = read_word(config, &q, words[i]);
		if (error)
			return error;
	}
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
