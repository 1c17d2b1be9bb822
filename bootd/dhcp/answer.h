/* SPDX-License-Identifier: ISC */
/*
 * Writing answers: the relays' envelopes, the identifiers, the IAs, and the
 * options that the client asked for or that its firmware cannot do without.
 *
 * Order of options, because some firmware minds: 1, 2, 7, IAs, 59, 60, 16, 61, 23, 24,
 * 32, 82, 83, those of relays, 148, 14, 13.
 * Behind 59 there is always one whose code is below 256 where a firmware boots, for UEFI
 * HTTP Boot reads the URL on to the next zero octet; 61 does it, as the echo that RFC 5970
 * asks for. None is empty but 148 and 14: GRUB, which does not ask for these, stops reading at an
 * empty one. Never sent: 12
 * (Server Unicast), 16 with "PXEClient".
 */
#ifndef NB6_BOOTD_DHCP_ANSWER_H
#define NB6_BOOTD_DHCP_ANSWER_H

#include "bootd/dhcp/exchange.h"

/*
 * The Relay-replies around an answer, outermost first: hop-count, link-address and
 * peer-address as they came, with each relay's Interface-Id, Relay Source Port and what
 * else of its own it asks for (Echo Request, RFC 4994).
 *
 *	answer_open_relays(out, chain, mark);
 *	... the answer itself ...
 *	answer_close_relays(out, chain, mark);
 */
void answer_open_relays(
	struct wire_out *out, const struct dhcp6_chain *chain, size_t mark[DHCP6_RELAYS_MAX]);
void answer_close_relays(
	struct wire_out *out, const struct dhcp6_chain *chain, const size_t mark[DHCP6_RELAYS_MAX]);

/* Header, Client Identifier (where the client sent one), Server Identifier. */
void answer_put_head(struct wire_out *out, uint8_t type, const struct client_facts *facts,
	const struct boot_config *config);

/* An IA_NA with this address; or with no more than a status; IA_PD always the latter. */
void answer_put_address(struct wire_out *out, uint32_t iaid, const struct address_choice *choice);
void answer_put_ia_status(struct wire_out *out, uint16_t ia_code, uint32_t iaid, uint16_t status);

/* The boot file URL and what goes with it; nothing where no rule was found. */
void answer_put_boot(
	struct wire_out *out, const struct client_facts *facts, const struct boot_choice *boot);

/* DNS servers, search list, timers, and that addresses can be registered: what was asked for. */
void answer_put_requested(
	struct wire_out *out, const struct client_facts *facts, const struct boot_config *config);

/* The Status Code option, its text included. */
void answer_put_status(struct wire_out *out, uint16_t status);

#endif
