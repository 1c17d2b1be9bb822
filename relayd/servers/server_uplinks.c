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

/* Ask for a route out of this link to each server in the same VRF. */
static bool has_route(
	struct route_query *query, const struct server_list *list, const struct link *link)
{
	int vrf = server_path_vrf_of(link);

	for (size_t i = 0; i < list->count; i++) {
		const struct server_path *server = &list->server[i];
		struct route_answer route;

		if (!server_path_is_multicast(server) && server_path_vrf(server) == vrf &&
			route_query_to(query, &server->address, NULL, (uint32_t)link->ifindex,
				&route) == 0)
			return true;
	}
	return false;
}

bool server_uplinks_lead(struct server_uplinks *uplinks, struct route_query *query,
	const struct server_list *list, const struct link *link, int64_t now_ms)
{
	if (is_known(uplinks, link->ifindex))
		return true;
	if (*slot_of(uplinks, link->ifindex) == link->ifindex ||
		!rate_bucket_take(&uplinks->questions, SERVER_UPLINKS_QUESTIONS, now_ms))
		return false;
	if (has_route(query, list, link))
		server_uplinks_add(uplinks, link->ifindex);
	else
		*slot_of(uplinks, link->ifindex) = link->ifindex;
	return is_known(uplinks, link->ifindex);
}
