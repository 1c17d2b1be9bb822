/* SPDX-License-Identifier: ISC */
/*
 * All bindings (binding.h), found by (subnet, machine) and by address.
 *
 * The table never holds more than `max` bindings. If it is full, the oldest offer is removed, else
 * the oldest expired lease, else the oldest registered address, else the oldest binding of a
 * stable or fixed address. Leases are never removed before they expire; they fill nine tenths of
 * the table at most, registered addresses a quarter. A removed stable address is not lost: the
 * machine's next message computes the same one again.
 *
 * A machine has one binding per subnet. In a subnet with classes it has one per pool, and one for
 * all other addresses. Registered addresses come in addition, up to REGISTERED_MAX per subnet.
 */
#ifndef NB6_BOOTD_BINDINGS_BINDING_TABLE_H
#define NB6_BOOTD_BINDINGS_BINDING_TABLE_H

#include "bootd/bindings/address_pool.h"
#include "bootd/bindings/binding.h"
#include "bootd/bindings/last_transaction.h"

enum {
	BINDINGS_MAX = 1200000, /* 200 octets each */
	REGISTERED_MAX = 16,    /* registered addresses of one machine, per subnet */
	BINDING_LISTS = 5
};

/* Bindings of one kind, by their last change of state. */
struct binding_list {
	struct binding *newest, *oldest;
	struct binding *unchecked; /* next for binding_table_expire_some(); NULL: the oldest */
	size_t count;
};

struct binding_table {
	size_t max;
	struct hash_table machines, addresses; /* binding_find.c */
	struct binding_list list[BINDING_LISTS];
	struct address_pools pools;            /* which of their addresses are free */
	struct transaction_table transactions; /* filled after binding_table_keep_transactions() */
	uint64_t evicted;                      /* removed because the table was full */
};

/* `max` bindings; 0: BINDINGS_MAX. Returns 0 or -ENOMEM. */
int binding_table_init(struct binding_table *table, size_t max);
void binding_table_fini(struct binding_table *table);

/* Replace the pools by those of `config`. Returns 0; or -ENOMEM, then nothing has changed. */
int binding_table_set_pools(struct binding_table *table, const struct boot_config *config);
/* The same with pools that address_pools_init() has built, which are the table's from now on. */
void binding_table_use_pools(struct binding_table *table, const struct address_pools *pools);

/* For Leasequery: keep each client's last transaction from now on. Returns 0 or -ENOMEM. */
int binding_table_keep_transactions(struct binding_table *table);

/* The kind of bindings in a list: "lease", "held" (stable and fixed addresses), "registered"... */
const char *binding_list_name(unsigned list);

size_t binding_table_count(const struct binding_table *table);
size_t binding_table_leases(const struct binding_table *table);
/* Is there space for another lease? */
bool binding_table_can_lease(const struct binding_table *table);

/*
 * The machine's binding in the subnet, or NULL. `scope` chooses between several: an address inside
 * a pool for the binding of that pool, :: for the one outside all pools, NULL for any.
 */
struct binding *binding_table_find(const struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct in6_addr *scope);
struct binding *binding_table_find_address(
	const struct binding_table *table, const struct in6_addr *address);

/*
 * As binding_table_find(), but if the machine has none, a new one is made: without an address, in
 * the state `offered`, and expired until its state is set. NULL: no memory.
 */
struct binding *binding_table_get(struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct in6_addr *scope);

/* A new detached binding, which is found by its address only. NULL: no memory. */
struct binding *binding_table_add_detached(
	struct binding_table *table, const struct prefix *subnet, const struct machine *machine);

/* How many detached bindings, of declined leases, the machine has in the subnet. */
unsigned binding_table_declined(const struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine);

/*
 * The binding of an address that the machine registered: the existing one or a new one. A new one
 * takes the address from its holder, and replaces the machine's binding that expires first if the
 * machine has REGISTERED_MAX. NULL: no memory. The caller sets state and lifetime.
 */
struct binding *binding_table_register(struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct in6_addr *address);

/* Gives the binding this address and takes it from its holder. A new address is not a lease yet. */
void binding_table_set_address(struct binding_table *table, struct binding *binding,
	const struct in6_addr *address, bool is_fixed);

/* Takes the address; the binding stays, because it counts declines. */
void binding_table_drop_address(struct binding_table *table, struct binding *binding);

/* Enters a state that lasts `for_s` seconds. */
void binding_table_set_state(struct binding_table *table, struct binding *binding,
	enum binding_state state, uint64_t now_ms, uint64_t for_s);

/* Makes it a lease, which is not evicted before it expires, or no lease any more. */
void binding_table_set_lease(struct binding_table *table, struct binding *binding, bool is_lease);

void binding_table_remove(struct binding_table *table, struct binding *binding);

/* Removes what has expired; an expired lease stays in the state `expired`. */
void binding_table_expire(struct binding_table *table, uint64_t now_ms);
/* The same for at most `max` bindings of each list; the next call continues there. */
void binding_table_expire_some(struct binding_table *table, uint64_t now_ms, size_t max);

/* Walks all bindings, leases first, newest first in each list: NULL begins, NULL ends. */
struct binding *binding_table_next(const struct binding_table *table, const struct binding *after);

/* How many addresses machines have registered (RFC 9686), of all machines. */
size_t binding_table_registered(const struct binding_table *table);

/* Walks the machine's bindings in a subnet, registered ones included, in no order. */
const struct binding *binding_table_next_of(const struct binding_table *table,
	const struct prefix *subnet, const struct machine *machine, const struct binding *after);

/*
 * Walks bindings that have an address in several turns of the event loop: hash slot by hash slot,
 * 0 to binding_table_slots() - 1. A binding stays in its slot while it keeps its address, so a
 * walk misses nothing that does not change meanwhile. Within a slot NULL begins, NULL ends.
 */
size_t binding_table_slots(const struct binding_table *table);
struct binding *binding_table_in_slot(
	const struct binding_table *table, size_t slot, const struct binding *after);

/* --- shared by binding_table.c and binding_find.c -------------------------------------- */

/* The two hash tables, for table->max bindings. Returns 0 or -ENOMEM. */
int binding_index_init(struct binding_table *table);
void binding_index_fini(struct binding_table *table);

void binding_index_add_machine(struct binding_table *table, struct binding *binding);
void binding_index_remove_machine(struct binding_table *table, struct binding *binding);

/* Sets or removes its address, too. No other binding may have the address. */
void binding_index_add_address(
	struct binding_table *table, struct binding *binding, const struct in6_addr *address);
void binding_index_remove_address(struct binding_table *table, struct binding *binding);

/* Walks the bindings of a machine in a subnet: NULL begins, NULL ends. */
struct binding *binding_index_next(const struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct binding *after);

#endif
