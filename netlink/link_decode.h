/* SPDX-License-Identifier: ISC */
/*
 * Decodes rtnetlink messages about links and IPv6 addresses into link events, which can be
 * applied to a link table. No I/O, no allocation, no state.
 *
 * The wanted attributes and their sizes are listed in tables. A wrong size makes the whole
 * message malformed; an attribute that is not listed is skipped, so that newer kernels work.
 */
#ifndef NB6_NETLINK_LINK_DECODE_H
#define NB6_NETLINK_LINK_DECODE_H

#include <linux/netlink.h>

#include "netlink/link_table.h"

enum link_event_type {
	LINK_EVENT_NONE, /* well formed but irrelevant: another type or family, a wireless event */
	LINK_EVENT_LINK, /* `link` */
	LINK_EVENT_LINK_GONE,    /* `ifindex` */
	LINK_EVENT_IPV6,         /* `ifindex`: IPv6 settings of the link changed */
	LINK_EVENT_ADDRESS,      /* `ifindex`, `address` */
	LINK_EVENT_ADDRESS_GONE, /* `ifindex`, `address.address` */
};

struct link_event {
	enum link_event_type type;
	int ifindex;
	struct link link; /* only the members that link_table_put_link() reads */
	struct link_address address;
	char altnames[LINK_ALTNAMES_SIZE]; /* link.altnames points to it */
};

/*
 * Decode one message, of which nlh->nlmsg_len octets must be readable (mnl_nlmsg_ok()).
 *
 * RTM_NEWLINK and RTM_DELLINK are decoded for family AF_UNSPEC only: AF_BRIDGE is about a
 * bridge port (its RTM_DELLINK means "left the bridge"). RTM_NEWLINK of family AF_INET6 becomes
 * LINK_EVENT_IPV6: the kernel sends it when it creates the IPv6 state of a link again (after
 * the MTU was below 1280), when disable_ipv6 is cleared, and for changes of settings. The lower
 * link is IFLA_LINK, unless it is in another namespace (IFLA_LINK_NETNSID) or the link is one
 * end of a pair (veth, netkit), for which IFLA_LINK is the peer. RTM_NEWADDR and RTM_DELADDR
 * are decoded for family AF_INET6 only. The address is IFA_LOCAL if present (IFA_ADDRESS is
 * then the peer), otherwise IFA_ADDRESS.
 *
 * Alternative names beyond LINK_ALTNAMES_SIZE octets are left out.
 *
 * Returns 0, or -EBADMSG: truncated, an attribute of a wrong size, a name that is empty or not
 * terminated, an ifindex below 1, no address.
 */
int link_decode(const struct nlmsghdr *nlh, struct link_event *event);

/* Apply an event to the table. Returns 0 or -ENOMEM. */
int link_event_apply(const struct link_event *event, struct link_table *table);

#endif
