/* SPDX-License-Identifier: ISC */
/*
 * The choice of the source address. links/link_address_choice.h says which addresses are stable.
 */
#include "relayd/servers/server_source.h"

#include <errno.h>

#include "relayd/links/link_address_choice.h"

/* The link that has this address, or NULL. */
static const struct link *find_owner(const struct link_table *table, const struct in6_addr *address)
{
	const struct link *link;

	for (link = link_table_first(table); link; link = link_table_next(table, link))
		if (link_find_address(link, address))
			return link;
	return NULL;
}

/* The best stable address of a link, or NULL. */
static const struct link_address *stable_source_of(const struct link *link)
{
	const struct link_address *best = NULL;

	for (const struct link_address *a = link->addresses; a; a = a->next)
		if (link_address_stable_source(link, a))
			best = link_address_better(best, a);
	return best;
}

static void set_source(
	struct server_path *server, const struct link *link, const struct in6_addr *source)
{
	server->source = *source;
	server->source_ifindex = link ? link->ifindex : 0;
}

static void set_no_source(struct server_path *server)
{
	static const struct in6_addr none = IN6ADDR_ANY_INIT;

	set_source(server, NULL, &none);
	server->error = EADDRNOTAVAIL;
}

void server_source_auto(struct server_path *server, const struct link_table *table,
	const struct in6_addr *kernels)
{
	const struct link *uplink = link_table_find(table, server->ifindex);
	const struct link *owner =
		uplink && link_find_address(uplink, kernels) ? uplink : find_owner(table, kernels);
	const struct link_address *stable;

	set_source(server, owner, kernels);
	if (owner && link_address_stable_source(owner, link_find_address(owner, kernels)))
		return;
	stable = uplink ? stable_source_of(uplink) : NULL;
	if (stable)
		set_source(server, uplink, &stable->address);
}

void server_source_configured(struct server_path *server, const struct link_table *table,
	const struct relay_conf *conf)
{
	const struct link *link = conf->source == RELAY_SOURCE_LINK
					  ? link_table_find_name(table, conf->source_link)
					  : find_owner(table, &conf->source_address);
	const struct link_address *a = NULL;

	if (link)
		a = conf->source == RELAY_SOURCE_LINK
			    ? stable_source_of(link)
			    : link_find_address(link, &conf->source_address);
	if (a && link_address_usable(a))
		set_source(server, link, &a->address);
	else
		set_no_source(server);
}

void server_source_of_uplink(struct server_path *server, const struct link *uplink)
{
	const struct link_address *source = uplink ? stable_source_of(uplink) : NULL;

	if (uplink && !source)
		source = link_address_best(uplink);
	if (source)
		set_source(server, uplink, &source->address);
	else
		server->error = EADDRNOTAVAIL;
}
