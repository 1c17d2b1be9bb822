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
#include "util/hash_table.h"

struct link_registry {
	struct client_link *first, **tail; /* in the order in which they appeared */
	struct hash_table by_name, by_interface_id;
	size_t count, n_absent;
	struct client_link *spare; /* allocated and not in use, by `next` */
};

/* Returns 0 or -ENOMEM. */
int link_registry_init(struct link_registry *registry);
/* Frees the client links. Twice is fine. */
void link_registry_fini(struct link_registry *registry);

/*
 * Allocate this many client links in advance: link_registry_get_or_add() uses them first, so that
 * as many calls cannot fail. Returns 0, or -ENOMEM with no spare ones. link_registry_drop_spare()
 * frees those that are left.
 */
int link_registry_reserve(struct link_registry *registry, size_t n);
void link_registry_drop_spare(struct link_registry *registry);

/* Return NULL if there is none. */
struct client_link *link_registry_find_name(const struct link_registry *registry, const char *name);
/* If several have this Interface-Id, one that is present is found. */
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
/* The number of client links that link_registry_add_configured() may create. */
size_t link_registry_count_configured(
	const struct link_registry *registry, const struct relay_conf *conf);

/*
 * Look up the settings of one link, or of all, and build the Interface-Id again: the configuration,
 * the host name or the alternative names changed.
 */
void link_registry_identify(struct link_registry *registry, struct client_link *cl,
	const struct relay_conf *conf, const char *host);
void link_registry_identify_all(
	struct link_registry *registry, const struct relay_conf *conf, const char *host);
/* Remove the absent client links whose names are alternative names of this one. */
void link_registry_altnames_changed(struct link_registry *registry, const struct client_link *cl);

/* A client link's link appeared, or was removed (may free another client link that is absent). */
void link_registry_link_appeared(struct link_registry *registry);
void link_registry_link_gone(struct link_registry *registry, const struct relay_conf *conf,
	const struct client_link *cl);
/* Free a client link, which must be absent. */
void link_registry_remove(struct link_registry *registry, struct client_link *cl);

#endif
