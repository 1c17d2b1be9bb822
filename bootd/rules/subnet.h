/* SPDX-License-Identifier: ISC */
/*
 * Subnets, the classes of clients in them, and how the addresses of each are assigned.
 *
 * Look-up among tens of thousands of subnets: they are sorted by address, and each knows the
 * subnet that contains it. A look-up is a binary search and then a walk outwards, so it costs the
 * logarithm of the number of subnets plus the depth of their nesting.
 */
#ifndef NB6_BOOTD_RULES_SUBNET_H
#define NB6_BOOTD_RULES_SUBNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/rules/conditions.h"
#include "bootd/rules/option_set.h"
#include "dhcp6/identity.h"
#include "dhcp6/prefix.h"

enum subnet_addresses {
	SUBNET_STABLE, /* computed from the key, the prefix and the machine */
	SUBNET_NONE,   /* only hosts with an address of their own get one */
	SUBNET_POOL,   /* from a range, kept in the lease store */
	SUBNET_PROXY,  /* another server assigns them, bootd only gives boot files: proxy.h */
	SUBNET_ADDRESSES,
};

/* "stable", "none", "pool", "proxy": the value of `addresses` in bootd.conf. */
const char *subnet_addresses_name(enum subnet_addresses addresses);

/* How the addresses of a subnet, or of a class in it, are assigned. */
struct address_plan {
	enum subnet_addresses addresses;
	struct in6_addr pool_low; /* of SUBNET_POOL */
	uint32_t pool_size;
	uint32_t lifetime_s;
};

/* Clients of a subnet whose addresses are assigned in another way. */
struct address_class {
	const char *file; /* and line: where the section is; never freed */
	unsigned line;
	char *name;
	struct conditions when;
	struct address_plan plan;
	struct option_set options;
};

struct subnet {
	const char *file; /* and line: where the section is; never freed */
	unsigned line;
	struct prefix prefix;
	char text[PREFIX_TEXT];
	struct address_plan plan;    /* for clients that are in no class */
	struct address_class *class; /* a client is in the first whose conditions it meets */
	size_t classes;
	char *interface; /* clients on this link are in the subnet, whatever its addresses; or NULL
			  */
	/* For relays without a link-address: the identifiers that the relay next to the client
	 * sends. */
	struct text_pattern interface_id, remote_id; /* text NULL: anything */
	struct dhcp6_duid relay_id;                  /* len 0: anything */
	char *link; /* subnets with the same text are prefixes of one link; NULL: this one only */
	uint16_t tftp_block_size; /* the largest for its clients; 0: that of tftp */
	struct option_set options;
};

/* The plans of a subnet: its own, then those of its classes; NULL past the last. */
const struct address_plan *subnet_plan(const struct subnet *subnet, size_t i);
/* The class of the subnet that the client is in, or NULL. */
const struct address_class *subnet_choose_class(const struct subnet *subnet,
	const struct client_facts *facts, const struct boot_host *host);
void subnet_fini(struct subnet *subnet);

struct subnet_place;

struct subnet_index {
	struct subnet_place
		*place; /* by address, then length: a subnet comes after the one that contains it */
	const struct subnet **on;       /* those with `interface`, by that name */
	const struct subnet **by_relay; /* those with an identifier of a relay, in their order */
	size_t places, links, relayed;
};

/* The subnets are borrowed. Returns 0 or -ENOMEM. */
int subnet_index_init(struct subnet_index *index, const struct subnet *subnet, size_t subnets);
void subnet_index_fini(struct subnet_index *index); /* a zeroed one is fine */

/* The subnet with the longest prefix that contains the address, or NULL. *steps, if not NULL,
 * counts comparisons. */
const struct subnet *subnet_index_find(
	const struct subnet_index *index, const struct in6_addr *address, unsigned *steps);

/* The first subnet that begins after the address; a subnet inside the prefix; the subnet of this
 * link. NULL: none. */
const struct subnet *subnet_index_behind(
	const struct subnet_index *index, const struct in6_addr *address);
const struct subnet *subnet_index_inside(
	const struct subnet_index *index, const struct prefix *prefix);
const struct subnet *subnet_index_on(const struct subnet_index *index, const char *link_name);

/* The first subnet all of whose identifiers of a relay are in the facts, or NULL. */
const struct subnet *subnet_index_by_relay(
	const struct subnet_index *index, const struct client_facts *facts);

/* True if two subnets are the same: *a and *b, of which *a comes first in the file. */
bool subnet_index_twins(
	const struct subnet_index *index, const struct subnet **a, const struct subnet **b);

#endif
