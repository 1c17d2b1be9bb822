/* SPDX-License-Identifier: ISC */
/*
 * The links whose clients reach us without a relay: ff02::1:2 is joined on each of them as
 * it appears, and again when it comes back. Of any link, its name and addresses are
 * known here, which tell the subnet of a client on it.
 */
#ifndef NB6_BOOTD_DHCP_SERVED_LINKS_H
#define NB6_BOOTD_DHCP_SERVED_LINKS_H

#include "bootd/rules/boot_config.h"
#include "netlink/ipv6_query.h"
#include "netlink/link_monitor.h"

struct loop;
struct loop_timer;
struct loop_watch;

struct served_links {
	int fd; /* the socket that joins; borrowed */
	const struct boot_config *config;
	struct link_table table;
	struct link_monitor monitor;
	struct loop_watch *watch;
	struct ipv6_query *query;
	struct loop_timer *check_timer; /* no event is guaranteed for a lost membership */
};

/* Returns 0 or -errno. */
int served_links_init(
	struct served_links *links, struct loop *loop, int fd, const struct boot_config *config);
void served_links_fini(struct served_links *links);

/* Another configuration: join what it names, leave the rest. */
void served_links_set_config(struct served_links *links, const struct boot_config *config);

/* NULL: no such link. */
const struct link *served_links_find(const struct served_links *links, int ifindex);
/* Named in `listen`, by its name or a pattern such as "lan*". */
bool served_links_is_served(const struct served_links *links, const struct link *l);

/* A link-local address of the link that answers can be sent from; NULL: there is none. */
const struct in6_addr *served_link_local(const struct link *l);
/* Its addresses other than link-local ones; at most `most`. Returns how many. */
size_t served_link_addresses(const struct link *l, struct in6_addr *address, size_t most);

#endif
