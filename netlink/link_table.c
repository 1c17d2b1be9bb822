/* SPDX-License-Identifier: ISC */
/*
 * The link table: a list of links in order of arrival, with two hash tables over it. Questions
 * to one link are in link.c.
 *
 * Life of a link: link_table_put_link() creates it and calls link_added. Later calls compare,
 * and call link_changed with the differences. link_table_remove_link(), the sweep, or a link of
 * another kind with the same ifindex remove it from list and hashes, call link_removed while
 * its members are still valid, and free it.
 */
#include "netlink/link_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINKS_FIRST = 64 };

/* --- lookups ---------------------------------------------------------------- */

struct link *link_table_find(const struct link_table *t, int ifindex)
{
	uint64_t hash = hash_of_number((uint32_t)ifindex);
	struct hash_node *node;

	hash_table_each(node, &t->by_ifindex, hash)
	{
		struct link *l = hash_entry(node, struct link, by_ifindex);

		if (l->ifindex == ifindex)
			return l;
	}
	return NULL;
}

struct link *link_table_find_name(const struct link_table *t, const char *name)
{
	uint64_t hash = hash_table_hash(&t->by_name, name, strlen(name));
	struct hash_node *node;

	hash_table_each(node, &t->by_name, hash)
	{
		struct link *l = hash_entry(node, struct link, by_name);

		if (strcmp(l->name, name) == 0)
			return l;
	}
	return NULL;
}

/* "": no name. */
static void set_name(struct link_table *t, struct link *l, const char *name)
{
	hash_table_remove(&t->by_name, &l->by_name);
	memcpy(l->name, name, strlen(name) + 1);
	if (*name)
		hash_table_insert(
			&t->by_name, &l->by_name, hash_table_hash(&t->by_name, name, strlen(name)));
}

/* --- life ------------------------------------------------------------------ */

int link_table_init(struct link_table *t, const struct link_table_ops *ops, void *arg)
{
	static const struct link_table_ops no_callbacks;

	*t = (struct link_table){.ops = ops ? ops : &no_callbacks, .arg = arg};
	if (hash_table_init(&t->by_ifindex, LINKS_FIRST) == 0 &&
		hash_table_init(&t->by_name, LINKS_FIRST) == 0)
		return 0;
	link_table_fini(t);
	return -ENOMEM;
}

void link_table_fini(struct link_table *t)
{
	struct link *l;

	while ((l = t->first)) {
		t->first = l->next;
		link_free(l);
	}
	hash_table_fini(&t->by_ifindex);
	hash_table_fini(&t->by_name);
	*t = (struct link_table){0};
}

/* --- lookup ---------------------------------------------------------------- */

bool link_table_has_name(const struct link_table *t, const char *name)
{
	for (const struct link *l = t->first; l; l = l->next)
		if (link_has_name(l, name))
			return true;
	return false;
}

size_t link_table_count(const struct link_table *t)
{
	return t->count;
}

struct link *link_table_first(const struct link_table *t)
{
	return t->first;
}

struct link *link_table_next(const struct link_table *t, const struct link *l)
{
	(void)t;
	return l->next;
}

/* --- callbacks -------------------------------------------------------------- */

static void report_changed(struct link_table *t, struct link *l, unsigned what)
{
	if (what && t->ops->link_changed)
		t->ops->link_changed(t->arg, l, what);
}

static void report_addresses_changed(struct link_table *t, struct link *l)
{
	if (t->ops->addresses_changed)
		t->ops->addresses_changed(t->arg, l);
}

void link_table_synced(struct link_table *t)
{
	if (t->ops->synced)
		t->ops->synced(t->arg);
}

/* --- links ----------------------------------------------------------------- */

static void table_drop(struct link_table *t, struct link *l)
{
	hash_table_remove(&t->by_ifindex, &l->by_ifindex);
	hash_table_remove(&t->by_name, &l->by_name);
	*(l->prev ? &l->prev->next : &t->first) = l->next;
	*(l->next ? &l->next->prev : &t->last) = l->prev;
	t->count--;
	if (t->ops->link_removed)
		t->ops->link_removed(t->arg, l);
	link_free(l);
}

static void table_append(struct link_table *t, struct link *l)
{
	l->prev = t->last;
	*(t->last ? &t->last->next : &t->first) = l;
	t->last = l;
	t->count++;
	hash_table_insert(&t->by_ifindex, &l->by_ifindex, hash_of_number((uint32_t)l->ifindex));
}

/*
 * Only `ifindex` has this name now. Clearing the name of another entry is safe in every order
 * of dumps and events: that link was renamed or removed before the update at hand, or got the
 * name after it. Either way its own event is still to come, or was lost and a dump follows.
 */
static void table_free_name(struct link_table *t, const char *name, int ifindex)
{
	struct link *holder = link_table_find_name(t, name);

	if (!holder || holder->ifindex == ifindex)
		return;
	set_name(t, holder, "");
	report_changed(t, holder, LINK_CHANGED_NAME);
}

static int table_update(struct link_table *t, struct link *l, const struct link *update)
{
	unsigned what = link_compare(l, update);

	if (what && link_apply(l, update) < 0)
		return -ENOMEM;
	l->stale = false;
	if (!what)
		return 0;
	if (what & LINK_CHANGED_NAME) {
		table_free_name(t, update->name, l->ifindex);
		set_name(t, l, update->name);
	}
	report_changed(t, l, what);
	return 0;
}

static int table_add(struct link_table *t, const struct link *update)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	if (link_apply(l, update) < 0) {
		free(l);
		return -ENOMEM;
	}
	table_free_name(t, update->name, update->ifindex);
	l->ifindex = update->ifindex;
	set_name(t, l, update->name);
	memcpy(l->kind, update->kind, sizeof(l->kind));
	l->vrf_table = update->vrf_table; /* like the kind, it never changes */
	table_append(t, l);
	if (t->ops->link_added)
		t->ops->link_added(t->arg, l);
	return 0;
}

int link_table_put_link(struct link_table *t, const struct link *update)
{
	struct link *l;

	if (update->ifindex < 1 || update->name[0] == '\0' || update->mac_len > LINK_MAC_SIZE)
		return -EINVAL;
	l = link_table_find(t, update->ifindex);
	if (l && strcmp(l->kind, update->kind) != 0) {
		table_drop(t, l);
		l = NULL;
	}
	if (!l)
		return table_add(t, update);
	return table_update(t, l, update);
}

void link_table_remove_link(struct link_table *t, int ifindex)
{
	struct link *l = link_table_find(t, ifindex);

	if (l)
		table_drop(t, l);
}

void link_table_ipv6_changed(struct link_table *t, int ifindex)
{
	struct link *l = link_table_find(t, ifindex);

	if (l)
		report_changed(t, l, LINK_CHANGED_IPV6);
}

/* --- addresses ------------------------------------------------------------- */

int link_table_put_address(struct link_table *t, int ifindex, const struct link_address *update)
{
	struct link *l = link_table_find(t, ifindex);
	struct link_address **at, *a;

	if (!l)
		return 0;
	for (at = &l->addresses; *at; at = &(*at)->next) {
		if (!IN6_ARE_ADDR_EQUAL(&(*at)->address, &update->address))
			continue;
		if (link_address_apply(*at, update))
			report_addresses_changed(t, l);
		return 0;
	}
	a = malloc(sizeof(*a));
	if (!a)
		return -ENOMEM;
	*a = *update;
	a->seq = ++t->last_seq;
	a->stale = false;
	a->next = NULL;
	*at = a;
	report_addresses_changed(t, l);
	return 0;
}

void link_table_remove_address(struct link_table *t, int ifindex, const struct in6_addr *address)
{
	struct link *l = link_table_find(t, ifindex);
	struct link_address **at, *a;

	if (!l)
		return;
	for (at = &l->addresses; (a = *at); at = &a->next) {
		if (!IN6_ARE_ADDR_EQUAL(&a->address, address))
			continue;
		*at = a->next;
		free(a);
		report_addresses_changed(t, l);
		return;
	}
}

/* --- repair ---------------------------------------------------------------- */

void link_table_mark_stale(struct link_table *t)
{
	struct link_address *a;
	struct link *l;

	for (l = t->first; l; l = l->next) {
		l->stale = true;
		for (a = l->addresses; a; a = a->next)
			a->stale = true;
	}
}

static void link_sweep_addresses(struct link_table *t, struct link *l)
{
	struct link_address **at = &l->addresses, *a;
	bool changed = false;

	while ((a = *at)) {
		if (!a->stale) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		free(a);
		changed = true;
	}
	if (changed)
		report_addresses_changed(t, l);
}

void link_table_sweep(struct link_table *t)
{
	struct link *l, *next;

	for (l = t->first; l; l = next) {
		next = l->next;
		if (l->stale)
			table_drop(t, l);
		else
			link_sweep_addresses(t, l);
	}
}
