/* SPDX-License-Identifier: ISC */
/*
 * Decides which links are client-facing. Each link of the link table has one of three roles, which
 * client_links_attach() decides when the link appears, is renamed, or when the link below it
 * changes:
 *
 *	client link    link->user is its client_link, and client_link->link is it
 *	VRRP macvlan   link->user is the client_link of the link below it
 *	neither        link->user is NULL
 *
 * client_links_check.c keeps what no event reports, client_links_life.c begins, reloads and ends.
 */
#include "relayd/links/client_links.h"

#include <string.h>

#include "daemon/log.h"

/* The first of the three roles. */
static bool is_client_link(const struct link *link)
{
	const struct client_link *cl = link->user;

	return cl && cl->link == link;
}

struct client_link *client_links_find_facing(const struct client_links *links, int ifindex)
{
	struct link *link = link_table_find(links->table, ifindex);

	return link ? link->user : NULL;
}

bool client_links_is_facing(const struct link *link)
{
	return link->user != NULL;
}

struct client_link *client_links_find_name(const struct client_links *links, const char *name)
{
	struct link *link = link_table_find_name(links->table, name);

	/* The hash of present links is faster than the tree of all known ones. */
	if (link && is_client_link(link))
		return link->user;
	return link_registry_find_name(&links->registry, name);
}

struct client_link *client_links_find_interface_id(
	const struct client_links *links, const uint8_t *id, size_t len)
{
	return link_registry_find_interface_id(&links->registry, id, len);
}

struct client_link *client_links_of(const struct link *link)
{
	return is_client_link(link) ? link->user : NULL;
}

struct client_link *client_links_find(const struct client_links *links, int ifindex)
{
	const struct link *link = link_table_find(links->table, ifindex);

	return link ? client_links_of(link) : NULL;
}

struct client_link *client_links_find_address(
	const struct client_links *links, const struct in6_addr *link_address)
{
	/* Linear: only needed for servers that do not return the Interface-Id (RFC 9915 19.3). */
	for (struct client_link *cl = links->registry.first; cl; cl = cl->next)
		if (cl->link && IN6_ARE_ADDR_EQUAL(&cl->link_address, link_address))
			return cl;
	return NULL;
}

void client_links_update(struct client_links *links, struct client_link *cl)
{
	enum client_link_state before = cl->state;
	struct in6_addr address_before = cl->link_address;

	client_links_check_ipv6(links, cl);
	if (!client_link_update(cl, links->conf, links->host, links->synced) || !links->synced)
		return;
	if (!IN6_ARE_ADDR_EQUAL(&cl->link_address, &address_before))
		client_links_warn_of_shared_address(links, cl);
	if (links->changed)
		links->changed(links->changed_arg, cl, before, &address_before);
}

static bool is_macvlan(const struct link *link)
{
	return strcmp(link->kind, "macvlan") == 0;
}

static void attach_vmac(struct client_links *links, struct link *link, struct client_link *cl)
{
	link->user_next = cl->vmacs;
	cl->vmacs = link;
	link->user = cl;
	log_with(LOG_LEVEL_INFO, &(struct log_fields){.link = cl->name},
		"%s: also using the addresses of its macvlan %s that belong to VRRP", cl->name,
		link->name);
	client_links_update(links, cl);
}

static void detach_vmac(struct client_links *links, struct link *link, struct client_link *cl)
{
	struct link **at = &cl->vmacs;

	while (*at != link)
		at = &(*at)->user_next;
	*at = link->user_next;
	link->user_next = NULL;
	link->user = NULL;
	client_links_update(links, cl);
}

/*
 * The role of a link changed: decide the role of the macvlans above it again. One that was a client
 * link itself becomes a VRRP macvlan, because each message would be relayed twice.
 */
static void attach_macvlans_above(struct client_links *links, int ifindex)
{
	bool is_above_client = client_links_find(links, ifindex);
	struct link *link;

	if (links->n_macvlans == 0)
		return;
	for (link = link_table_first(links->table); link;
		link = link_table_next(links->table, link))
		if (link->lower == ifindex && is_macvlan(link) &&
			(!link->user || (is_above_client && is_client_link(link)))) {
			client_links_detach(links, link);
			client_links_attach(links, link);
		}
}

/* Its alternative names choose its section, and may be in `interfaces` as names of their own. */
static void apply_altnames(struct client_links *links, struct client_link *cl)
{
	link_registry_identify(&links->registry, cl, links->conf, links->host);
	if (link_registry_add_configured(&links->registry, links->conf, links->host) < 0)
		log_with(LOG_LEVEL_ERROR, &(struct log_fields){.link = cl->name},
			"%s: no memory to apply its alternative names", cl->name);
	link_registry_altnames_changed(&links->registry, cl);
}

bool client_links_is_wanted(const struct relay_conf *conf, const struct link *link)
{
	return *link->name && link_patterns_match_link(&conf->interfaces, link);
}

static void attach_client(struct client_links *links, struct link *link)
{
	struct client_link *cl =
		link_registry_get_or_add(&links->registry, link->name, links->conf, links->host);

	if (!cl) {
		log_with(LOG_LEVEL_ERROR, &(struct log_fields){.link = link->name},
			"%s: no memory to serve this link", link->name);
		return;
	}
	cl->link = link;
	link->user = cl;
	link_registry_link_appeared(&links->registry);
	links->vrf_version += link_is_in_vrf(link);
	if (link->altnames)
		apply_altnames(links, cl);
	client_links_join(links, cl);
	client_links_update(links, cl);
	attach_macvlans_above(links, link->ifindex);
}

static void detach_client(struct client_links *links, struct link *link, struct client_link *cl)
{
	links->vrf_version += link_is_in_vrf(link);
	cl->vrf_error = 0;
	client_links_leave(links, cl);
	client_links_release(cl);
	client_links_update(links, cl);
	link_registry_link_gone(&links->registry, links->conf, cl);
}

void client_links_attach(struct client_links *links, struct link *link)
{
	struct link *lower =
		is_macvlan(link) && link->lower ? link_table_find(links->table, link->lower) : NULL;
	struct client_link *below = lower ? lower->user : NULL;

	if (below && below->link == lower)
		attach_vmac(links, link, below);
	else if (client_links_is_wanted(links->conf, link))
		attach_client(links, link);
}

void client_links_detach(struct client_links *links, struct link *link)
{
	struct client_link *cl = link->user;

	if (!cl)
		return;
	if (cl->link == link)
		detach_client(links, link, cl);
	else
		detach_vmac(links, link, cl);
}

void client_links_link_added(struct client_links *links, struct link *link)
{
	links->n_macvlans += is_macvlan(link);
	client_links_attach(links, link);
}

static void attach_again(struct client_links *links, struct link *link)
{
	client_links_detach(links, link);
	client_links_attach(links, link);
	attach_macvlans_above(links, link->ifindex);
}

static void altnames_changed(struct client_links *links, struct link *link)
{
	struct client_link *cl = client_links_of(link);

	if (!link->user || (cl && !client_links_is_wanted(links->conf, link)))
		attach_again(links, link);
	else if (cl)
		apply_altnames(links, cl);
	if (cl && !cl->link &&
		link_registry_add_configured(&links->registry, links->conf, links->host) < 0)
		log_error("no memory for all links named in interfaces");
	if (cl)
		client_links_update(links, cl);
}

void client_links_link_changed(struct client_links *links, struct link *link, unsigned what)
{
	const unsigned seen = LINK_CHANGED_FLAGS | LINK_CHANGED_MAC | LINK_CHANGED_MASTER |
			      LINK_CHANGED_MTU | LINK_CHANGED_IPV6;
	struct client_link *cl;

	if (what & (LINK_CHANGED_NAME | LINK_CHANGED_LOWER)) {
		attach_again(links, link);
		return;
	}
	if (what & LINK_CHANGED_ALTNAMES)
		altnames_changed(links, link);
	if (!link->user || !(what & seen))
		return;
	cl = client_links_of(link);
	if (cl && (what & LINK_CHANGED_MASTER)) {
		links->vrf_version++;
		cl->vrf_error = 0;
	}
	if (cl && (what & (LINK_CHANGED_MTU | LINK_CHANGED_IPV6)))
		client_links_check_membership(links, cl);
	client_links_update(links, link->user);
}

void client_links_link_removed(struct client_links *links, struct link *link)
{
	client_links_detach(links, link);
	links->n_macvlans -= is_macvlan(link);
}

void client_links_set_vrf_error(struct client_links *links, int vrf_ifindex, int error)
{
	for (struct client_link *cl = links->registry.first; cl; cl = cl->next) {
		if (!cl->link || cl->link->master != vrf_ifindex || cl->vrf_error == error)
			continue;
		cl->vrf_error = error;
		client_links_update(links, cl);
	}
}

size_t client_links_count(const struct client_links *links, enum client_link_state state)
{
	size_t n = 0;

	for (const struct client_link *cl = links->registry.first; cl; cl = cl->next)
		n += cl->state == state;
	return n;
}

void client_links_addresses_changed(struct client_links *links, struct link *link)
{
	if (link->user)
		client_links_update(links, link->user);
}
