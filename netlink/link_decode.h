/* SPDX-License-Identifier: ISC */
/*
 * rtnetlink messages about links and IPv6 addresses, decoded into what the
 * link table takes. No I/O, no allocation, no state.
 *
 * Wanted attributes stand in a table with their sizes: a wrong size makes the
 * message bad in one place, an attribute that is not in the table is skipped,
 * so that newer kernels work.
 */
#ifndef NB6_NETLINK_LINK_DECODE_H
#define NB6_NETLINK_LINK_DECODE_H

#include <linux/netlink.h>

#include "netlink/link_table.h"

enum link_news_what {
	LINK_NEWS_NONE, /* well formed and not for us: another type or family, a wireless event */
	LINK_NEWS_LINK, /* `link` */
	LINK_NEWS_LINK_GONE,    /* `ifindex` */
	LINK_NEWS_ADDRESS,      /* `ifindex`, `address` */
	LINK_NEWS_ADDRESS_GONE, /* `ifindex`, `address.address` */
};

struct link_news {
	enum link_news_what what;
	int ifindex;
	struct link link; /* facts only: see link_table_put_link() */
	struct link_address address;
};

/*
 * Decode one message. nlh->nlmsg_len octets must be there (mnl_nlmsg_ok()).
 *
 * RTM_NEWLINK and RTM_DELLINK count with family AF_UNSPEC only: AF_BRIDGE speaks
 * of a bridge port (its DELLINK means "left the bridge"), AF_INET6 of settings.
 * The lower link is IFLA_LINK, unless that is in another namespace
 * (IFLA_LINK_NETNSID) or the link is one of a pair (veth, netkit), where it is
 * the peer. RTM_NEWADDR and RTM_DELADDR count with family AF_INET6 only; the
 * address is IFA_LOCAL where present (then IFA_ADDRESS is the peer), else IFA_ADDRESS.
 *
 * Returns 0, or -EBADMSG: cut short, an attribute of a wrong size, a name that
 * is empty or not terminated, an ifindex below 1, an address missing.
 */
int link_decode(const struct nlmsghdr *nlh, struct link_news *news);

/* Do to the table what the news say. Returns 0 or -ENOMEM. */
int link_news_apply(const struct link_news *news, struct link_table *table);

#endif
