/* SPDX-License-Identifier: ISC */
/*
 * Options that relays supply for the clients behind them (RFC 6422): a relay packs them into
 * its Relay-Supplied Options, the server passes on those that may be, as if they were its own.
 */
#ifndef NB6_BOOTD_DHCP_RELAY_SUPPLIED_H
#define NB6_BOOTD_DHCP_RELAY_SUPPLIED_H

#include "bootd/client/client_facts.h"
#include "bootd/rules/boot_config.h"

/*
 * Add what relays supply to the answer whose header is at out->buf[message_at]: of the options
 * that the configuration lets relays supply those that the client asks for. What the server has
 * said itself stays; of several relays' values that of the one next to the client is taken.
 */
void relay_supplied_put(struct wire_out *out, size_t message_at, const struct dhcp6_chain *chain,
	const struct client_facts *facts, const struct boot_config *config);

#endif
