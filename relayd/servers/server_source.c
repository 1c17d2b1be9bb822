/* SPDX-License-Identifier: ISC */
/*
 * The choice of the source address: each candidate gets a penalty for what speaks against it, and
 * the least penalty wins. If several have it, the kernel's own choice does, then the uplink's
 * address, then the loopback's.
 */
#include "relayd/servers/server_source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>

#include "relayd/links/client_links.h"
#include "relayd/links/link_address_choice.h"

enum {
	PENALTY_MANAGED = 1,
	PENALTY_MOVES = 2,
	PENALTY_CLIENT_FACING = 4,
	IFA_PROTO_KERNEL_MAX = 3, /* IFAPROT_KERNEL_LL and below are the kernel's own */
};

struct candidate {
	const struct link *link;
	const struct link_address *address; /* NULL: none */
	unsigned penalty;
};

/* The device of a VRF is the loopback link of that VRF. */
static bool is_stable(const struct link *link, const struct link_address *a)
{
	return link_address_stable_source(link, a) ||
	       (link_is_vrf(link) && !(a->flags & IFA_F_DEPRECATED));
}

/* A server may be on a client-facing link that its section names: then its address is right. */
static unsigned penalty_of(
	const struct server_path *server, const struct link *link, const struct link_address *a)
{
	unsigned penalty = 0;

	if (client_links_is_facing(link) && link->ifindex != server->ifindex)
		penalty += PENALTY_CLIENT_FACING;
	if (!is_stable(link, a))
		penalty += PENALTY_MOVES;
	if ((a->flags & IFA_F_NODAD) || a->proto > IFA_PROTO_KERNEL_MAX)
		penalty += PENALTY_MANAGED;
	return penalty;
}

/* The link's best usable address, if it is better than what `best` is. */
static void improve(
	struct candidate *best, const struct server_path *server, const struct link *link)
{
	struct candidate own = {.link = link, .penalty = UINT_MAX};

	if (!link)
		return;
	for (const struct link_address *a = link->addresses; a; a = a->next) {
		unsigned penalty = penalty_of(server, link, a);

		if (!link_address_usable(a) || penalty > own.penalty)
			continue;
		own.address = penalty < own.penalty ? a : link_address_better(own.address, a);
		own.penalty = penalty;
	}
	if (own.address && own.penalty < best->penalty)
		*best = own;
}

static const struct link *find_owner(const struct link_table *table, const struct in6_addr *address)
{
	const struct link *link;

	for (link = link_table_first(table); link; link = link_table_next(table, link))
		if (link_find_address(link, address))
			return link;
	return NULL;
}

static const struct link *find_loopback(
	const struct link_table *table, const struct server_path *server)
{
	const struct link *link;

	if (server->out_ifindex)
		return link_table_find(table, server->out_ifindex);
	for (link = link_table_first(table); link; link = link_table_next(table, link))
		if (link->flags & IFF_LOOPBACK)
			return link;
	return NULL;
}

static void set_source(
	struct server_path *server, const struct link *link, const struct in6_addr *source)
{
	server->source = *source;
	server->source_ifindex = link ? link->ifindex : 0;
}

void server_source_auto(struct server_path *server, const struct link_table *table,
	const struct in6_addr *kernels)
{
	const struct link *uplink = link_table_find(table, server->ifindex);
	const struct link *owner =
		uplink && link_find_address(uplink, kernels) ? uplink : find_owner(table, kernels);
	struct candidate best = {.penalty = UINT_MAX};

	set_source(server, owner, kernels);
	if (owner) {
		best.address = link_find_address(owner, kernels);
		best.link = owner;
		best.penalty = penalty_of(server, owner, best.address);
	}
	improve(&best, server, uplink);
	improve(&best, server, find_loopback(table, server));
	if (best.address)
		set_source(server, best.link, &best.address->address);
}

static void hold(struct server_path *server)
{
	const struct relay_source *setting = server->source_setting;
	static const struct in6_addr none = IN6ADDR_ANY_INIT;
	char text[INET6_ADDRSTRLEN];

	set_source(server, NULL, &none);
	server->is_held = true;
	server->error = EADDRNOTAVAIL;
	if (setting->kind == RELAY_SOURCE_LINK)
		snprintf(server->reason, sizeof(server->reason),
			"the source link %s has no usable global address", setting->link);
	else
		snprintf(server->reason, sizeof(server->reason),
			"the source address %s is not assigned on this router",
			inet_ntop(AF_INET6, &setting->address, text, sizeof(text)));
}

void server_source_configured(struct server_path *server, const struct link_table *table)
{
	const struct relay_source *setting = server->source_setting;
	struct candidate best = {.penalty = UINT_MAX};

	if (setting->kind == RELAY_SOURCE_LINK) {
		improve(&best, server, link_table_find_name(table, setting->link));
	} else {
		best.link = find_owner(table, &setting->address);
		if (best.link)
			best.address = link_find_address(best.link, &setting->address);
	}
	if (best.address && link_address_usable(best.address))
		set_source(server, best.link, &best.address->address);
	else
		hold(server);
}

void server_source_of_uplink(struct server_path *server, const struct link *uplink)
{
	struct candidate best = {.penalty = UINT_MAX};

	improve(&best, server, uplink);
	if (best.address) {
		set_source(server, uplink, &best.address->address);
		return;
	}
	server->error = EADDRNOTAVAIL;
	snprintf(server->reason, sizeof(server->reason), "the uplink %s has no usable global address",
		server->out_link);
}
