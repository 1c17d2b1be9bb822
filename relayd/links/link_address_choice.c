/* SPDX-License-Identifier: ISC */
/*
 * The rules by which one address is chosen among those of a link, each a function of its own.
 */
#include "relayd/links/link_address_choice.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

static bool is_global_unicast(const struct in6_addr *address)
{
	return !IN6_IS_ADDR_LINKLOCAL(address) && !IN6_IS_ADDR_MULTICAST(address) &&
	       !IN6_IS_ADDR_LOOPBACK(address) && !IN6_IS_ADDR_UNSPECIFIED(address) &&
	       !IN6_IS_ADDR_V4MAPPED(address);
}

static bool is_candidate(const struct link_address *a)
{
	/* IFA_F_SECONDARY is IFA_F_TEMPORARY for IPv6: a privacy address. */
	return is_global_unicast(&a->address) && a->scope != RT_SCOPE_LINK &&
	       !(a->flags & (IFA_F_TEMPORARY | IFA_F_DADFAILED));
}

static bool is_tentative(const struct link_address *a)
{
	return (a->flags & IFA_F_TENTATIVE) && !(a->flags & IFA_F_OPTIMISTIC);
}

bool link_address_is_settled(const struct link_address *a)
{
	return !is_tentative(a) && !(a->flags & IFA_F_DADFAILED);
}

bool link_address_usable(const struct link_address *a)
{
	return is_candidate(a) && !is_tentative(a);
}

bool link_address_tentative(const struct link_address *a)
{
	return is_candidate(a) && is_tentative(a);
}

/* Lower is better. */
static unsigned rank(const struct link_address *a)
{
	return (a->flags & IFA_F_DEPRECATED ? 2u : 0u) + (a->prefixlen == 128 ? 1u : 0u);
}

const struct link_address *link_address_better(
	const struct link_address *a, const struct link_address *b)
{
	if (!a || !b)
		return a ? a : b;
	if (rank(a) != rank(b))
		return rank(a) < rank(b) ? a : b;
	return a->seq <= b->seq ? a : b;
}

const struct link_address *link_address_best(const struct link *link)
{
	const struct link_address *best = NULL;

	for (const struct link_address *a = link->addresses; a; a = a->next)
		if (link_address_usable(a))
			best = link_address_better(best, a);
	return best;
}

bool link_address_stable_source(const struct link *link, const struct link_address *a)
{
	return link_address_usable(a) && !(a->flags & IFA_F_DEPRECATED) &&
	       (a->prefixlen < 128 || (link->flags & IFF_LOOPBACK));
}
