/* SPDX-License-Identifier: ISC */
/*
 * The link table: a list of links in order of arrival, with two hash tables
 * over it (link_hash.c).
 *
 * A link's life: put_link makes it and calls link_added; later put_link calls
 * compare, and call link_changed with what differs; remove_link, the sweep,
 * or another kind under its ifindex takes it out of list and hashes first,
 * calls link_removed while it is whole, and frees it.
 */
#include "netlink/link_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/link_hash.h"

/* --- life ------------------------------------------------------------------ */

int link_table_init(struct link_table *t, const struct link_table_ops *ops, void *arg)
{
	static const struct link_table_ops nobody_listens;

	*t = (struct link_table){.ops = ops ? ops : &nobody_listens, .arg = arg};
	return link_hash_init(t);
}

static void link_free(struct link *l)
{
	struct link_address *a;

	while ((a = l->addresses)) {
		l->addresses = a->next;
		free(a);
	}
	free(l);
}

void link_table_fini(struct link_table *t)
{
	struct link *l;

	while ((l = t->first)) {
		t->first = l->next;
		link_free(l);
	}
	link_hash_fini(t);
	*t = (struct link_table){0};
}

/* --- looking --------------------------------------------------------------- */

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

struct link_address *link_find_address(const struct link *l, const struct in6_addr *address)
{
	struct link_address *a = l->addresses;

	while (a && !IN6_ARE_ADDR_EQUAL(&a->address, address))
		a = a->next;
	return a;
}

/* --- telling the owner ----------------------------------------------------- */

static void tell_changed(struct link_table *t, struct link *l, unsigned what)
{
	if (what && t->ops->link_changed)
		t->ops->link_changed(t->arg, l, what);
}

static void tell_addresses_changed(struct link_table *t, struct link *l)
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
	link_hash_remove(t, l);
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
	link_hash_insert(t, l);
}

/*
 * Nobody but `ifindex` has this name now. Taking it from the other is safe in
 * every order of dumps and events: that one was renamed or removed before the
 * news at hand, or took the name after them. Either way the news of that are
 * still to come, or were lost, which a dump makes good.
 */
static void table_free_name(struct link_table *t, const char *name, int ifindex)
{
	struct link *holder = link_table_find_name(t, name);

	if (!holder || holder->ifindex == ifindex)
		return;
	link_hash_rename(t, holder, "");
	tell_changed(t, holder, LINK_CHANGED_NAME);
}

static unsigned link_compare(const struct link *a, const struct link *b)
{
	unsigned what = 0;

	if (strcmp(a->name, b->name) != 0)
		what |= LINK_CHANGED_NAME;
	if (a->mac_len != b->mac_len || memcmp(a->mac, b->mac, a->mac_len) != 0 ||
		a->hw_type != b->hw_type)
		what |= LINK_CHANGED_MAC;
	if (a->flags != b->flags || a->operstate != b->operstate)
		what |= LINK_CHANGED_FLAGS;
	if (a->lower != b->lower)
		what |= LINK_CHANGED_LOWER;
	if (a->master != b->master || strcmp(a->port_kind, b->port_kind) != 0)
		what |= LINK_CHANGED_MASTER;
	if (a->mtu != b->mtu)
		what |= LINK_CHANGED_MTU;
	return what;
}

static void link_copy_facts(struct link *l, const struct link *news)
{
	l->lower = news->lower;
	l->master = news->master;
	memcpy(l->port_kind, news->port_kind, sizeof(l->port_kind));
	l->flags = news->flags;
	l->mtu = news->mtu;
	l->hw_type = news->hw_type;
	l->operstate = news->operstate;
	l->mac_len = news->mac_len;
	memcpy(l->mac, news->mac, sizeof(l->mac));
}

static void table_update(struct link_table *t, struct link *l, const struct link *news)
{
	unsigned what = link_compare(l, news);

	l->stale = false;
	if (!what)
		return;
	if (what & LINK_CHANGED_NAME) {
		table_free_name(t, news->name, l->ifindex);
		link_hash_rename(t, l, news->name);
	}
	link_copy_facts(l, news);
	tell_changed(t, l, what);
}

static int table_add(struct link_table *t, const struct link *news)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	table_free_name(t, news->name, news->ifindex);
	l->ifindex = news->ifindex;
	memcpy(l->name, news->name, sizeof(l->name));
	memcpy(l->kind, news->kind, sizeof(l->kind));
	link_copy_facts(l, news);
	table_append(t, l);
	if (t->ops->link_added)
		t->ops->link_added(t->arg, l);
	return 0;
}

int link_table_put_link(struct link_table *t, const struct link *news)
{
	struct link *l;

	if (news->ifindex < 1 || news->name[0] == '\0' || news->mac_len > LINK_MAC_SIZE)
		return -EINVAL;
	l = link_table_find(t, news->ifindex);
	if (l && strcmp(l->kind, news->kind) != 0) {
		table_drop(t, l);
		l = NULL;
	}
	if (!l)
		return table_add(t, news);
	table_update(t, l, news);
	return 0;
}

void link_table_remove_link(struct link_table *t, int ifindex)
{
	struct link *l = link_table_find(t, ifindex);

	if (l)
		table_drop(t, l);
}

/* --- addresses ------------------------------------------------------------- */

/* Apply the news; true if more than the lifetimes, which run down by themselves, differs. */
static bool address_update(struct link_address *a, const struct link_address *news)
{
	bool changed = a->flags != news->flags || a->prefixlen != news->prefixlen ||
		       a->scope != news->scope || a->proto != news->proto;

	a->flags = news->flags;
	a->prefixlen = news->prefixlen;
	a->scope = news->scope;
	a->proto = news->proto;
	a->preferred_s = news->preferred_s;
	a->valid_s = news->valid_s;
	a->stale = false;
	return changed;
}

int link_table_put_address(struct link_table *t, int ifindex, const struct link_address *news)
{
	struct link *l = link_table_find(t, ifindex);
	struct link_address **at, *a;

	if (!l)
		return 0;
	for (at = &l->addresses; *at; at = &(*at)->next) {
		if (!IN6_ARE_ADDR_EQUAL(&(*at)->address, &news->address))
			continue;
		if (address_update(*at, news))
			tell_addresses_changed(t, l);
		return 0;
	}
	a = malloc(sizeof(*a));
	if (!a)
		return -ENOMEM;
	*a = *news;
	a->seq = ++t->last_seq;
	a->stale = false;
	a->next = NULL;
	*at = a;
	tell_addresses_changed(t, l);
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
		tell_addresses_changed(t, l);
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
		tell_addresses_changed(t, l);
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
