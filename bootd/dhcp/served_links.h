/* SPDX-License-Identifier: ISC */
/*
 * Multicast membership of the DHCPv6 socket (RFC 9915 section 7.1), as links and addresses come and
 * go: ff02::1:2 on the links of `listen`, whose clients send without a relay, and ff05::1:3 on
 * these and on the links that have the address of `dhcp-listen`, for relays that send to all
 * servers. With [::] these are all links with an address that is not link-local.
 *
 * It knows the name and the addresses of each link, which select the subnet of a client there.
 */
#ifndef NB6_BOOTD_DHCP_SERVED_LINKS_H
#define NB6_BOOTD_DHCP_SERVED_LINKS_H

#include "bootd/rules/boot_config.h"
#include "netlink/ipv6_query.h"
#include "netlink/link_monitor.h"
#include "netlink/membership.h"

struct loop;
struct loop_timer;
struct loop_watch;

enum { SERVED_GROUPS = 2 };

struct served_links {
	struct membership *membership[SERVED_GROUPS]; /* of ff02::1:2 and of ff05::1:3 */
	const struct boot_config *config;
	struct link_table table;
	struct link_monitor monitor;
	struct loop_watch *watch;
	struct ipv6_query *query;
	struct loop_timer *check_timer; /* no event is guaranteed for a lost membership */
};

/*
 * `fd` receives ff02::1:2 and `servers_fd`, which may be the same, ff05::1:3; they belong to the
 * caller. Returns 0 or -errno.
 */
int served_links_init(struct served_links *links, struct loop *loop, int fd, int servers_fd,
	const struct boot_config *config);
void served_links_fini(struct served_links *links);

/* Another configuration: join the groups on the links that it names, leave them on others. */
void served_links_set_config(struct served_links *links, const struct boot_config *config);

/* NULL: no such link. */
const struct link *served_links_find(const struct served_links *links, int ifindex);
/* The patterns of `listen` match its name (netlink/link_pattern.h). */
bool served_links_is_served(const struct served_links *links, const struct link *l);

/* A link-local address of the link that answers can be sent from, or NULL. */
const struct in6_addr *served_link_local(const struct link *l);
/* Its addresses other than link-local ones; at most `max`. Returns how many. */
size_t served_link_addresses(const struct link *l, struct in6_addr *address, size_t max);

#endif
