/* SPDX-License-Identifier: ISC */
/*
 * What is known of links, and the question to the kernel for the others. Links that
 * lead nowhere have a place by their number, which another one may take from
 * them: at worst they are asked for again. They cannot push out those that lead.
 */
#include "relayd/servers/server_uplinks.h"

#include <string.h>

#include "relayd/servers/server_path.h"

static int *place_of(struct server_uplinks *uplinks, int ifindex)
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
	if (*place_of(uplinks, ifindex) == ifindex)
		*place_of(uplinks, ifindex) = 0;
}

void server_uplinks_doubt(struct server_uplinks *uplinks)
{
	memset(uplinks->leads_not, 0, sizeof(uplinks->leads_not));
}

/* Ask for a route to each server out of this link, in its VRF where it is in one. */
static bool has_route(struct server_paths *paths, const struct link *link)
{
	int vrf = server_path_vrf_of(link);

	for (size_t i = 0; i < paths->count; i++) {
		struct route_answer way;

		if (!IN6_IS_ADDR_MULTICAST(&paths->server[i].address) &&
			server_path_vrf(&paths->server[i]) == vrf &&
			route_query_to(paths->query, &paths->server[i].address, NULL,
				(uint32_t)link->ifindex, &way) == 0)
			return true;
	}
	return false;
}

bool server_uplinks_lead(struct server_paths *paths, const struct link *link, int64_t now_ms)
{
	struct server_uplinks *uplinks = &paths->uplinks;

	if (is_known(uplinks, link->ifindex))
		return true;
	if (*place_of(uplinks, link->ifindex) == link->ifindex ||
		!rate_bucket_take(&uplinks->questions, SERVER_UPLINKS_QUESTIONS, now_ms))
		return false;
	if (has_route(paths, link))
		server_uplinks_add(uplinks, link->ifindex);
	else
		*place_of(uplinks, link->ifindex) = link->ifindex;
	return is_known(uplinks, link->ifindex);
}
