/* SPDX-License-Identifier: ISC */
/*
 * One block of memory per transaction: the fixed part, then the relays as the octets of a
 * Relay-forward. A client usually returns through the same relays, so a new transaction of equal
 * length overwrites the block in place and allocates nothing.
 */
#include "bootd/bindings/last_transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RELAY_FORWARD_MAX = 1024 }; /* the relays of longer ones are not kept */

int transaction_table_init(struct transaction_table *table, size_t max)
{
	int rc = hash_table_init(&table->by_duid, max);

	table->is_kept = rc == 0;
	table->octets = 0;
	table->octets_max = max * TRANSACTION_OCTETS;
	return rc;
}

void transaction_table_fini(struct transaction_table *table)
{
	hash_table_fini(&table->by_duid);
	table->is_kept = false;
}

static uint64_t hash_of(const struct transaction_table *table, const struct dhcp6_duid *duid)
{
	return hash_table_hash(&table->by_duid, duid->octets, duid->len);
}

void transaction_forget(struct transaction_table *table, struct binding *binding)
{
	if (!binding->transaction)
		return;
	hash_table_remove(&table->by_duid, &binding->transaction->by_duid);
	table->octets -= binding->transaction->len;
	free(binding->transaction);
	binding->transaction = NULL;
}

/* --- recording ------------------------------------------------------------------------ */

static void put_options(struct wire_out *out, const struct dhcp6_relay *relay)
{
	struct wire_in options = relay->options;
	struct dhcp6_option option;

	while (dhcp6_option_next(&options, &option))
		if (option.code != DHCP6_OPT_RELAY_MSG)
			dhcp6_put_option(
				out, option.code, option.data.pos, wire_left(&option.data));
}

static void put_relays(struct wire_out *out, const struct dhcp6_chain *chain)
{
	size_t mark[DHCP6_RELAYS_MAX];

	for (unsigned i = 0; i < chain->count; i++) {
		const struct dhcp6_relay *relay = &chain->relay[i];

		dhcp6_put_relay_header(out, relay->type, relay->hop_count, &relay->link_address,
			&relay->peer_address);
		put_options(out, relay);
		if (i + 1 < chain->count)
			mark[i] = dhcp6_open_option(out, DHCP6_OPT_RELAY_MSG);
	}
	for (unsigned i = chain->count; i > 1; i--)
		dhcp6_close_option(out, mark[i - 2]);
}

/* The binding's block with space for `len` octets; one of that length is used again. */
static struct last_transaction *make_transaction(
	struct transaction_table *table, struct binding *binding, uint16_t len)
{
	struct last_transaction *transaction = binding->transaction;
	struct dhcp6_duid duid = binding_duid(binding);

	if (transaction && transaction->len == len) {
		hash_table_remove(&table->by_duid, &transaction->by_duid);
	} else {
		transaction = calloc(1, sizeof(*transaction) + len);
		if (!transaction)
			return NULL;
		transaction_forget(table, binding);
		transaction->binding = binding;
		transaction->len = len;
		table->octets += len;
		binding->transaction = transaction;
	}
	hash_table_insert(&table->by_duid, &transaction->by_duid, hash_of(table, &duid));
	return transaction;
}

/* For so much relay data, in place of what the binding has? */
static bool has_room(
	const struct transaction_table *table, const struct binding *binding, size_t len)
{
	size_t has = binding->transaction ? binding->transaction->len : 0;

	return table->octets - has + len <= table->octets_max;
}

void transaction_record(struct transaction_table *table, struct binding *binding,
	const struct dhcp6_chain *chain, const struct in6_addr *source, uint64_t now_ms)
{
	uint8_t octets[RELAY_FORWARD_MAX];
	struct wire_out out = wire_out_of(octets, sizeof(octets));
	struct last_transaction *transaction;

	if (!table->is_kept)
		return;
	if (chain)
		put_relays(&out, chain);
	if (out.bad || !has_room(table, binding, out.len))
		out.len = 0;
	transaction = make_transaction(table, binding, (uint16_t)out.len);
	if (!transaction)
		return;
	transaction->at_ms = now_ms;
	transaction->relay = chain && chain->count > 0 ? *source : in6addr_any;
	memcpy(transaction->relay_forward, octets, transaction->len);
}

/* --- queries ------------------------------------------------------------------------ */

struct binding *transaction_table_next(const struct transaction_table *table,
	const struct dhcp6_duid *duid, const struct binding *after)
{
	uint64_t hash = hash_of(table, duid);
	struct hash_node *node = after ? hash_node_with(after->transaction->by_duid.next, hash)
				       : hash_table_first(&table->by_duid, hash);

	for (; node; node = hash_node_with(node->next, hash)) {
		struct last_transaction *transaction =
			hash_entry(node, struct last_transaction, by_duid);

		if (binding_has_duid(transaction->binding, duid))
			return transaction->binding;
	}
	return NULL;
}

/* The next relay, outermost first; false after the innermost. */
static bool next_relay(struct wire_in *in, struct dhcp6_relay *relay)
{
	if (wire_left(in) == 0 || dhcp6_relay_read(*in, relay) < 0)
		return false;
	if (!dhcp6_option_find(relay->options, DHCP6_OPT_RELAY_MSG, in))
		*in = wire_in_of(NULL, 0);
	return true;
}

static struct wire_in relays_of(const struct last_transaction *transaction)
{
	return transaction ? wire_in_of(transaction->relay_forward, transaction->len)
			   : wire_in_of(NULL, 0);
}

bool transaction_has_option(const struct last_transaction *transaction, uint16_t code,
	const uint8_t *octets, size_t len)
{
	struct wire_in in = relays_of(transaction), data;
	struct dhcp6_relay relay;

	while (next_relay(&in, &relay))
		if (dhcp6_option_find(relay.options, code, &data) && wire_left(&data) == len &&
			memcmp(data.pos, octets, len) == 0)
			return true;
	return false;
}

struct in6_addr transaction_link_address(const struct last_transaction *transaction)
{
	struct wire_in in = relays_of(transaction);
	struct in6_addr link = in6addr_any;
	struct dhcp6_relay relay;

	while (next_relay(&in, &relay))
		if (!IN6_IS_ADDR_UNSPECIFIED(&relay.link_address))
			link = relay.link_address;
	return link;
}
