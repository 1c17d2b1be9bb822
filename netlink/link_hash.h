/* SPDX-License-Identifier: ISC */
/*
 * The two hash tables of a link table, by ifindex and by name. For link_table.c
 * alone, which keeps the list of links; finding is in link_table.h.
 */
#ifndef NB6_NETLINK_LINK_HASH_H
#define NB6_NETLINK_LINK_HASH_H

#include "netlink/link_table.h"

/* Both empty. Returns 0, or -ENOMEM and nothing is held. */
int link_hash_init(struct link_table *t);
void link_hash_fini(struct link_table *t);

/* A link that has just come into the list and was counted; its name may be "". */
void link_hash_insert(struct link_table *t, struct link *l);
void link_hash_remove(struct link_table *t, struct link *l);

/* Give a link that is in another name, or none (""). */
void link_hash_rename(struct link_table *t, struct link *l, const char *name);

#endif
