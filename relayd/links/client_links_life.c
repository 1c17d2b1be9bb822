/* SPDX-License-Identifier: ISC */
/*
 * The life of the set of client links: it begins empty, is filled by the first dump of the kernel's
 * links, and follows a reload of the configuration in two steps (daemon/reload.h).
 *
 * A link is joined in the commit. If the kernel refuses that, the reload is still whole: the link's
 * state shows the reason, and the periodic check tries again.
 */
#include "relayd/links/client_links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#include "daemon/log.h"
#include "dhcp6/dhcp6.h"

int client_links_init(struct client_links *links, struct link_table *table,
	const struct relay_conf *conf, int lasting_fd)
{
	static const struct in6_addr group = DHCP6_ALL_RELAYS_AND_SERVERS;

	*links = (struct client_links){.table = table, .conf = conf};
	gethostname(links->host, sizeof(links->host) - 1);
	links->membership = membership_new(&group, lasting_fd);
	links->query = ipv6_query_new();
	if (link_registry_init(&links->registry) == 0 && links->membership && links->query &&
		link_registry_add_configured(&links->registry, conf, links->host) == 0)
		return 0;
	client_links_fini(links);
	return -ENOMEM;
}

/* Without an Interface-Id, the link-address alone says which link a reply is for. */
void client_links_warn_of_shared_address(
	const struct client_links *links, const struct client_link *cl)
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

void client_links_synced(struct client_links *links)
{
	bool is_first = !links->synced;

	client_links_check_memberships(links);
	links->synced = true;
	if (!is_first)
		return;
	for (struct client_link *cl = links->registry.first; cl; cl = cl->next) {
		client_links_warn_of_shared_address(links, cl);
		client_links_check_ipv6(links, cl);
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

/* --- reload ------------------------------------------------------------------------------ */

/*
 * The most client links that a commit creates: one for each link that it may attach, and one for
 * each plain name. Some of these exist already, as absent ones, or are the same.
 */
static size_t count_new(const struct client_links *links, const struct relay_conf *conf)
{
	size_t n = link_registry_count_configured(&links->registry, conf);
	struct link *link;

	for (link = link_table_first(links->table); link;
		link = link_table_next(links->table, link))
		n += !client_links_of(link) && client_links_is_wanted(conf, link);
	return n;
}

int client_links_prepare(struct client_links *links, const struct relay_conf *conf)
{
	size_t n = count_new(links, conf);
	int rc = membership_reserve(links->membership, n);

	return rc < 0 ? rc : link_registry_reserve(&links->registry, n);
}

void client_links_cancel(struct client_links *links)
{
	link_registry_drop_spare(&links->registry);
}

static void detach_unwanted(struct client_links *links)
{
	struct link *link;

	for (link = link_table_first(links->table); link;
		link = link_table_next(links->table, link)) {
		if (!client_links_of(link) || client_links_is_wanted(links->conf, link))
			continue;
		log_with(LOG_LEVEL_NOTICE, &(struct log_fields){.link = link->name},
			"%s: no longer client-facing by the new configuration", link->name);
		client_links_detach(links, link);
	}
}

static void attach_wanted(struct client_links *links)
{
	struct link *link;

	for (link = link_table_first(links->table); link;
		link = link_table_next(links->table, link))
		if (!link->user)
			client_links_attach(links, link);
}

static void remove_unwanted_absent(struct client_links *links)
{
	struct client_link *cl, *next;

	for (cl = links->registry.first; cl; cl = next) {
		next = cl->next;
		if (!cl->link && !link_patterns_match(&links->conf->interfaces, cl->name))
			link_registry_remove(&links->registry, cl);
	}
}

/* Every client link that it creates was reserved, so nothing here fails. */
void client_links_commit(struct client_links *links, const struct relay_conf *conf)
{
	links->conf = conf;
	gethostname(links->host, sizeof(links->host) - 1); /* %h; it may have changed */
	link_registry_identify_all(&links->registry, conf, links->host);
	detach_unwanted(links);
	attach_wanted(links);
	for (struct client_link *cl = links->registry.first; cl; cl = cl->next)
		if (cl->link)
			client_links_update(links, cl);
	remove_unwanted_absent(links);
	link_registry_add_configured(&links->registry, conf, links->host);
	link_registry_drop_spare(&links->registry);
}

/* --- end --------------------------------------------------------------------------------- */

/* The links of the table that point at a client link do so no longer. */
void client_links_release(struct client_link *cl)
{
	while (cl->vmacs) {
		struct link *vmac = cl->vmacs;

		cl->vmacs = vmac->user_next;
		vmac->user_next = NULL;
		vmac->user = NULL;
	}
	if (cl->link)
		cl->link->user = NULL;
	cl->link = NULL;
}

void client_links_fini(struct client_links *links)
{
	for (struct client_link *cl = links->registry.first; cl; cl = cl->next)
		client_links_release(cl);
	link_registry_fini(&links->registry);
	membership_free(links->membership);
	ipv6_query_free(links->query);
	*links = (struct client_links){0};
}
