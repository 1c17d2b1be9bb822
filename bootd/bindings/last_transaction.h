/* SPDX-License-Identifier: ISC */
/*
 * The last transaction of each binding's client: when its last message arrived, and through which
 * relays. Leasequery reports both (RFC 5007 section 4.1.2.3, client-last-transaction-time and
 * relay-data); nothing else needs them, so they are kept only if Leasequery is configured.
 *
 * Each transaction belongs to one binding (binding->transaction). The table finds transactions by
 * the client's DUID, because bindings are keyed by machine and a query may name the DUID only.
 */
#ifndef NB6_BOOTD_BINDINGS_LAST_TRANSACTION_H
#define NB6_BOOTD_BINDINGS_LAST_TRANSACTION_H

#include "bootd/bindings/binding.h"
#include "dhcp6/message.h"

enum { TRANSACTION_OCTETS = 256 };

struct last_transaction {
	struct binding *binding;
	uint64_t at_ms;
	struct in6_addr relay; /* the relay that sent it to us; :: from the client itself, or
				  unknown */

	/* Private to last_transaction.c. */
	struct hash_node by_duid;

	/* The Relay-forward with all nested relays, without the client's message. */
	uint16_t len;
	uint8_t relay_forward[];
};

struct transaction_table {
	bool is_kept;
	struct hash_table by_duid;
	size_t octets, octets_max; /* of relay data, in all transactions */
};

/*
 * Keeps transactions from now on, `max` at most, with TRANSACTION_OCTETS of relay data each on
 * average. Beyond that relay data is not kept, the time of the transaction is. Returns 0 or
 * -ENOMEM.
 */
int transaction_table_init(struct transaction_table *table, size_t max);
/* Forget every transaction first. */
void transaction_table_fini(struct transaction_table *table);

/*
 * A message of the binding's client (binding_duid()) came through these relays. chain NULL: the
 * relays are unknown. Does nothing if no transactions are kept; without memory the old one stays.
 */
void transaction_record(struct transaction_table *table, struct binding *binding,
	const struct dhcp6_chain *chain, const struct in6_addr *source, uint64_t now_ms);
/* Forgets the transaction of this binding, if there is one. */
void transaction_forget(struct transaction_table *table, struct binding *binding);

/* Walks the bindings of a DUID: NULL begins, NULL ends. */
struct binding *transaction_table_next(const struct transaction_table *table,
	const struct dhcp6_duid *duid, const struct binding *after);

/* Did one of its relays send this option with exactly these octets? transaction NULL: no. */
bool transaction_has_option(const struct last_transaction *transaction, uint16_t code,
	const uint8_t *octets, size_t len);

/* The link-address that selected the subnet; :: if there is none. */
struct in6_addr transaction_link_address(const struct last_transaction *transaction);

#endif
