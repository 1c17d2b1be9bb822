/* SPDX-License-Identifier: ISC */
/*
 * The links of this network namespace and their IPv6 addresses, indexed by ifindex and by name.
 *
 * A pure data structure: no socket, no clock. link_monitor.h fills it from the kernel; tests
 * fill it by hand. Callbacks report changes to the owner, once for each real change: an update
 * without a difference calls nothing and allocates nothing.
 *
 * A callback may read the table but must not change it.
 */
#ifndef NB6_NETLINK_LINK_TABLE_H
#define NB6_NETLINK_LINK_TABLE_H

#include "netlink/link.h"

/* Each member may be NULL. `l` is valid until its link_removed returns. */
struct link_table_ops {
	void (*link_added)(void *arg, struct link *l);                  /* it has no address yet */
	void (*link_changed)(void *arg, struct link *l, unsigned what); /* LINK_CHANGED_* */
	/* Still has its addresses, but is no longer found in the table. Freed after the callback.
	 */
	void (*link_removed)(void *arg, struct link *l);
	/* An address was added, removed, or changed in more than its lifetimes. */
	void (*addresses_changed)(void *arg, struct link *l);
	/* The table is complete: after the first dump and after every repair. */
	void (*synced)(void *arg);
};

struct link_table {
	const struct link_table_ops *ops;
	void *arg;
	struct link *first, *last;
	size_t count;
	uint64_t last_seq;
	struct hash_table by_ifindex, by_name;
};

/* Returns 0 or -ENOMEM. `ops` is not copied and must stay valid; NULL: no callbacks. */
int link_table_init(struct link_table *t, const struct link_table_ops *ops, void *arg);
/* Frees all links without a callback: the owner releases `user` of each link before. */
void link_table_fini(struct link_table *t);

/* NULL: no such link. Both take constant time. */
struct link *link_table_find(const struct link_table *t, int ifindex);
struct link *link_table_find_name(const struct link_table *t, const char *name);

/* True if a link has this name, or this alternative name. Walks all links: for messages. */
bool link_table_has_name(const struct link_table *t, const char *name);

size_t link_table_count(const struct link_table *t);

/*
 * All links in order of arrival. The table must not change meanwhile.
 *
 *	for (l = link_table_first(t); l; l = link_table_next(t, l))
 */
struct link *link_table_first(const struct link_table *t);
struct link *link_table_next(const struct link_table *t, const struct link *l);

/*
 * Add or update a link from an RTM_NEWLINK. All members of `update` are read, except addresses,
 * user, and the private ones.
 *
 * Names are unique in the kernel. If another entry still has the name in `update` (events were
 * lost, or are replayed after a newer dump), that entry is out of date: its name becomes ""
 * (link_changed with LINK_CHANGED_NAME) until an update of that link comes.
 *
 * The kind of a link never changes. Another kind with the same ifindex is another link: the old
 * one is removed and the new one is added.
 *
 * Returns 0, -ENOMEM (nothing applied) or -EINVAL (ifindex < 1, no name).
 */
int link_table_put_link(struct link_table *t, const struct link *update);

/* Remove a link. Does nothing if it is unknown. */
void link_table_remove_link(struct link_table *t, int ifindex);

/* Report LINK_CHANGED_IPV6 for a link. Does nothing if it is unknown. */
void link_table_ipv6_changed(struct link_table *t, int ifindex);

/*
 * Add or update an address from an RTM_NEWADDR; seq and next of `update` are not read. Does
 * nothing if the link is unknown: the kernel reports a link before its addresses; if that event
 * was lost, a dump follows that brings both. Returns 0 or -ENOMEM (nothing applied).
 */
int link_table_put_address(struct link_table *t, int ifindex, const struct link_address *update);
void link_table_remove_address(struct link_table *t, int ifindex, const struct in6_addr *address);

/*
 * Repair: mark everything stale, put every entry of a dump, then remove the links and addresses
 * that are still stale. Entries that the dump repeated unchanged cause no callback.
 */
void link_table_mark_stale(struct link_table *t);
void link_table_sweep(struct link_table *t);

/* Calls ops->synced. */
void link_table_synced(struct link_table *t);

#endif
