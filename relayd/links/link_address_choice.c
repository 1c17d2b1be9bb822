/* SPDX-License-Identifier: ISC */
/*
 * The rules by which one address is chosen among those of a link, each a function of its own, and
 * the summary of all addresses of a client link that client_link.c decides its state from. The
 * addresses of VRRP macvlans above the link count, too: keepalived and FRR assign the virtual
 * address of a router there.
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

bool link_address_stable_source(const struct link *link, const struct link_address *a)
{
	return link_address_usable(a) && !(a->flags & IFA_F_DEPRECATED) &&
	       (a->prefixlen < 128 || (link->flags & IFF_LOOPBACK));
}

/* --- the addresses of a client link ------------------------------------------------------ */

/* Of a macvlan only those of VRRP. */
static bool counts(bool is_vmac, const struct link *link, const struct link_address *a)
{
	return !is_vmac || link_address_is_of_vrrp(link, a);
}

/*
 * The link's own addresses go before those of its macvlans, which move with the VRRP master,
 * unless they are deprecated.
 */
static const struct link_address *own_or_vmacs(
	const struct link_address *own, const struct link_address *of_vmac)
{
	bool is_deprecated = own && (own->flags & IFA_F_DEPRECATED);

	if (!own || (is_deprecated && of_vmac && !(of_vmac->flags & IFA_F_DEPRECATED)))
		return of_vmac;
	return own;
}

/* Note tentative addresses and duplicates of one link; returns the better of its best and `best`.
 */
static const struct link_address *add_link(struct link_addresses *addresses, bool is_vmac,
	const struct link *link, const struct link_address *best)
{
	for (const struct link_address *a = link->addresses; a; a = a->next) {
		if (!counts(is_vmac, link, a))
			continue;
		if (link_address_usable(a))
			best = link_address_better(best, a);
		else if (link_address_tentative(a))
			addresses->tentative = a;
		else if (a->flags & IFA_F_DADFAILED)
			addresses->duplicate = a;
	}
	return best;
}

/* Of the link itself only: replies do not leave by a macvlan above it. */
static void add_link_local(struct link_addresses *addresses, const struct link *link)
{
	for (const struct link_address *a = link->addresses; a && !addresses->link_local;
		a = a->next) {
		if (!IN6_IS_ADDR_LINKLOCAL(&a->address))
			continue;
		if (link_address_is_settled(a))
			addresses->link_local = a;
		else
			addresses->unusable_link_local = a;
	}
}

/* The prefix of an address with the suffix `id` in place of the rest. */
static struct in6_addr combine(const struct link_address *prefix, const struct in6_addr *id)
{
	struct in6_addr address = *id;
	unsigned len = prefix->prefixlen < 64 ? prefix->prefixlen : 64;

	for (unsigned i = 0; i < len; i++)
		address.s6_addr[i / 8] |= (uint8_t)(prefix->address.s6_addr[i / 8] & 0x80 >> i % 8);
	return address;
}

/* The configured link-address or suffix, else the best address. */
static void set_link_address(struct link_addresses *addresses, const struct link_address *best,
	const struct relay_link_rule *rule)
{
	static const struct in6_addr none = IN6ADDR_ANY_INIT;
	const struct in6_addr *set = rule ? &rule->link_address : &none;

	addresses->has_link_address = best != NULL;
	addresses->link_address = best ? best->address : none;
	if (IN6_IS_ADDR_UNSPECIFIED(set))
		return;
	if (!relay_link_rule_has_suffix(rule)) {
		addresses->link_address = *set;
		addresses->has_link_address = true;
	} else if (best) {
		addresses->link_address = combine(best, set);
	}
}

struct link_addresses link_addresses_of(
	const struct link *link, const struct link *vmacs, const struct relay_link_rule *rule)
{
	const struct link_address *own, *of_vmacs = NULL;
	struct link_addresses addresses = {0};

	if (!link)
		return addresses;
	own = add_link(&addresses, false, link, NULL);
	for (const struct link *vmac = vmacs; vmac; vmac = vmac->user_next)
		of_vmacs = add_link(&addresses, true, vmac, of_vmacs);
	set_link_address(&addresses, own_or_vmacs(own, of_vmacs), rule);
	add_link_local(&addresses, link);
	return addresses;
}

static bool matches(const struct in6_addr *wanted, const struct in6_addr *address)
{
	static const struct in6_addr none = IN6ADDR_ANY_INIT;
	size_t from = memcmp(wanted, &none, 8) == 0 ? 8 : 0;

	return memcmp(wanted->s6_addr + from, address->s6_addr + from, 16 - from) == 0;
}

static bool holds(bool is_vmac, const struct link *link, const struct in6_addr *wanted)
{
	for (const struct link_address *a = link->addresses; a; a = a->next)
		if (matches(wanted, &a->address) && counts(is_vmac, link, a) &&
			link_address_is_settled(a))
			return true;
	return false;
}

bool link_addresses_hold(
	const struct link *link, const struct link *vmacs, const struct in6_addr *wanted)
{
	for (const struct link *vmac = vmacs; vmac; vmac = vmac->user_next)
		if (holds(true, vmac, wanted))
			return true;
	return holds(false, link, wanted);
}

bool link_has_prefix_of(const struct link *link, const struct in6_addr *address)
{
	for (const struct link_address *a = link->addresses; a; a = a->next) {
		unsigned whole = a->prefixlen / 8, mask = 0xff00u >> a->prefixlen % 8;

		if (a->prefixlen < 128 && memcmp(&a->address, address, whole) == 0 &&
			((a->address.s6_addr[whole] ^ address->s6_addr[whole]) & mask & 0xff) == 0)
			return true;
	}
	return false;
}
