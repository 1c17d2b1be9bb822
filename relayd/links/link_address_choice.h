/* SPDX-License-Identifier: ISC */
/*
 * Chooses the address of a link for the link-address field, and decides which of a router's
 * addresses may be the source toward servers (RFC 9915 section 19.1.1). Pure functions.
 */
#ifndef NB6_RELAYD_LINKS_LINK_ADDRESS_CHOICE_H
#define NB6_RELAYD_LINKS_LINK_ADDRESS_CHOICE_H

#include <stdbool.h>

#include "netlink/link_table.h"

/*
 * True for a global or unique local unicast address that can be used now: not temporary, not
 * tentative (unless optimistic), not a duplicate.
 */
bool link_address_usable(const struct link_address *address);

/* True for such an address while duplicate address detection runs. */
bool link_address_tentative(const struct link_address *address);

/*
 * True for an address of any scope whose duplicate address detection is over and did not fail,
 * or need not be awaited (optimistic).
 */
bool link_address_is_settled(const struct link_address *address);

/*
 * The better of two addresses of one link for the link-address field; either may be NULL.
 * Preferred goes before deprecated, a global address before a unique local one (RFC 4193), a
 * subnet's address before a /128 (a VRRP address), then the one that the kernel created first,
 * then the lower one. The result does not depend on the order in which the relay learnt of them,
 * so that a restart of the relay does not change it.
 */
const struct link_address *link_address_better(
	const struct link_address *a, const struct link_address *b);

/*
 * True if an address of a macvlan belongs to VRRP: the macvlan has VRRP's virtual MAC
 * (00:00:5e:00:02:xx, RFC 5798 section 7.3), or keepalived assigned the address.
 */
bool link_address_is_of_vrrp(const struct link *macvlan, const struct link_address *address);

/* The best usable address of one link; NULL: none. */
const struct link_address *link_address_best(const struct link *link);

/*
 * True if an address may be the source toward servers: usable, not deprecated, and no /128
 * except on the loopback link. VRRP moves a /128 to another router, and with it the replies.
 */
bool link_address_stable_source(const struct link *link, const struct link_address *address);

#endif
