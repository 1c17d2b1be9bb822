/* SPDX-License-Identifier: ISC */
/*
 * A list of client links in the order in which they appeared, and two tsearch(3) trees over
 * it, by name and by Interface-Id. A link without an Interface-Id is only in the first tree.
 */
#include "relayd/links/link_registry.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"

/* At most this many absent links are kept. */
enum { ABSENT_MAX = 4096 };

void link_registry_init(struct link_registry *registry)
{
	*registry = (struct link_registry){.tail = &registry->first};
}

static int compare_names(const void *a, const void *b)
{
	const struct client_link *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct client_link *link_registry_find_name(const struct link_registry *registry, const char *name)
{
	struct client_link *const *found;
	struct client_link key;

	if (strlen(name) >= sizeof(key.name))
		return NULL;
	strcpy(key.name, name);
	found = tfind(&key, (void *const *)&registry->by_name, compare_names);
	return found ? *found : NULL;
}

static int compare_interface_ids(const void *a, const void *b)
{
	const struct client_link *x = a, *y = b;

	if (x->interface_id_len != y->interface_id_len)
		return x->interface_id_len - y->interface_id_len;
	return memcmp(x->interface_id, y->interface_id, x->interface_id_len);
}

struct client_link *link_registry_find_interface_id(
	const struct link_registry *registry, const uint8_t *id, size_t len)
{
	struct client_link key = {.interface_id_len = (uint8_t)len};
	struct client_link *const *found;

	if (len == 0 || len > sizeof(key.interface_id))
		return NULL;
	memcpy(key.interface_id, id, len);
	found = tfind(&key, (void *const *)&registry->by_interface_id, compare_interface_ids);
	return found ? *found : NULL;
}

/* Build the link's Interface-Id and add the link to that tree. */
static int identify(struct link_registry *registry, struct client_link *cl,
	const struct relay_conf *conf, const char *host)
{
	client_link_identify(cl, conf, host);
	if (cl->interface_id_len && !tsearch(cl, &registry->by_interface_id, compare_interface_ids))
		return -ENOMEM;
	return 0;
}

int link_registry_identify_again(struct link_registry *registry, struct client_link *cl,
	const struct relay_conf *conf, const char *host)
{
	if (cl->interface_id_len)
		tdelete(cl, &registry->by_interface_id, compare_interface_ids);
	return identify(registry, cl, conf, host);
}

struct client_link *link_registry_get_or_add(struct link_registry *registry, const char *name,
	const struct relay_conf *conf, const char *host)
{
	struct client_link *cl = link_registry_find_name(registry, name);

	if (cl)
		return cl;
	cl = calloc(1, sizeof(*cl));
	if (!cl)
		return NULL;
	strcpy(cl->name, name);
	cl->holder = -1;
	cl->since_s = time(NULL);
	strcpy(cl->reason, "there is no link of this name");
	if (identify(registry, cl, conf, host) < 0 ||
		!tsearch(cl, &registry->by_name, compare_names)) {
		tdelete(cl, &registry->by_interface_id, compare_interface_ids);
		free(cl);
		return NULL;
	}
	*registry->tail = cl;
	registry->tail = &cl->next;
	registry->count++;
	registry->n_absent++;
	return cl;
}

static bool is_altname(const struct client_link *cl, const char *name)
{
	const char *alt = cl->link ? cl->link->altnames : NULL;

	while (alt && *alt && strcmp(alt, name) != 0)
		alt += strlen(alt) + 1;
	return alt && *alt;
}

/* True if this is an alternative name of a client link that is present. */
static bool is_present_by_altname(const struct link_registry *registry, const char *name)
{
	for (const struct client_link *cl = registry->first; cl; cl = cl->next)
		if (is_altname(cl, name))
			return true;
	return false;
}

/* A link by this name is shown even while it is absent. A longer one is an alternative name. */
static bool is_shown(const struct link_registry *registry, const struct link_patterns *patterns,
	const char *name)
{
	return link_pattern_is_name(name) && strlen(name) < IFNAMSIZ &&
	       link_patterns_match(patterns, name) && !is_present_by_altname(registry, name);
}

int link_registry_add_configured(
	struct link_registry *registry, const struct relay_conf *conf, const char *host)
{
	const struct link_patterns *patterns = &conf->interfaces;

	for (size_t i = 0; i < patterns->count; i++)
		if (is_shown(registry, patterns, patterns->pattern[i]) &&
			!link_registry_get_or_add(registry, patterns->pattern[i], conf, host))
			return -ENOMEM;
	return 0;
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

static void keep_node(void *node)
{
	(void)node;
}

void link_registry_rebuild_interface_ids(
	struct link_registry *registry, const struct relay_conf *conf, const char *host)
{
	tdestroy(registry->by_interface_id, keep_node);
	registry->by_interface_id = NULL;
	for (struct client_link *cl = registry->first; cl; cl = cl->next)
		if (identify(registry, cl, conf, host) < 0)
			log_with(LOG_LEVEL_ERROR, &(struct log_fields){.link = cl->name},
				"%s: no memory to index its Interface-Id: replies to it are "
				"dropped",
				cl->name);
}

/* True for a link that the configuration names without a pattern. */
static bool is_configured_by_name(const struct relay_conf *conf, const char *name)
{
	const struct link_patterns *patterns = &conf->interfaces;

	for (size_t i = 0; i < patterns->count; i++)
		if (link_pattern_is_name(patterns->pattern[i]) &&
			strcmp(patterns->pattern[i], name) == 0)
			return link_patterns_match(patterns, name);
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
	tdelete(cl, &registry->by_name, compare_names);
	if (cl->interface_id_len)
		tdelete(cl, &registry->by_interface_id, compare_interface_ids);
	registry->count--;
	registry->n_absent--;
	free(cl);
}

/* Bound the memory that links take which come and go under ever new names. */
static void remove_oldest_absent(struct link_registry *registry, const struct relay_conf *conf)
{
	struct client_link *oldest = NULL;

	for (struct client_link *cl = registry->first; cl; cl = cl->next)
		if (!cl->link && !is_configured_by_name(conf, cl->name) &&
			(!oldest || cl->since_s < oldest->since_s))
			oldest = cl;
	if (oldest)
		link_registry_remove(registry, oldest);
}

void link_registry_link_appeared(struct link_registry *registry)
{
	registry->n_absent--;
}

void link_registry_link_gone(struct link_registry *registry, const struct relay_conf *conf)
{
	if (++registry->n_absent > ABSENT_MAX)
		remove_oldest_absent(registry, conf);
}

void link_registry_fini(struct link_registry *registry)
{
	struct client_link *next;

	tdestroy(registry->by_name, keep_node);
	tdestroy(registry->by_interface_id, keep_node);
	for (struct client_link *cl = registry->first; cl; cl = next) {
		next = cl->next;
		free(cl);
	}
	*registry = (struct link_registry){0};
}
