/* SPDX-License-Identifier: ISC */
/*
 * What the kernel changes without an event: it drops a multicast membership when it destroys a
 * link's IPv6, and disables IPv6 without saying more than that the addresses are gone. So the relay
 * asks: for one link when an event hints at it, and for all of them once a minute.
 */
#include "relayd/links/client_links.h"

#include <net/if.h>
#include <string.h>

#include "daemon/log.h"
#include "dhcp6/dhcp6.h"

/*
 * A link without any address may have IPv6 disabled. No event reports that (its addresses just
 * go), so ask; not before the first dump is complete, when all links still lack addresses.
 */
void client_links_check_ipv6(struct client_links *links, struct client_link *cl)
{
	cl->ipv6_disabled = links->synced && cl->link && !cl->link->addresses &&
			    (cl->link->flags & IFF_UP) &&
			    ipv6_query_enabled(links->query, cl->link->ifindex) == 0;
}

void client_links_join(struct client_links *links, struct client_link *cl)
{
	int rc = membership_join(links->membership, cl->link->ifindex);

	cl->holder = rc < 0 ? -1 : rc;
	cl->join_error = rc < 0 ? -rc : 0;
}

void client_links_leave(struct client_links *links, struct client_link *cl)
{
	if (cl->holder >= 0)
		membership_leave(links->membership, cl->link->ifindex, cl->holder);
	cl->holder = -1;
}

/* The kernel does not list the link as a member, whatever the holder socket believes. */
static void join_again(struct client_links *links, struct client_link *cl)
{
	bool was_member = cl->holder >= 0;

	client_links_leave(links, cl);
	client_links_join(links, cl);
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

/* If the kernel does not answer, the periodic check tries again. */
void client_links_check_membership(struct client_links *links, struct client_link *cl)
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
			client_links_update(links, cl);
	}
}
