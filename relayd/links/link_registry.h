/* SPDX-License-Identifier: ISC */
/*
 * All known client links, present and absent, indexed by name and by Interface-Id.
 *
 * A client link stays in the registry when the kernel's link is removed, so that its counters
 * continue and a late reply is counted as link-gone. Links with ever new names would make the
 * registry grow without limit: if more than some thousands are absent, the one that has been
 * absent longest is freed, unless the configuration names it.
 */
#ifndef NB6_RELAYD_LINKS_LINK_REGISTRY_H
#define NB6_RELAYD_LINKS_LINK_REGISTRY_H

#include <stddef.h>

#include "relayd/links/client_link.h"

struct link_registry {
	struct client_link *first, **tail; /* in the order in which they appeared */
	void *by_name, *by_interface_id;   /* tsearch(3) */
	size_t count, n_absent;
};

void link_registry_init(struct link_registry *registry);
void link_registry_fini(
	struct link_registry *registry); /* frees the client links, but not their vmacs */

/* Return NULL if there is none. */
struct client_link *link_registry_find_name(const struct link_registry *registry, const char *name);
struct client_link *link_registry_find_interface_id(
	const struct link_registry *registry, const uint8_t *id, size_t len);

/* The client link with this name, created as absent if needed. NULL: no memory. */
struct client_link *link_registry_get_or_add(struct link_registry *registry, const char *name,
	const struct relay_conf *conf, const char *host);
/*
 * Add each plain name (no pattern) in `interfaces`, but no alternative name of a link that is
 * present. Returns 0 or -ENOMEM.
 */
int link_registry_add_configured(
	struct link_registry *registry, const struct relay_conf *conf, const char *host);

/* Build all Interface-Ids again, after the configuration or the host name changed. */
void link_registry_rebuild_interface_ids(
	struct link_registry *registry, const struct relay_conf *conf, const char *host);

/* The same for one link, whose alternative names chose another section. Returns 0 or -ENOMEM. */
int link_registry_identify_again(struct link_registry *registry, struct client_link *cl,
	const struct relay_conf *conf, const char *host);
/* Remove the absent client links whose names are alternative names of this one. */
void link_registry_altnames_changed(struct link_registry *registry, const struct client_link *cl);

/* A client link's link appeared, or was removed (may free the oldest absent client link). */
void link_registry_link_appeared(struct link_registry *registry);
void link_registry_link_gone(struct link_registry *registry, const struct relay_conf *conf);
/* Free a client link, which must be absent. */
void link_registry_remove(struct link_registry *registry, struct client_link *cl);

#endif
