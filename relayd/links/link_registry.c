/* SPDX-License-Identifier: ISC */
/*
 * A list of client links in the order in which they appeared, and two hash tables over it, by name
 * and by Interface-Id. A link without an Interface-Id is only in the first one.
 *
 * The tables' nodes are members of the client link, so that only a new client link needs memory.
 * A reload allocates those in advance (link_registry_reserve()) and then cannot fail.
 */
#include "relayd/links/link_registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	LINKS_FIRST = 64,  /* the tables grow */
	ABSENT_MAX = 4096, /* at most this many absent links are kept */
};

int link_registry_init(struct link_registry *registry)
{
	*registry = (struct link_registry){.tail = &registry->first};
	if (hash_table_init(&registry->by_name, LINKS_FIRST) == 0 &&
		hash_table_init(&registry->by_interface_id, LINKS_FIRST) == 0)
		return 0;
	link_registry_fini(registry);
	return -ENOMEM;
}

/* --- finding -------------------------------------------------------------------------- */

static uint64_t hash_of_name(const struct link_registry *registry, const char *name)
{
	return hash_table_hash(&registry->by_name, name, strlen(name));
}

struct client_link *link_registry_find_name(const struct link_registry *registry, const char *name)
{
	uint64_t hash = hash_of_name(registry, name);
	struct hash_node *node;

	hash_table_each(node, &registry->by_name, hash)
	{
		struct client_link *cl = hash_entry(node, struct client_link, by_name);

		if (strcmp(cl->name, name) == 0)
			return cl;
	}
	return NULL;
}

struct client_link *link_registry_find_interface_id(
	const struct link_registry *registry, const uint8_t *id, size_t len)
{
	uint64_t hash = hash_table_hash(&registry->by_interface_id, id, len);
	struct client_link *absent = NULL;
	struct hash_node *node;

	hash_table_each(node, &registry->by_interface_id, hash)
	{
		struct client_link *cl = hash_entry(node, struct client_link, by_interface_id);

		if (cl->interface_id_len != len || memcmp(cl->interface_id, id, len) != 0)
			continue;
		if (cl->link)
			return cl;
		absent = cl;
	}
	return absent;
}

/* --- adding ---------------------------------------------------------------------------- */

void link_registry_identify(struct link_registry *registry, struct client_link *cl,
	const struct relay_conf *conf, const char *host)
{
	hash_table_remove(&registry->by_interface_id, &cl->by_interface_id);
	client_link_identify(cl, conf, host);
	if (cl->interface_id_len)
		hash_table_insert(&registry->by_interface_id, &cl->by_interface_id,
			hash_table_hash(&registry->by_interface_id, cl->interface_id,
				cl->interface_id_len));
}

void link_registry_identify_all(
	struct link_registry *registry, const struct relay_conf *conf, const char *host)
{
	for (struct client_link *cl = registry->first; cl; cl = cl->next)
		link_registry_identify(registry, cl, conf, host);
}

int link_registry_reserve(struct link_registry *registry, size_t n)
{
	for (; n > 0; n--) {
		struct client_link *cl = calloc(1, sizeof(*cl));

		if (!cl) {
			link_registry_drop_spare(registry);
			return -ENOMEM;
		}
		cl->next = registry->spare;
		registry->spare = cl;
	}
	return 0;
}

void link_registry_drop_spare(struct link_registry *registry)
{
	while (registry->spare) {
		struct client_link *cl = registry->spare;

		registry->spare = cl->next;
		free(cl);
	}
}

static struct client_link *allocate(struct link_registry *registry)
{
	struct client_link *cl = registry->spare;

	if (!cl)
		return calloc(1, sizeof(*cl));
	registry->spare = cl->next;
	cl->next = NULL;
	return cl;
}

struct client_link *link_registry_get_or_add(struct link_registry *registry, const char *name,
	const struct relay_conf *conf, const char *host)
{
	struct client_link *cl = link_registry_find_name(registry, name);

	if (cl)
		return cl;
	cl = allocate(registry);
	if (!cl)
		return NULL;
	strcpy(cl->name, name);
	cl->holder = -1;
	cl->since_s = time(NULL);
	strcpy(cl->reason, "there is no link of this name");
	hash_table_insert(&registry->by_name, &cl->by_name, hash_of_name(registry, name));
	link_registry_identify(registry, cl, conf, host);
	*registry->tail = cl;
	registry->tail = &cl->next;
	registry->count++;
	registry->n_absent++;
	return cl;
}

/* --- names in the configuration ---------------------------------------------------------- */

/* A link by this name is shown even while it is absent. A longer one is an alternative name. */
static bool is_shown(const struct link_patterns *patterns, const char *name)
{
	return link_pattern_is_name(name) && strlen(name) < IFNAMSIZ &&
	       link_patterns_match(patterns, name);
}

/* True if this is an alternative name of a client link that is present. */
static bool is_present_by_altname(const struct link_registry *registry, const char *name)
{
	for (const struct client_link *cl = registry->first; cl; cl = cl->next)
		if (cl->link && link_has_altname(cl->link, name))
			return true;
	return false;
}

int link_registry_add_configured(
	struct link_registry *registry, const struct relay_conf *conf, const char *host)
{
	const struct link_patterns *patterns = &conf->interfaces;

	for (size_t i = 0; i < patterns->count; i++) {
		const char *name = patterns->pattern[i];

		if (is_shown(patterns, name) && !is_present_by_altname(registry, name) &&
			!link_registry_get_or_add(registry, name, conf, host))
			return -ENOMEM;
	}
	return 0;
}

size_t link_registry_count_configured(
	const struct link_registry *registry, const struct relay_conf *conf)
{
	const struct link_patterns *patterns = &conf->interfaces;
	size_t n = 0;

	for (size_t i = 0; i < patterns->count; i++)
		n += is_shown(patterns, patterns->pattern[i]) &&
		     !link_registry_find_name(registry, patterns->pattern[i]);
	return n;
}

void link_registry_altnames_changed(struct link_registry *registry, const struct client_link *cl)
{
	const char *alt = cl->link ? cl->link->altnames : NULL;

	for (; alt && *alt; alt += strlen(alt) + 1) {
		struct client_link *absent = link_registry_find_name(registry, alt);

		if (absent && !absent->link)
			link_registry_remove(registry, absent);
	}
}

/* --- removing -------------------------------------------------------------------------- */

/* True for a link that the configuration names without a pattern. */
static bool is_configured_by_name(const struct relay_conf *conf, const char *name)
{
	const struct link_patterns *patterns = &conf->interfaces;

	for (size_t i = 0; i < patterns->count; i++)
		if (strcmp(patterns->pattern[i], name) == 0)
			return is_shown(patterns, name);
	return false;
}

void link_registry_remove(struct link_registry *registry, struct client_link *cl)
{
	struct client_link **at = &registry->first;

	while (*at != cl)
		at = &(*at)->next;
	*at = cl->next;
	if (registry->tail == &cl->next)
		registry->tail = at;
	hash_table_remove(&registry->by_name, &cl->by_name);
	hash_table_remove(&registry->by_interface_id, &cl->by_interface_id);
	registry->count--;
	registry->n_absent--;
	free(cl);
}

/* Bound the memory that links take which come and go under ever new names. */
static void remove_oldest_absent(struct link_registry *registry, const struct relay_conf *conf,
	const struct client_link *keep)
{
	struct client_link *oldest = NULL;

	for (struct client_link *cl = registry->first; cl; cl = cl->next)
		if (!cl->link && cl != keep && !is_configured_by_name(conf, cl->name) &&
			(!oldest || cl->since_s < oldest->since_s))
			oldest = cl;
	if (oldest)
		link_registry_remove(registry, oldest);
}

void link_registry_link_appeared(struct link_registry *registry)
{
	registry->n_absent--;
}

void link_registry_link_gone(
	struct link_registry *registry, const struct relay_conf *conf, const struct client_link *cl)
{
	if (++registry->n_absent > ABSENT_MAX)
		remove_oldest_absent(registry, conf, cl);
}

void link_registry_fini(struct link_registry *registry)
{
	struct client_link *next;

	for (struct client_link *cl = registry->first; cl; cl = next) {
		next = cl->next;
		free(cl);
	}
	link_registry_drop_spare(registry);
	hash_table_fini(&registry->by_name);
	hash_table_fini(&registry->by_interface_id);
	*registry = (struct link_registry){0};
}
