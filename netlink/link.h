/* SPDX-License-Identifier: ISC */
/*
 * A link of the kernel with its IPv6 addresses: what link_decode.h reads from a netlink message,
 * link_table.h keeps current, and the daemons look at. Plain data and questions to it.
 */
#ifndef NB6_NETLINK_LINK_H
#define NB6_NETLINK_LINK_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/hash_table.h"

#define LINK_KIND_SIZE 16
#define LINK_MAC_SIZE 32        /* the kernel's MAX_ADDR_LEN */
#define LINK_ALTNAMES_SIZE 1024 /* octets of alternative names that are kept for a link */
#define LINK_ADDRESS_FOREVER UINT32_MAX

/* One IPv6 address of a link. A link has an address only once, whatever its prefix length. */
struct link_address {
	struct in6_addr address;
	uint32_t flags; /* IFA_F_* of <linux/if_addr.h>, all 32 bits (IFA_FLAGS) */
	uint8_t prefixlen;
	uint8_t scope; /* RT_SCOPE_* */
	uint8_t proto; /* IFAPROT_*: 0 unknown, 1 loopback, 2 RA, 3 link-local, else its creator */
	bool stale;    /* private to link_table.c */
	uint32_t created_cs;           /* when the kernel created it, in 1/100 s; 0: not known */
	uint32_t preferred_s, valid_s; /* from the last event; LINK_ADDRESS_FOREVER */
	uint64_t seq;              /* order of arrival: the lower, the older; an update keeps it */
	struct link_address *next; /* in order of seq */
};

struct link {
	int ifindex;
	int lower;  /* ifindex of the link below (VLAN, macvlan ...), 0: none in this namespace */
	int master; /* ifindex of its bridge, bond or VRF, 0: none */
	char name[IFNAMSIZ]; /* "" while unknown: see link_table_put_link() */
	/* Alternative names as in link_pattern.h, owned by the table; NULL: none. */
	const char *altnames;
	char port_kind[LINK_KIND_SIZE]; /* of its master: "bridge", "bond", "vrf" ...; "": none */
	char kind[LINK_KIND_SIZE];      /* "vlan", "macvlan", "bridge", "veth" ...; "": hardware */
	uint32_t vrf_table; /* of a VRF: its routing table; 0: not known, or no VRF */
	uint32_t flags;                 /* IFF_* of <linux/if.h>, with IFF_LOWER_UP */
	uint32_t mtu;
	uint16_t hw_type;  /* ARPHRD_*, 1 is Ethernet; DHCPv6 uses the same numbers */
	uint8_t operstate; /* IF_OPER_*: 6 up; 0 unknown, for loopback and others */
	uint8_t mac_len;   /* 0: none */
	uint8_t mac[LINK_MAC_SIZE];
	struct link_address *addresses; /* oldest first; NULL: none */
	/* For the owner of the table, NULL at first; released in link_removed. */
	void *user;
	struct link *user_next; /* a list of links that the owner keeps */

	/* Private to link_table.c. */
	struct link *next, *prev;             /* all links, in order of arrival */
	struct hash_node by_ifindex, by_name; /* by_name: in no table without a name */
	bool stale;
};

/* What differs between two states of a link, as bits. */
enum {
	LINK_CHANGED_NAME = 1 << 0,
	LINK_CHANGED_MAC = 1 << 1,   /* or its length, or the hardware type */
	LINK_CHANGED_FLAGS = 1 << 2, /* IFF_* or operstate */
	LINK_CHANGED_LOWER = 1 << 3,
	LINK_CHANGED_MASTER = 1 << 4, /* or its kind */
	LINK_CHANGED_MTU = 1 << 5,
	LINK_CHANGED_IPV6 = 1 << 6, /* its IPv6 settings, or the kernel created its IPv6 again */
	LINK_CHANGED_ALTNAMES = 1 << 7,
};

/* True if the link is the device of a VRF; true if its master is one. */
bool link_is_vrf(const struct link *l);
bool link_is_in_vrf(const struct link *l);

/* True if the link has this name, or this alternative name. */
bool link_has_name(const struct link *l, const char *name);
bool link_has_altname(const struct link *l, const char *name);

/* The entry for this address of the link, or NULL. */
struct link_address *link_find_address(const struct link *l, const struct in6_addr *address);

/* What an update from the kernel changes, LINK_CHANGED_*; 0: nothing. */
unsigned link_compare(const struct link *l, const struct link *update);

/*
 * Apply an update, except name, kind and addresses. Returns 0, or -ENOMEM with nothing applied.
 */
int link_apply(struct link *l, const struct link *update);

/*
 * Apply an update to an address. True if more than the lifetimes changed: those count down
 * without an event.
 */
bool link_address_apply(struct link_address *a, const struct link_address *update);

/* With its addresses and alternative names. */
void link_free(struct link *l);

#endif
