/* SPDX-License-Identifier: ISC */
/*
 * Decides which links are client-facing and keeps their client_link structures. Each link of
 * the link table has one of three roles, which attach() decides when the link appears, is
 * renamed, or when the link below it changes:
 *
 *	client link    link->user is its client_link, and client_link->link is it
 *	VRRP macvlan   link->user is the client_link of the link below it
 *	neither        link->user is NULL
 */
#include "relayd/links/client_links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "dhcp6/dhcp6.h"

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

/*
 * A link without any address may have IPv6 disabled. No event reports that (its addresses just
 * go), so ask; not before the first dump is complete, when all links still lack addresses.
 */
static void check_ipv6(struct client_links *links, struct client_link *cl)
{
	cl->ipv6_disabled = links->synced && cl->link && !cl->link->addresses &&
			    (cl->link->flags & IFF_UP) &&
			    ipv6_query_enabled(links->query, cl->link->ifindex) == 0;
}

/* Without an Interface-Id, the link-address alone says which link a reply is for. */
static void warn_of_shared_address(const struct client_links *links, const struct client_link *cl)
{
	static struct log_limit limit;
	char text[INET6_ADDRSTRLEN];

	if (cl->interface_id_len || !cl->link || IN6_IS_ADDR_UNSPECIFIED(&cl->link_address))
		return;
	for (const struct client_link *other = links->registry.first; other; other = other->next) {
		if (other == cl || !other->link || other->interface_id_len ||
			!IN6_ARE_ADDR_EQUAL(&other->link_address, &cl->link_address))
			continue;
		inet_ntop(AF_INET6, &cl->link_address, text, sizeof(text));
		log_limited(&limit, LOG_LEVEL_WARNING,
			"%s and %s have the same link-address %s, and interface-id is none: "
			"replies "
			"for both go to one of them; set interface-id = name",
			other->name, cl->name, text);
		return;
	}
}

static void update(struct client_links *links, struct client_link *cl)
{
	enum client_link_state before = cl->state;
	struct in6_addr address_before = cl->link_address;

	check_ipv6(links, cl);
	if (!client_link_update(cl, links->conf, links->host, links->synced) || !links->synced)
		return;
	if (!IN6_ARE_ADDR_EQUAL(&cl->link_address, &address_before))
		warn_of_shared_address(links, cl);
	if (links->changed)
		links->changed(links->changed_arg, cl, before, &address_before);
}

static bool is_macvlan(const struct link *link)
{
	return strcmp(link->kind, "macvlan") == 0;
}

static void attach_vmac(struct client_links *links, struct link *link, struct client_link *cl)
{
	struct client_link_vmac *vmac = malloc(sizeof(*vmac));

	if (!vmac) {
		log_with(LOG_LEVEL_ERROR, &(struct log_fields){.link = cl->name},
			"%s: no memory to follow the macvlan %s", cl->name, link->name);
		return;
	}
	*vmac = (struct client_link_vmac){.next = cl->vmacs, .link = link};
	cl->vmacs = vmac;
	link->user = cl;
	log_with(LOG_LEVEL_INFO, &(struct log_fields){.link = cl->name},
		"%s: also using the addresses of its macvlan %s that belong to VRRP", cl->name,
		link->name);
	update(links, cl);
}

static void detach_vmac(struct client_links *links, struct link *link, struct client_link *cl)
{
	struct client_link_vmac **at = &cl->vmacs, *vmac;

	while ((*at)->link != link)
		at = &(*at)->next;
	vmac = *at;
	*at = vmac->next;
	free(vmac);
	link->user = NULL;
	update(links, cl);
}

static void attach(struct client_links *links, struct link *link);

/* The role of a link changed: decide the role of the macvlans above it again. */
static void attach_macvlans_above(struct client_links *links, int ifindex)
{
	struct link *link;

	if (links->n_macvlans == 0)
		return;
	for (link = link_table_first(links->table); link;
		link = link_table_next(links->table, link))
		if (link->lower == ifindex && is_macvlan(link) && !link->user)
			attach(links, link);
}

static void join(struct client_links *links, struct client_link *cl)
{
	int rc = membership_join(links->membership, cl->link->ifindex);

	cl->holder = rc < 0 ? -1 : rc;
	cl->join_error = rc < 0 ? -rc : 0;
}

/* The kernel does not list the link as a member, whatever the holder socket believes. */
static void join_again(struct client_links *links, struct client_link *cl)
{
	bool was_member = cl->holder >= 0;

	if (was_member)
		membership_leave(links->membership, cl->link->ifindex, cl->holder);
	join(links, cl);
	if (was_member && cl->holder >= 0) {
		links->rejoined++;
		log_with(LOG_LEVEL_NOTICE, &(struct log_fields){.link = cl->name},
			"%s: the kernel had dropped the membership of ff02::1:2: joined again",
			cl->name);
	}
}

static void on_member(void *arg, int ifindex)
{
	struct client_link *cl = client_links_find(arg, ifindex);

	if (cl)
		cl->is_member = true;
}

/* For one client link. If the kernel does not answer, the periodic check tries again. */
static void check_membership(struct client_links *links, struct client_link *cl)
{
	static const struct in6_addr group = DHCP6_ALL_RELAYS_AND_SERVERS;

	cl->is_member = false;
	if (ipv6_query_members(links->query, &group, cl->link->ifindex, on_member, links) == 0 &&
		!cl->is_member)
		join_again(links, cl);
}

void client_links_check_memberships(struct client_links *links)
{
	static const struct in6_addr group = DHCP6_ALL_RELAYS_AND_SERVERS;
	static struct log_limit limit;
	int rc;

	for (struct client_link *cl = links->registry.first; cl; cl = cl->next)
		cl->is_member = false;
	rc = ipv6_query_members(links->query, &group, 0, on_member, links);
	if (rc < 0) {
		log_limited(&limit, LOG_LEVEL_WARNING,
			"cannot read the kernel's list of multicast memberships: %s: trying again "
			"in %d s",
			strerror(-rc), CLIENT_LINKS_CHECK_MS / 1000);
		return;
	}
	for (struct client_link *cl = links->registry.first; cl; cl = cl->next) {
		if (!cl->link)
			continue;
		if (!cl->is_member)
			join_again(links, cl);
		if (!cl->is_member || !cl->link->addresses)
			update(links, cl);
	}
}

/* Its alternative names choose its section, and may be in `interfaces` as names of their own. */
static void apply_altnames(struct client_links *links, struct client_link *cl)
{
	if (link_registry_identify_again(&links->registry, cl, links->conf, links->host) < 0 ||
		link_registry_add_configured(&links->registry, links->conf, links->host) < 0)
		log_with(LOG_LEVEL_ERROR, &(struct log_fields){.link = cl->name},
			"%s: no memory to apply its alternative names", cl->name);
	link_registry_altnames_changed(&links->registry, cl);
}

static bool is_wanted(const struct client_links *links, const struct link *link)
{
	return *link->name && link_patterns_match_link(&links->conf->interfaces, link);
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
	join(links, cl);
	update(links, cl);
	attach_macvlans_above(links, link->ifindex);
}

static void detach_client(struct client_links *links, struct link *link, struct client_link *cl)
{
	links->vrf_version += link_is_in_vrf(link);
	cl->vrf_error = 0;
	if (cl->holder >= 0)
		membership_leave(links->membership, link->ifindex, cl->holder);
	cl->holder = -1;
	while (cl->vmacs) {
		struct client_link_vmac *vmac = cl->vmacs;
		struct link *above = link_table_find(links->table, vmac->link->ifindex);

		cl->vmacs = vmac->next;
		free(vmac);
		if (above)
			above->user = NULL;
	}
	cl->link = NULL;
	link->user = NULL;
	update(links, cl);
	link_registry_link_gone(&links->registry, links->conf);
}

static void attach(struct client_links *links, struct link *link)
{
	struct link *lower =
		is_macvlan(link) && link->lower ? link_table_find(links->table, link->lower) : NULL;
	struct client_link *below = lower ? lower->user : NULL;

	if (below && below->link == lower)
		attach_vmac(links, link, below);
	else if (is_wanted(links, link))
		attach_client(links, link);
}

static void detach(struct client_links *links, struct link *link)
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
	attach(links, link);
}

static void attach_again(struct client_links *links, struct link *link)
{
	detach(links, link);
	attach(links, link);
	attach_macvlans_above(links, link->ifindex);
}

static void altnames_changed(struct client_links *links, struct link *link)
{
	struct client_link *cl = client_links_of(link);

	if (!link->user || (cl && !is_wanted(links, link)))
		attach_again(links, link);
	else if (cl)
		apply_altnames(links, cl);
	if (cl && !cl->link && link_registry_add_configured(&links->registry, links->conf, links->host) < 0)
		log_error("no memory for all links named in interfaces");
	if (cl)
		update(links, cl);
}

void client_links_link_changed(struct client_links *links, struct link *link, unsigned what)
{
	if (what & (LINK_CHANGED_NAME | LINK_CHANGED_LOWER)) {
		attach_again(links, link);
		return;
	}
	if (what & LINK_CHANGED_ALTNAMES)
		altnames_changed(links, link);
	if (link->user &&
		   (what & (LINK_CHANGED_FLAGS | LINK_CHANGED_MAC | LINK_CHANGED_MASTER |
				   LINK_CHANGED_MTU | LINK_CHANGED_IPV6))) {
		if (is_client_link(link) && (what & LINK_CHANGED_MASTER)) {
			links->vrf_version++;
			((struct client_link *)link->user)->vrf_error = 0;
		}
		if (is_client_link(link) && (what & (LINK_CHANGED_MTU | LINK_CHANGED_IPV6)))
			check_membership(links, link->user);
		update(links, link->user);
	}
}

void client_links_link_removed(struct client_links *links, struct link *link)
{
	detach(links, link);
	links->n_macvlans -= is_macvlan(link);
}

void client_links_synced(struct client_links *links)
{
	bool is_first = !links->synced;

	client_links_check_memberships(links);
	links->synced = true;
	if (!is_first)
		return;
	for (struct client_link *cl = links->registry.first; cl; cl = cl->next) {
		warn_of_shared_address(links, cl);
		check_ipv6(links, cl);
		if (cl->ipv6_disabled)
			client_link_update(cl, links->conf, links->host, false);
	}
	/* The first dump is complete. Ready links are only counted; name the others. */
	for (const struct client_link *cl = links->registry.first; cl; cl = cl->next)
		if (cl->state != CLIENT_LINK_READY)
			log_with(LOG_LEVEL_NOTICE,
				&(struct log_fields){.link = cl->name, .reason = cl->reason},
				"%s: %s, %s", cl->name, client_link_state_name(cl->state),
				cl->reason);
}

void client_links_set_vrf_error(struct client_links *links, int vrf_ifindex, int error)
{
	for (struct client_link *cl = links->registry.first; cl; cl = cl->next) {
		if (!cl->link || cl->link->master != vrf_ifindex || cl->vrf_error == error)
			continue;
		cl->vrf_error = error;
		update(links, cl);
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
		update(links, link->user);
}

int client_links_init(struct client_links *links, struct link_table *table,
	const struct relay_conf *conf, int lasting_fd)
{
	static const struct in6_addr group = DHCP6_ALL_RELAYS_AND_SERVERS;

	*links = (struct client_links){.table = table, .conf = conf};
	link_registry_init(&links->registry);
	gethostname(links->host, sizeof(links->host) - 1);
	links->membership = membership_new(&group, lasting_fd);
	links->query = ipv6_query_new();
	if (!links->membership || !links->query) {
		client_links_fini(links);
		return -ENOMEM;
	}
	return link_registry_add_configured(&links->registry, conf, links->host);
}

void client_links_reconfigure(struct client_links *links, const struct relay_conf *conf)
{
	struct link *link;
	struct client_link *cl, *next;

	links->conf = conf;
	gethostname(links->host, sizeof(links->host) - 1); /* %h; it may have changed */
	link_registry_rebuild_interface_ids(&links->registry, conf, links->host);
	for (link = link_table_first(links->table); link;
		link = link_table_next(links->table, link)) {
		cl = link->user;
		if (cl && cl->link == link && !is_wanted(links, link)) {
			log_with(LOG_LEVEL_NOTICE, &(struct log_fields){.link = link->name},
				"%s: no longer client-facing by the new configuration", link->name);
			detach(links, link);
		}
	}
	for (link = link_table_first(links->table); link;
		link = link_table_next(links->table, link))
		if (!link->user)
			attach(links, link);
	for (cl = links->registry.first; cl; cl = next) {
		next = cl->next;
		if (cl->link)
			update(links, cl);
		else if (!link_patterns_match(&conf->interfaces, cl->name))
			link_registry_remove(&links->registry, cl);
	}
	if (link_registry_add_configured(&links->registry, conf, links->host) < 0)
		log_error("no memory for all links named in interfaces: some are not shown while "
			  "absent");
}

void client_links_fini(struct client_links *links)
{
	for (struct client_link *cl = links->registry.first; cl; cl = cl->next) {
		while (cl->vmacs) {
			struct client_link_vmac *vmac = cl->vmacs;

			cl->vmacs = vmac->next;
			free(vmac);
		}
		if (cl->link)
			cl->link->user = NULL;
	}
	link_registry_fini(&links->registry);
	membership_free(links->membership);
	ipv6_query_free(links->query);
	*links = (struct client_links){0};
}
