/* SPDX-License-Identifier: ISC */
/*
 * Which address of a link goes into the link-address field, and which of a
 * router's addresses is fit to be the source toward servers
 * (RFC 9915 section 19.1.1). Pure: links in, an address out.
 *
 * A VRRP router may hold its addresses on a macvlan above the client link;
 * they count for the link.
 */
#ifndef NB6_RELAYD_LINKS_LINK_CHOICE_H
#define NB6_RELAYD_LINKS_LINK_CHOICE_H

#include <stdbool.h>

#include "netlink/link_table.h"

/*
 * True for a global or unique local unicast address that is no temporary one
 * and stands: neither tentative (unless optimistic) nor a duplicate.
 */
bool link_choice_usable(const struct link_address *address);

/* True for a global address that still waits for duplicate address detection. */
bool link_choice_pending(const struct link_address *address);

/*
 * The better of two for the link-address field, either may be NULL: preferred
 * before deprecated, a subnet's address before a /128 (a VRRP address), longer
 * standing before newer, so that it does not flap.
 */
const struct link_address *link_choice_better(
	const struct link_address *a, const struct link_address *b);

/* The best usable address of one link, NULL: none. */
const struct link_address *link_choice_of(const struct link *link);

/*
 * True where an address is stable enough to be a source toward servers:
 * usable, and neither deprecated nor a /128 on anything but the loopback link,
 * which are addresses that VRRP moves to another router together with the
 * replies to them.
 */
bool link_choice_stable_source(const struct link *link, const struct link_address *address);

#endif
