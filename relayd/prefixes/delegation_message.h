/* SPDX-License-Identifier: ISC */
/*
 * The prefixes in a message between a client and a server: what a Reply delegates (RFC 9915
 * section 18.2.10.1) and what a Release returns. Reads octets; decides nothing.
 *
 *	struct delegation_message message;
 *	struct delegated_prefix item;
 *
 *	if (delegation_message_read(octets, &peer, &message))
 *		while (delegation_message_next(&message, &item))
 *			...
 */
#ifndef NB6_RELAYD_PREFIXES_DELEGATION_MESSAGE_H
#define NB6_RELAYD_PREFIXES_DELEGATION_MESSAGE_H

#include "dhcp6/identity.h"
#include "dhcp6/message.h"
#include "dhcp6/option.h"
#include "dhcp6/prefix.h"

/* Views into the datagram. */
struct delegation_message {
	uint8_t type;
	struct dhcp6_duid duid;
	struct in6_addr client; /* its address: the next hop of its prefixes */
	/* private */
	struct wire_in options; /* of the message, after the current IA_PD */
	struct wire_in ia;      /* of the current IA_PD */
	uint32_t iaid;
	bool in_ia, is_empty_ia;
};

/*
 * `peer` is the address that the message came from or goes to. A Relay-forward or Relay-reply of a
 * lightweight relay agent, whose link-address is :: (RFC 6221 section 5.2), is unwrapped: the
 * router behind it is ours to route to. Behind another relay, that relay is the delegating one.
 *
 * Returns true and *message for a Reply or a Release with a Client Identifier.
 */
bool delegation_message_read(
	struct wire_in in, const struct in6_addr *peer, struct delegation_message *message);

/* A prefix of an IA_PD. */
struct delegated_prefix {
	uint32_t iaid;
	bool has_prefix; /* false: an IA_PD without a prefix; the members below are not set */
	struct prefix prefix;
	uint32_t preferred_s, valid_s; /* DHCP6_INFINITY: for ever; valid_s 0: withdrawn */
};

/*
 * The next prefix of all IA_PDs; false at the end, and at what is malformed. Skipped are prefixes
 * and IA_PDs whose Status Code is an error, and prefixes that no route should have: multicast,
 * link-local, loopback, unspecified, of a length that is not 16 to 128, and those whose preferred
 * lifetime is over the valid one (RFC 9915 section 21.22).
 */
bool delegation_message_next(struct delegation_message *message, struct delegated_prefix *item);

/* False for prefixes that no route should have, see above. */
bool delegation_prefix_is_usable(const struct prefix *prefix);

#endif
