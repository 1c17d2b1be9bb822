/* SPDX-License-Identifier: ISC */
/*
 * A hash table of nodes that are embedded in the caller's own structures. It owns nothing
 * but its slots, so an entry may be in several tables at once and none is allocated for it:
 *
 *	struct lease { struct hash_node by_address; struct in6_addr address; ... };
 *
 *	hash = hash_table_hash(&table, &address, sizeof(address));
 *	hash_table_insert(&table, &lease->by_address, hash);
 *	hash_table_each(node, &table, hash) {
 *		lease = hash_entry(node, struct lease, by_address);
 *		if (IN6_ARE_ADDR_EQUAL(&lease->address, &address))
 *			return lease;
 *	}
 *
 * Each table has a SipHash key of its own, so a stranger cannot aim at one slot. The caller
 * compares the keys: entries with equal hashes, and with equal keys, may be in the table.
 *
 * When there are more nodes than slots, a table of twice the slots is begun. Each insertion
 * then moves two slots, so no single one pays for all. A look-up looks at one slot, also
 * meanwhile. If there is no memory for more slots, the chains grow longer and nothing fails.
 * A table does not shrink.
 */
#ifndef NB6_UTIL_HASH_TABLE_H
#define NB6_UTIL_HASH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/siphash.h"

struct hash_node {
	struct hash_node *next;   /* in its slot */
	struct hash_node **place; /* what points at it; NULL: in no table */
	uint64_t hash;
};

/* A zeroed one is empty and can be searched; hash_table_init() comes before an insertion. */
struct hash_table {
	size_t count;
	struct siphash_key key;
	/* private */
	struct hash_node **slot, **half; /* half: the slots before, while they are moved */
	size_t slots;                    /* a power of two */
	size_t moved;                    /* slots of `half` that are empty now */
};

/*
 * Empty, with slots for so many nodes, and a key of its own. A table that never has more
 * nodes than it was made for does not grow. Returns 0 or -ENOMEM.
 */
int hash_table_init(struct hash_table *table, size_t nodes);
/* Frees the slots; the nodes are the caller's and are left as they are. Twice is fine. */
void hash_table_fini(struct hash_table *table);

static inline uint64_t hash_table_hash(
	const struct hash_table *table, const void *octets, size_t len)
{
	return siphash(&table->key, octets, len);
}

/* For numbers that no stranger chooses, such as an ifindex: unkeyed, and faster. */
static inline uint64_t hash_of_number(uint64_t number)
{
	uint64_t hash = number * UINT64_C(0x9e3779b97f4a7c15);

	return hash ^ hash >> 32;
}

/* The node must be in no table; the newest is found first. */
void hash_table_insert(struct hash_table *table, struct hash_node *node, uint64_t hash);
/* In constant time, however many nodes share its slot. A node that is in no table: nothing. */
void hash_table_remove(struct hash_table *table, struct hash_node *node);

static inline bool hash_node_is_in_table(const struct hash_node *node)
{
	return node->place != NULL;
}

/* The nodes with this hash, one after the other; NULL ends. */
static inline struct hash_node *hash_node_with(struct hash_node *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

/* Private: the slot that nodes with this hash are in. There are slots. */
static inline struct hash_node **hash_table_slot_of(const struct hash_table *table, uint64_t hash)
{
	size_t below = table->slots / 2;

	if (table->half && (hash & (below - 1)) >= table->moved)
		return &table->half[hash & (below - 1)];
	return &table->slot[hash & (table->slots - 1)];
}

static inline struct hash_node *hash_table_first(const struct hash_table *table, uint64_t hash)
{
	return table->slots ? hash_node_with(*hash_table_slot_of(table, hash), hash) : NULL;
}

/* The node in hand must stay in the table until the loop goes on or is left. */
#define hash_table_each(node, table, wanted) \
	for ((node) = hash_table_first((table), (wanted)); (node); \
		(node) = hash_node_with((node)->next, (wanted)))

#define hash_entry(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))

/* All nodes in no order: NULL begins, NULL ends. Insertions meanwhile are not allowed. */
struct hash_node *hash_table_next(const struct hash_table *table, const struct hash_node *after);

/*
 * The first node of a slot, 0 to table->slots - 1; `next` leads to the others. For a walk in
 * parts, with changes between: a table that does not grow keeps every node in its slot. While one
 * grows, nodes of another slot may be among them, whose `hash & (slots - 1)` is not this slot; and
 * a walk over it may meet a node twice, but misses none that stays.
 */
struct hash_node *hash_table_in_slot(const struct hash_table *table, size_t slot);

#endif
