/* SPDX-License-Identifier: ISC */
/*
 * Finding subnets among tens of thousands: sorted by address, each knows the one around it. A
 * search is a binary one and then a walk outwards, so that its cost grows with the logarithm of
 * the subnets, and with how deep they are nested.
 */
#ifndef NB6_BOOTD_RULES_SUBNET_INDEX_H
#define NB6_BOOTD_RULES_SUBNET_INDEX_H

#include <stddef.h>

#include "bootd/client/prefix.h"

struct subnet;
struct subnet_place;

struct subnet_index {
	struct subnet_place *place; /* by address, then length: what is inside comes behind */
	const struct subnet **on;   /* those that name their link, by its name */
	size_t places, links;
};

/* The subnets are borrowed. Returns 0 or -ENOMEM. */
int subnet_index_init(struct subnet_index *index, const struct subnet *subnet, size_t subnets);
void subnet_index_fini(struct subnet_index *index); /* a zeroed one is fine */

/* The longest prefix that the address is in, or NULL. *steps, if not NULL, counts comparisons. */
const struct subnet *subnet_index_find(
	const struct subnet_index *index, const struct in6_addr *address, unsigned *steps);

/* The first that begins behind the address; a subnet in the prefix; the one of this link. NULL:
 * none. */
const struct subnet *subnet_index_behind(
	const struct subnet_index *index, const struct in6_addr *address);
const struct subnet *subnet_index_inside(
	const struct subnet_index *index, const struct prefix *prefix);
const struct subnet *subnet_index_on(const struct subnet_index *index, const char *link_name);

/* Two that are the same: true, and *a stands before *b in the file. */
bool subnet_index_twins(
	const struct subnet_index *index, const struct subnet **a, const struct subnet **b);

#endif
