/* SPDX-License-Identifier: ISC */
/*
 * Two hash tables of links, by ifindex and by name, chained through members of struct link. They
 * double when there are more links than slots. The table by ifindex contains all links, the
 * table by name those that have a name. The keys come from the kernel: ifindexes are dense, and
 * only an administrator can choose names, so that the hashes need no secret.
 */
#include "netlink/link_hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_AT_FIRST = 64 };

static size_t hash_ifindex(int ifindex)
{
	return (uint32_t)ifindex * UINT32_C(2654435761) >> 7;
}

static size_t hash_name(const char *name)
{
	uint32_t hash = UINT32_C(2166136261); /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * UINT32_C(16777619);
	return hash;
}

static struct link **slot_of_ifindex(const struct link_table *t, int ifindex)
{
	return &t->by_ifindex.slots[hash_ifindex(ifindex) & (t->by_ifindex.size - 1)];
}

static struct link **slot_of_name(const struct link_table *t, const char *name)
{
	return &t->by_name.slots[hash_name(name) & (t->by_name.size - 1)];
}

static void insert_ifindex(struct link_table *t, struct link *l)
{
	struct link **slot = slot_of_ifindex(t, l->ifindex);

	l->same_ifindex_hash = *slot;
	*slot = l;
}

static void insert_name(struct link_table *t, struct link *l)
{
	struct link **slot = slot_of_name(t, l->name);

	if (l->name[0] == '\0')
		return;
	l->same_name_hash = *slot;
	*slot = l;
}

static void remove_ifindex(struct link_table *t, struct link *l)
{
	struct link **at = slot_of_ifindex(t, l->ifindex);

	while (*at != l)
		at = &(*at)->same_ifindex_hash;
	*at = l->same_ifindex_hash;
}

static void remove_name(struct link_table *t, struct link *l)
{
	struct link **at = slot_of_name(t, l->name);

	if (l->name[0] == '\0')
		return;
	while (*at != l)
		at = &(*at)->same_name_hash;
	*at = l->same_name_hash;
}

/* Empties the table. Without memory to grow it stays as it is, with longer chains. */
static bool hash_grow(struct link_table_hash *hash)
{
	struct link **slots = calloc(hash->size * 2, sizeof(*slots));

	if (!slots)
		return false;
	free(hash->slots);
	hash->slots = slots;
	hash->size *= 2;
	return true;
}

int link_hash_init(struct link_table *t)
{
	t->by_ifindex.size = t->by_name.size = SIZE_AT_FIRST;
	t->by_ifindex.slots = calloc(SIZE_AT_FIRST, sizeof(struct link *));
	t->by_name.slots = calloc(SIZE_AT_FIRST, sizeof(struct link *));
	if (t->by_ifindex.slots && t->by_name.slots)
		return 0;
	link_hash_fini(t);
	return -ENOMEM;
}

void link_hash_fini(struct link_table *t)
{
	free(t->by_ifindex.slots);
	free(t->by_name.slots);
	t->by_ifindex = t->by_name = (struct link_table_hash){0};
}

void link_hash_insert(struct link_table *t, struct link *l)
{
	struct link *other;

	insert_ifindex(t, l);
	insert_name(t, l);
	if (t->count > t->by_ifindex.size && hash_grow(&t->by_ifindex)) {
		for (other = t->first; other; other = other->next)
			insert_ifindex(t, other);
	}
	if (t->count > t->by_name.size && hash_grow(&t->by_name)) {
		for (other = t->first; other; other = other->next)
			insert_name(t, other);
	}
}

void link_hash_remove(struct link_table *t, struct link *l)
{
	remove_ifindex(t, l);
	remove_name(t, l);
}

void link_hash_rename(struct link_table *t, struct link *l, const char *name)
{
	remove_name(t, l);
	memcpy(l->name, name, strlen(name) + 1);
	insert_name(t, l);
}

struct link *link_table_find(const struct link_table *t, int ifindex)
{
	struct link *l = *slot_of_ifindex(t, ifindex);

	while (l && l->ifindex != ifindex)
		l = l->same_ifindex_hash;
	return l;
}

struct link *link_table_find_name(const struct link_table *t, const char *name)
{
	struct link *l = *slot_of_name(t, name);

	while (l && strcmp(l->name, name) != 0)
		l = l->same_name_hash;
	return l;
}
