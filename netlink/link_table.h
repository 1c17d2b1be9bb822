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

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/hash_table.h"

#define LINK_KIND_SIZE 16
#define LINK_MAC_SIZE 32 /* the kernel's MAX_ADDR_LEN */
#define LINK_ALTNAMES_SIZE 1024 /* octets of alternative names that are kept for a link */
#define LINK_ADDRESS_FOREVER UINT32_MAX

/* One IPv6 address of a link. A link has an address only once, whatever its prefix length. */
struct link_address {
	struct in6_addr address;
	uint32_t flags; /* IFA_F_* of <linux/if_addr.h>, all 32 bits (IFA_FLAGS) */
	uint8_t prefixlen;
	uint8_t scope; /* RT_SCOPE_* */
	uint8_t proto; /* IFAPROT_*: 0 unknown, 1 loopback, 2 RA, 3 link-local, else the creator's
			*/
	bool stale;    /* private to link_table.c */
	uint32_t created_cs; /* when the kernel created it, in 1/100 s; 0: not known */
	uint32_t preferred_s, valid_s; /* from the last event; LINK_ADDRESS_FOREVER */
	uint64_t seq;              /* order of arrival: the lower, the older; an update keeps it */
	struct link_address *next; /* in order of seq */
};

struct link {
	int ifindex;
	int lower;  /* ifindex of the link below (VLAN, macvlan ...), 0: none in this namespace */
	int master; /* ifindex of its bridge, bond or VRF, 0: none */
	char name[IFNAMSIZ];            /* "" while unknown: see link_table_put_link() */
	/* Alternative names as in link_pattern.h, owned by the table; NULL: none. */
	const char *altnames;
	char port_kind[LINK_KIND_SIZE]; /* of its master: "bridge", "bond", "vrf" ...; "": none */
	char kind[LINK_KIND_SIZE]; /* "vlan", "macvlan", "bridge", "veth" ...; "": none (hardware)
				    */
	uint32_t flags;            /* IFF_* of <linux/if.h>, with IFF_LOWER_UP */
	uint32_t mtu;
	uint16_t hw_type; /* ARPHRD_* of <linux/if_arp.h>, 1 = Ethernet; also DHCPv6's hardware type
			   */
	uint8_t operstate; /* IF_OPER_* of <linux/if.h>: 6 up, 0 unknown (does not say: loopback
			      ...) */
	uint8_t mac_len;   /* 0: none */
	uint8_t mac[LINK_MAC_SIZE];
	struct link_address *addresses; /* oldest first; NULL: none */
	void *user; /* for the owner of the table, NULL at first; released in link_removed */

	/* Private to link_table.c. */
	struct link *next, *prev;             /* all links, in order of arrival */
	struct hash_node by_ifindex, by_name; /* by_name: in no table without a name */
	bool stale;
};

/* What changed, for link_changed. */
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

/* True if the link's master is a VRF. */
bool link_is_in_vrf(const struct link *l);

/* The entry for this address of the link, or NULL. */
struct link_address *link_find_address(const struct link *l, const struct in6_addr *address);

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
