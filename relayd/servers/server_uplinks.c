/* SPDX-License-Identifier: ISC */
/*
 * Two sets of links: those that lead to servers, and those that do not. The second is a small hash
 * table whose entries may replace each other; the worst result is another question to the kernel.
 * Strangers can fill it, and cannot push a link out of the first set.
 */
#include "relayd/servers/server_uplinks.h"

#include <string.h>

static int *slot_of(struct server_uplinks *uplinks, int ifindex)
{
	return &uplinks->leads_not[(unsigned)ifindex % SERVER_UPLINKS_ASKED];
}

static bool is_known(const struct server_uplinks *uplinks, int ifindex)
{
	for (size_t i = 0; i < SERVER_UPLINKS_MAX; i++)
		if (uplinks->leads[i] == ifindex)
			return true;
	return false;
}

void server_uplinks_add(struct server_uplinks *uplinks, int ifindex)
{
	if (ifindex == 0 || is_known(uplinks, ifindex))
		return;
	uplinks->leads[uplinks->next] = ifindex;
	uplinks->next = (uplinks->next + 1) % SERVER_UPLINKS_MAX;
}

void server_uplinks_forget(struct server_uplinks *uplinks, int ifindex)
{
	for (size_t i = 0; i < SERVER_UPLINKS_MAX; i++)
		if (uplinks->leads[i] == ifindex)
			uplinks->leads[i] = 0;
	if (*slot_of(uplinks, ifindex) == ifindex)
		*slot_of(uplinks, ifindex) = 0;
}

void server_uplinks_mark_stale(struct server_uplinks *uplinks)
{
	memset(uplinks->leads_not, 0, sizeof(uplinks->leads_not));
}

/*
 * True if a route to the server leaves by this link. The first question binds the link, and so finds
 * routes that are not preferred; the second has the source, and so finds those of rules that look
 * at it, if they are preferred.
 */
static bool has_route_to(struct route_query *query, struct route_flow flow,
	const struct server_path *server, int ifindex)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;
	struct route_answer route;

	flow.destination = server->address;
	flow.oif = (uint32_t)ifindex;
	flow.source = any;
	if (route_query_flow(query, &flow, &route) == 0)
		return true;
	flow.source = server->source;
	return !IN6_IS_ADDR_UNSPECIFIED(&flow.source) &&
	       route_query_flow(query, &flow, &route) == 0 && route.ifindex == ifindex;
}

static bool has_route(struct route_query *query, const struct route_flow *flow,
	const struct server_list *list, const struct link *link)
{
	int vrf = server_path_vrf_of(link);

	for (size_t i = 0; i < list->count; i++) {
		const struct server_path *server = &list->server[i];

		if (!server_path_is_multicast(server) && server_path_vrf(server) == vrf &&
			has_route_to(query, *flow, server, link->ifindex))
			return true;
	}
	return false;
}

bool server_uplinks_lead(struct server_uplinks *uplinks, struct route_query *query,
	const struct route_flow *flow, const struct server_list *list, const struct link *link,
	int64_t now_ms)
{
	if (is_known(uplinks, link->ifindex))
		return true;
	if (*slot_of(uplinks, link->ifindex) == link->ifindex ||
		!rate_bucket_take(&uplinks->questions, SERVER_UPLINKS_QUESTIONS, now_ms))
		return false;
	if (has_route(query, flow, list, link))
		server_uplinks_add(uplinks, link->ifindex);
	else
		*slot_of(uplinks, link->ifindex) = link->ifindex;
	return is_known(uplinks, link->ifindex);
}
