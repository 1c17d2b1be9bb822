/* SPDX-License-Identifier: ISC */
/*
 * Writes answers: the Relay-reply headers, the identifiers, the IAs, and the options that the
 *client requests or that its firmware needs.
 *
 * Some firmware depends on the order of options: 1, 2, 7, IAs, 59, 60, 16, 61, 23, 24, 32, 82, 83,
 * those of relays, 148, 14, 13.
 *
 *	after 59        comes an option whose code is below 256, because UEFI HTTP Boot reads the
 *	                URL up to the next zero octet; 61 is there for any firmware (RFC 5970
 *	                section 3.3)
 *	empty options   only 148 and 14: GRUB, which does not request them, stops at an empty one
 *	never sent      12 (Server Unicast), and 16 with "PXEClient" except by a proxy (proxy.h)
 */
#ifndef NB6_BOOTD_DHCP_ANSWER_H
#define NB6_BOOTD_DHCP_ANSWER_H

#include "bootd/dhcp/request.h"

/*
 * The Relay-replies around an answer, outermost first: hop-count, link-address and peer-address of
 * the Relay-forward, with the relay's Interface-Id, its Relay Source Port (RFC 8357), and its
 * options that it requests back (Echo Request, RFC 4994).
 *
 *	answer_open_relays(out, chain, mark);
 *	... the answer itself ...
 *	answer_close_relays(out, chain, mark);
 */
void answer_open_relays(
	struct wire_out *out, const struct dhcp6_chain *chain, size_t mark[DHCP6_RELAYS_MAX]);
void answer_close_relays(
	struct wire_out *out, const struct dhcp6_chain *chain, const size_t mark[DHCP6_RELAYS_MAX]);

/* Header, Client Identifier (if the client sent one), Server Identifier. */
void answer_put_head(struct wire_out *out, uint8_t type, const struct client_facts *facts,
	const struct boot_config *config);

/* An IA_NA or IA_PD that contains only a status. */
void answer_put_ia_status(struct wire_out *out, uint16_t ia_code, uint32_t iaid, uint16_t status);

/*
 * The lease store has the lease for less time than was encoded: write the choice's timers and
 * lifetimes over those of the IA_NA and IA Address options that begin at these places.
 */
void answer_set_lifetimes(
	struct wire_out *out, size_t ia_at, size_t iaaddr_at, const struct address_choice *choice);

/* The boot file URL with its options, if the client wants one and a rule matches. */
void answer_put_boot(struct request *r, struct wire_out *out);

/* The options that the client requests, from the configuration or else from its relays (RFC 6422).
 */
void answer_put_requested(const struct request *r, struct wire_out *out);

/* The Status Code option, its text included. */
void answer_put_status(struct wire_out *out, uint16_t status);

#endif
