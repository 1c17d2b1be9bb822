/* SPDX-License-Identifier: ISC */
/*
 * Leasequery: a router or another operator's tool asks who has which address (RFC 5007 over UDP,
 * RFC 5460 over TCP, where answers are many: bulk_session.h).
 *
 *	by address, by client-id            over both
 *	by relay-id, link-address, remote-id over TCP only
 *
 * Answers contain bindings that are in force. No RFC has a query by link-layer address; a requestor
 * whose Option Request names option 79 gets it with each client.
 */
#ifndef NB6_BOOTD_DHCP_LEASEQUERY_H
#define NB6_BOOTD_DHCP_LEASEQUERY_H

#include "bootd/bindings/binding_table.h"
#include "bootd/dhcp/request.h"
#include "bootd/rules/boot_config.h"
#include "dhcp6/option.h"

enum { LEASEQUERY_KEY_MAX = 255 };

/* A query, owned: it outlives the message. */
struct leasequery {
	uint8_t type; /* DHCP6_QUERY_BY_* */
	bool has_link;
	struct prefix link;      /* the subnet that it is limited to */
	struct in6_addr address; /* by address */
	struct dhcp6_duid duid;  /* by client-id */
	uint16_t key_len;        /* by relay-id, remote-id: the option's data */
	uint8_t key[LEASEQUERY_KEY_MAX];
	bool with_relays, with_mac; /* requested in its Option Request */
	uint64_t now_ms;            /* the caller sets it before the answer */
};

/* Does the setting `leasequery` allow this requestor? For a relayed query, ask for each relay too.
 */
bool leasequery_is_allowed(const struct boot_config *config, const struct in6_addr *peer);

/* Reads the options of the message. Returns the status of the answer; 0: Success. */
uint16_t leasequery_read(struct leasequery *query, const struct boot_config *config,
	struct wire_in options, bool is_bulk);

/*
 * Does the query ask for this binding, and is it the first such one of its client on its link? All
 * addresses that the client has on that link are sent with the first one.
 */
bool leasequery_matches(const struct leasequery *query, const struct binding_table *bindings,
	const struct binding *binding);

/* Client Data: the client of this binding, with its addresses on the binding's link. */
void leasequery_put_client(struct wire_out *out, const struct leasequery *query,
	const struct binding_table *bindings, const struct binding *binding);

/* Leasequery over UDP. */
respond_fn respond_leasequery;

#endif
