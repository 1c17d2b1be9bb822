/* SPDX-License-Identifier: ISC */
/*
 * Which addresses count: for the link-address field of a client link (RFC 9915 section 19.1.1),
 * for its state, and as the source toward servers. Pure functions.
 */
#ifndef NB6_RELAYD_LINKS_LINK_ADDRESS_CHOICE_H
#define NB6_RELAYD_LINKS_LINK_ADDRESS_CHOICE_H

#include <stdbool.h>

#include "netlink/link.h"
#include "relayd/config/relay_conf.h"

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

/* True if the address is in the on-link prefix of an address of the link. */
bool link_has_prefix_of(const struct link *link, const struct in6_addr *address);

/*
 * The addresses of a client link and of the VRRP macvlans above it that decide its state and what
 * it puts into the link-address field.
 */
struct link_addresses {
	bool has_link_address;
	struct in6_addr link_address;          /* :: if there is none */
	const struct link_address *tentative;  /* duplicate address detection is running */
	const struct link_address *duplicate;  /* duplicate address detection failed */
	const struct link_address *link_local; /* usable; of the link itself */
	const struct link_address *unusable_link_local;
};

/*
 * `link` may be NULL: nothing. `vmacs` are macvlans above it, by user_next. `rule` may configure
 * the link-address; NULL: it does not.
 */
struct link_addresses link_addresses_of(
	const struct link *link, const struct link *vmacs, const struct relay_link_rule *rule);

/*
 * True if the link, or a macvlan above it, has this address and it is not tentative. An address
 * like ::f, whose upper half is zero, stands for any address that ends so.
 */
bool link_addresses_hold(
	const struct link *link, const struct link *vmacs, const struct in6_addr *wanted);

/*
 * True if an address may be the source toward servers: usable, not deprecated, and no /128
 * except on the loopback link. VRRP moves a /128 to another router, and with it the replies.
 */
bool link_address_stable_source(const struct link *link, const struct link_address *address);

#endif
