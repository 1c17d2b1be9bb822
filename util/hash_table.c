/* SPDX-License-Identifier: ISC */
/*
 * Slots are chains, doubly linked for removal in constant time. While the table grows there
 * are two arrays: `half` with the nodes of its slots from `moved` on, and `slot` with all
 * others. A hash says which one: slot i of `half` goes to slots i and i + half of `slot`,
 * the two that differ in one bit.
 */
#include "util/hash_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 16, MOVED_AT_ONCE = 2 };

int hash_table_init(struct hash_table *table, size_t nodes)
{
	*table = (struct hash_table){.slots = SLOTS_MIN};
	while (table->slots < nodes)
		table->slots *= 2;
	table->slot = calloc(table->slots, sizeof(struct hash_node *));
	if (!table->slot) {
		table->slots = 0;
		return -ENOMEM;
	}
	siphash_key_random(&table->key);
	return 0;
}

void hash_table_fini(struct hash_table *table)
{
	free(table->slot);
	free(table->half);
	*table = (struct hash_table){0};
}

static void link_node(struct hash_node **slot, struct hash_node *node)
{
	node->next = *slot;
	node->place = slot;
	if (node->next)
		node->next->place = &node->next;
	*slot = node;
}

static void unlink_node(struct hash_node *node)
{
	*node->place = node->next;
	if (node->next)
		node->next->place = node->place;
}

/* From the last to the first, for those with equal keys to keep their order. */
static void move_slot(struct hash_table *table)
{
	struct hash_node **from = &table->half[table->moved++], *node, *turned = NULL, *next;

	for (node = *from; node; node = next) {
		next = node->next;
		node->next = turned;
		turned = node;
	}
	*from = NULL;
	for (node = turned; node; node = next) {
		next = node->next;
		link_node(hash_table_slot_of(table, node->hash), node);
	}
}

static void move_some(struct hash_table *table)
{
	for (int i = 0; i < MOVED_AT_ONCE && table->half; i++) {
		move_slot(table);
		if (table->moved == table->slots / 2) {
			free(table->half);
			table->half = NULL;
		}
	}
}

static void begin_to_grow(struct hash_table *table)
{
	struct hash_node **slot = calloc(table->slots * 2, sizeof(struct hash_node *));

	if (!slot)
		return;
	table->half = table->slot;
	table->slot = slot;
	table->slots *= 2;
	table->moved = 0;
}

void hash_table_insert(struct hash_table *table, struct hash_node *node, uint64_t hash)
{
	if (table->half)
		move_some(table);
	else if (table->count >= table->slots)
		begin_to_grow(table);
	node->hash = hash;
	link_node(hash_table_slot_of(table, hash), node);
	table->count++;
}

void hash_table_remove(struct hash_table *table, struct hash_node *node)
{
	if (!node->place)
		return;
	unlink_node(node);
	node->place = NULL;
	table->count--;
}

/* --- walks: first the slots of `slot`, then those of `half` ------------------------------ */

static struct hash_node *first_from(const struct hash_table *table, size_t number)
{
	for (; number < table->slots; number++)
		if (table->slot[number])
			return table->slot[number];
	for (number -= table->slots; table->half && number < table->slots / 2; number++)
		if (table->half[number])
			return table->half[number];
	return NULL;
}

struct hash_node *hash_table_next(const struct hash_table *table, const struct hash_node *after)
{
	size_t below = table->slots / 2;

	if (!after)
		return first_from(table, 0);
	if (after->next)
		return after->next;
	if (table->half && (after->hash & (below - 1)) >= table->moved)
		return first_from(table, table->slots + (after->hash & (below - 1)) + 1);
	return first_from(table, (after->hash & (table->slots - 1)) + 1);
}

struct hash_node *hash_table_in_slot(const struct hash_table *table, size_t slot)
{
	return *hash_table_slot_of(table, slot);
}
