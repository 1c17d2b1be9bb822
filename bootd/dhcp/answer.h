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

#include "bootd/dhcp/request.h"

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

/* An IA_NA or IA_PD with no more than a status. */
void answer_put_ia_status(struct wire_out *out, uint16_t ia_code, uint32_t iaid, uint16_t status);

/*
 * The lease store has the lease for less time than was encoded: write the choice's timers and
 * lifetimes over those of the IA_NA and IA Address options that begin at these places.
 */
void answer_set_lifetimes(
	struct wire_out *out, size_t ia_at, size_t iaaddr_at, const struct address_choice *choice);

/* The boot file URL and what goes with it, if the client wants one and a rule matches. */
void answer_put_boot(struct request *r, struct wire_out *out);

/* What the client requests, of the configuration or else of its relays (RFC 6422). */
void answer_put_requested(const struct request *r, struct wire_out *out);

/* The Status Code option, its text included. */
void answer_put_status(struct wire_out *out, uint16_t status);

#endif
