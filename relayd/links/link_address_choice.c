/* SPDX-License-Identifier: ISC */
/*
 * The rules by which one address is chosen among those of a link, each a function of its own.
 */
#include "relayd/links/link_address_choice.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "dhcp6/prefix.h"

enum { PROTO_KEEPALIVED = 18 }; /* IFA_PROTO of keepalived's addresses */

static bool is_candidate(const struct link_address *a)
{
	/* IFA_F_SECONDARY is IFA_F_TEMPORARY for IPv6: a privacy address. */
	return address_is_global_unicast(&a->address) && a->scope != RT_SCOPE_LINK &&
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

/* fc00::/7, RFC 4193 */
static bool is_unique_local(const struct in6_addr *address)
{
	return (address->s6_addr[0] & 0xfe) == 0xfc;
}

/* Lower is better. */
static unsigned rank(const struct link_address *a)
{
	return (a->flags & IFA_F_DEPRECATED ? 4u : 0u) + (is_unique_local(&a->address) ? 2u : 0u) +
	       (a->prefixlen == 128 ? 1u : 0u);
}

const struct link_address *link_address_better(
	const struct link_address *a, const struct link_address *b)
{
	if (!a || !b)
		return a ? a : b;
	if (rank(a) != rank(b))
		return rank(a) < rank(b) ? a : b;
	if (a->created_cs != b->created_cs)
		return a->created_cs < b->created_cs ? a : b;
	return memcmp(&a->address, &b->address, sizeof(a->address)) <= 0 ? a : b;
}

bool link_address_is_of_vrrp(const struct link *macvlan, const struct link_address *a)
{
	static const uint8_t virtual_mac[] = {0x00, 0x00, 0x5e, 0x00, 0x02};

	return (macvlan->mac_len == 6 &&
		       memcmp(macvlan->mac, virtual_mac, sizeof(virtual_mac)) == 0) ||
	       a->proto == PROTO_KEEPALIVED;
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
