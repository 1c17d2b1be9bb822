/* SPDX-License-Identifier: ISC */
/*
 * One link: its names, its addresses, and the comparison of two states of it. The comparison
 * decides what counts as a change: everything else in an update from the kernel is ignored, so
 * that an event without news calls nobody.
 */
#include "netlink/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void link_free(struct link *l)
{
	struct link_address *a;

	while ((a = l->addresses)) {
		l->addresses = a->next;
		free(a);
	}
	free((void *)(uintptr_t)l->altnames);
	free(l);
}

bool link_is_vrf(const struct link *l)
{
	return strcmp(l->kind, "vrf") == 0;
}

bool link_is_in_vrf(const struct link *l)
{
	return l->master && strcmp(l->port_kind, "vrf") == 0;
}

struct link_address *link_find_address(const struct link *l, const struct in6_addr *address)
{
	struct link_address *a = l->addresses;

	while (a && !IN6_ARE_ADDR_EQUAL(&a->address, address))
		a = a->next;
	return a;
}

bool link_has_altname(const struct link *l, const char *name)
{
	for (const char *alt = l->altnames; alt && *alt; alt += strlen(alt) + 1)
		if (strcmp(alt, name) == 0)
			return true;
	return false;
}

bool link_has_name(const struct link *l, const char *name)
{
	return strcmp(l->name, name) == 0 || link_has_altname(l, name);
}

/* With the NUL at the end; 0: there is none, which may be written as NULL or as "". */
static size_t altnames_len(const char *altnames)
{
	const char *end = altnames;

	while (end && *end)
		end += strlen(end) + 1;
	return end != altnames ? (size_t)(end - altnames) + 1 : 0;
}

static bool altnames_equal(const char *a, const char *b)
{
	size_t len = altnames_len(a);

	return len == altnames_len(b) && (len == 0 || memcmp(a, b, len) == 0);
}

/* Returns 0 or -ENOMEM; `copy` is NULL without a name. */
static int altnames_copy(const char *altnames, char **copy)
{
	size_t len = altnames_len(altnames);

	*copy = NULL;
	if (len == 0)
		return 0;
	*copy = malloc(len);
	if (!*copy)
		return -ENOMEM;
	memcpy(*copy, altnames, len);
	return 0;
}

unsigned link_compare(const struct link *a, const struct link *b)
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
	if (!altnames_equal(a->altnames, b->altnames))
		what |= LINK_CHANGED_ALTNAMES;
	return what;
}

int link_apply(struct link *l, const struct link *update)
{
	char *altnames;

	if (!altnames_equal(l->altnames, update->altnames)) {
		if (altnames_copy(update->altnames, &altnames) < 0)
			return -ENOMEM;
		free((void *)(uintptr_t)l->altnames);
		l->altnames = altnames;
	}
	l->lower = update->lower;
	l->master = update->master;
	memcpy(l->port_kind, update->port_kind, sizeof(l->port_kind));
	l->flags = update->flags;
	l->mtu = update->mtu;
	l->hw_type = update->hw_type;
	l->operstate = update->operstate;
	l->mac_len = update->mac_len;
	memcpy(l->mac, update->mac, sizeof(l->mac));
	return 0;
}

bool link_address_apply(struct link_address *a, const struct link_address *update)
{
	bool changed = a->flags != update->flags || a->prefixlen != update->prefixlen ||
		       a->scope != update->scope || a->proto != update->proto;

	a->flags = update->flags;
	a->prefixlen = update->prefixlen;
	a->scope = update->scope;
	a->proto = update->proto;
	a->created_cs = update->created_cs;
	a->preferred_s = update->preferred_s;
	a->valid_s = update->valid_s;
	a->stale = false;
	return changed;
}
