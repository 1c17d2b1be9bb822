/* SPDX-License-Identifier: ISC */
/*
 * Who has which address now: one binding per (subnet, machine), found by that
 * and by the address.
 *
 *	Solicit -> offered -> Request -> bound -> Release -> released -> forgotten
 *	                                  |  ^ \-- valid lifetime over --^
 *	                                  |  +-- Renew, Rebind, another DUID of the machine
 *	                                  +--> Decline -> declined: the address rests
 *
 * A machine keeps its binding whatever DUID and IAID it shows next. A Release
 * frees nothing at once: GRUB and iPXE go on using the address that firmware released,
 * so it stays held for the same machine until its lifetime is over.
 *
 * A lease is a binding of a pool (lease_book.h has it stored). When its time is over it is
 * not forgotten but `expired`: its machine gets the address back until another one needs it.
 * A declined lease rests: it is found by its address, but is its machine's no more.
 *
 * A machine's own addresses that it has registered (RFC 9686) are bindings as well, any number
 * up to REGISTERED_MAX beside the one that DHCPv6 gave, and found by their address only.
 *
 * Memory is bounded: a full table lets go of the oldest that were only offered, then
 * of the oldest that have expired or are registered, then of the oldest at all but leases. That
 * loses no stable address: they can be computed anew. Leases have nine tenths of the room at
 * most, registered addresses a quarter.
 */
#ifndef NB6_BOOTD_BINDINGS_BINDING_TABLE_H
#define NB6_BOOTD_BINDINGS_BINDING_TABLE_H

#include "bootd/bindings/address_pool.h"
#include "bootd/bindings/client_way.h"
#include "bootd/client/client_facts.h"
#include "bootd/client/machine.h"
#include "bootd/client/prefix.h"

enum {
	BINDINGS_MAX = 1200000, /* 168 octets each */
	BINDING_IDS_HERE = 32,
	OFFER_HELD_S = 120,     /* for a Request to come */
	DECLINE_RESTS_S = 3600, /* until a declined address may be tried again */
	REGISTERED_MAX = 16,    /* addresses of a machine's own, per subnet */
};

enum binding_state {
	BINDING_OFFERED,
	BINDING_BOUND,
	BINDING_RELEASED,
	BINDING_DECLINED,
	BINDING_EXPIRED,
	BINDING_REGISTERED
};

struct binding {
	struct prefix subnet; /* with the machine the key, never changed */

	bool has_address;
	bool is_fixed; /* the host's own, from the config */
	bool is_lease; /* of a pool, bound, released or declined */
	bool rests;    /* declined: not to be found by the machine */
	uint8_t round; /* of reading a shared store, by which it was seen (lease_book.h) */

	/* Machine and DUID, by binding_machine() and binding_duid(). */
	bool is_mac;
	uint8_t machine_len, duid_len;
	union {
		uint8_t here[BINDING_IDS_HERE]; /* both, where they fit: mostly */
		uint8_t *there;
	} ids;

	struct in6_addr address;
	enum binding_state state;
	enum client_mac_source mac_source; /* of the last asker; unknown of a lease read anew */
	uint32_t declines;                 /* the counter of stable_address() */
	uint32_t iaid;                     /* of the last asker, as its DUID */
	uint64_t since_ms;                 /* in this state */
	uint64_t expires_ms;               /* forgotten then, a lease expired */
	uint64_t stored_ms;     /* of a lease: as far as the store has it; 0: not at all */
	struct client_way *way; /* how its client was heard; NULL: not kept, or not known */

	/* Private to binding_table.c and binding_lookup.c. */
	struct binding *next_by_machine, *next_by_address;
	struct binding *newer, *older; /* in the list of its state */
};

struct binding_list {
	struct binding *newest, *oldest;
	struct binding *unchecked; /* where binding_table_expire_some() goes on; NULL: the oldest */
	size_t count;
};

enum { BINDING_LISTS = 5 };

struct binding_table {
	size_t most;
	uint64_t seed;
	size_t slots; /* a power of two */
	struct binding **by_machine, **by_address;
	struct binding_list list[BINDING_LISTS];
	struct address_pools pools; /* what is free in them */
	struct client_ways ways;    /* kept from binding_table_keep_ways() on */
	uint64_t evicted;           /* let go of for want of room, since the start */
};

/* `most` bindings at a time; 0: BINDINGS_MAX. Returns 0 or -ENOMEM. */
int binding_table_init(struct binding_table *table, size_t most);
void binding_table_fini(struct binding_table *table);

/* Other pools: built anew, then filled with what is known. Returns 0 or -ENOMEM, all as before. */
int binding_table_set_pools(struct binding_table *table, const struct boot_config *config);

/* For Leasequery: how clients are heard is kept from now on. Returns 0 or -ENOMEM. */
int binding_table_keep_ways(struct binding_table *table);

/* What holds those of a list: "lease", "held" (stable and fixed ones), "registered"... */
const char *binding_list_name(unsigned list);

size_t binding_table_count(const struct binding_table *table);
size_t binding_table_leases(const struct binding_table *table);
/* Is there room for one more lease? */
bool binding_table_can_lease(const struct binding_table *table);

/*
 * A machine has one binding per subnet, and where the subnet has classes, one per pool of it and
 * one besides. `scope` says which: any address of the pool, or :: for that besides; NULL: whichever
 * there is.
 */
struct binding *binding_table_find(const struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct in6_addr *scope);
struct binding *binding_table_find_address(
	const struct binding_table *table, const struct in6_addr *address);

/* The machine's binding, a new one without address (and expired) where it has none; NULL: no
 * memory. */
struct binding *binding_table_get(struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct in6_addr *scope);

/* One that is found by its address only, once it has one: see binding_table_rest(). */
struct binding *binding_table_add_resting(
	struct binding_table *table, const struct prefix *subnet, const struct machine *machine);

/*
 * The binding of an address that the machine has made itself: the one there is, or a new one,
 * for which one of the machine's, or the oldest of all, may have to go. Whoever has the address
 * now loses it. NULL: no memory. The caller sets how long it is good for.
 */
struct binding *binding_table_register(struct binding_table *table, const struct prefix *subnet,
	const struct machine *machine, const struct in6_addr *address);

/* Give it this address; whoever has it now loses it. With another address it is no lease yet. */
void binding_table_set_address(struct binding_table *table, struct binding *binding,
	const struct in6_addr *address, bool is_fixed);

/* It stays, to count declines, but has no address any more. */
void binding_table_drop_address(struct binding_table *table, struct binding *binding);

/* Into a state, for so long from now on. */
void binding_table_set_state(struct binding_table *table, struct binding *binding,
	enum binding_state state, uint64_t now_ms, uint64_t for_s);

/* It is one of those that are stored and never let go of before their time, or no more. */
void binding_table_set_lease(struct binding_table *table, struct binding *binding, bool is_lease);

/* A declined lease: it keeps the address, and its machine may have another binding. */
void binding_table_rest(struct binding_table *table, struct binding *binding);

void binding_table_remove(struct binding_table *table, struct binding *binding);

/* Once, of a new one. Returns 0 or -ENOMEM. */
int binding_set_machine(struct binding *binding, const struct machine *machine);
void binding_free_ids(struct binding *binding);
struct machine binding_machine(const struct binding *binding);
bool binding_is_of(const struct binding *binding, const struct machine *machine);

/* Of the last asker. The new one is not taken where there is no memory for it. */
struct dhcp6_duid binding_duid(const struct binding *binding);
bool binding_has_duid(const struct binding *binding, const struct dhcp6_duid *duid);
void binding_set_duid(struct binding *binding, const struct dhcp6_duid *duid);

/* Forget what has expired; leases of machines are kept as expired ones. */
void binding_table_expire(struct binding_table *table, uint64_t now_ms);
/* The same for at most so many of each list, going on where the last call ended. */
void binding_table_expire_some(struct binding_table *table, uint64_t now_ms, size_t most);

/* All of them, leases first, newest first within each list: NULL begins, NULL ends. */
struct binding *binding_table_next(const struct binding_table *table, const struct binding *after);

/* All of a machine's on a subnet, in no order, what it has registered among them; likewise. */
const struct binding *binding_table_next_of(const struct binding_table *table,
	const struct prefix *subnet, const struct machine *machine, const struct binding *after);

/*
 * Those with an address, slot by slot of the hash table, 0 to binding_table_slots() - 1: a walk
 * in parts, that misses nothing which stays as it is, since each one is in the same slot for as
 * long as it has its address. Of one slot: NULL begins, NULL ends.
 */
size_t binding_table_slots(const struct binding_table *table);
struct binding *binding_table_in_slot(
	const struct binding_table *table, size_t slot, const struct binding *after);

/* "offered", "bound", "released", "declined", "expired", "registered". */
const char *binding_state_name(enum binding_state state);

#endif
