/* SPDX-License-Identifier: ISC */
/*
 * The two hash tables of a link table, by ifindex and by name. Only link_table.c uses this
 * header; the lookup functions are declared in link_table.h.
 */
#ifndef NB6_NETLINK_LINK_HASH_H
#define NB6_NETLINK_LINK_HASH_H

#include "netlink/link_table.h"

/* Create both, empty. Returns 0 or -ENOMEM (nothing is allocated then). */
int link_hash_init(struct link_table *t);
void link_hash_fini(struct link_table *t);

/* Insert a link that is already in the list and in `count`. Its name may be "". */
void link_hash_insert(struct link_table *t, struct link *l);
void link_hash_remove(struct link_table *t, struct link *l);

/* Change the name of an inserted link; "": no name. */
void link_hash_rename(struct link_table *t, struct link *l, const char *name);

#endif
