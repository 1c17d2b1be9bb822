/* SPDX-License-Identifier: ISC */
/*
 * Memberships follow the link table: link->user is set while ff02::1:2 is joined there.
 */
#include "bootd/dhcp/served_links.h"

#include <errno.h>
#include <fnmatch.h>
#include <linux/if_addr.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/loop.h"
#include "dhcp6/dhcp6.h"

enum { CHECK_MS = 60000 };

static int change_membership(const struct served_links *links, const struct link *l, int option)
{
	struct ipv6_mreq request = {
		.ipv6mr_multiaddr = DHCP6_ALL_RELAYS_AND_SERVERS,
		.ipv6mr_interface = (unsigned)l->ifindex,
	};

	return setsockopt(links->fd, IPPROTO_IPV6, option, &request, sizeof(request)) < 0 ? -errno
											  : 0;
}

static void leave(struct served_links *links, struct link *l)
{
	if (!l->user)
		return;
	change_membership(links, l, IPV6_LEAVE_GROUP);
	l->user = NULL;
	log_info("%s: no longer served", l->name);
}

/* A link without IPv6 yet (-ENODEV) is tried again when it changes. */
static void join_or_leave(struct served_links *links, struct link *l)
{
	int rc;

	if (!served_links_is_served(links, l)) {
		leave(links, l);
		return;
	}
	if (l->user)
		return;
	rc = change_membership(links, l, IPV6_JOIN_GROUP);
	if (rc == 0 || rc == -EADDRINUSE) {
		l->user = l;
		log_info("%s: served", l->name);
	} else if (rc != -ENODEV) {
		log_error("%s: cannot join ff02::1:2, so its clients are not served: %s", l->name,
			strerror(-rc));
	}
}

static void on_member(void *arg, int ifindex)
{
	bool *is_member = arg;

	(void)ifindex;
	*is_member = true;
}

/*
 * The kernel drops memberships without an event when it destroys a link's IPv6, if the MTU falls
 * below 1280 for example, while the socket still has them: join again what it does not list.
 */
static void check_membership(struct served_links *links, struct link *l)
{
	static const struct in6_addr group = DHCP6_ALL_RELAYS_AND_SERVERS;
	bool is_member = false;

	if (l->user &&
		ipv6_query_members(links->query, &group, l->ifindex, on_member, &is_member) == 0 &&
		!is_member) {
		log_notice("%s: the kernel had dropped the membership of ff02::1:2", l->name);
		leave(links, l);
	}
	join_or_leave(links, l);
}

static void check_memberships(void *arg)
{
	struct served_links *links = arg;
	struct link *l;

	for (l = link_table_first(&links->table); l; l = link_table_next(&links->table, l))
		check_membership(links, l);
}

static void on_check_timer(void *arg)
{
	struct served_links *links = arg;

	check_memberships(links);
	loop_timer_arm(links->check_timer, CHECK_MS);
}

static void link_added(void *arg, struct link *l)
{
	join_or_leave(arg, l);
}

static void link_changed(void *arg, struct link *l, unsigned what)
{
	if (what & (LINK_CHANGED_MTU | LINK_CHANGED_IPV6))
		check_membership(arg, l);
	else
		join_or_leave(arg, l);
}

static void link_removed(void *arg, struct link *l)
{
	leave(arg, l);
}

static void addresses_changed(void *arg, struct link *l)
{
	join_or_leave(arg, l);
}

static const struct link_table_ops table_ops = {
	.link_added = link_added,
	.link_changed = link_changed,
	.link_removed = link_removed,
	.addresses_changed = addresses_changed,
	.synced = check_memberships,
};

static void monitor_readable(int fd, int what, void *arg)
{
	static struct log_limit limit;
	struct served_links *links = arg;
	int rc = link_monitor_read(&links->monitor);

	(void)fd;
	(void)what;
	if (rc < 0 && rc != -EAGAIN)
		log_limited(&limit, LOG_LEVEL_WARNING, "netlink: events cannot be read: %s",
			strerror(-rc));
}

int served_links_init(
	struct served_links *links, struct loop *loop, int fd, const struct boot_config *config)
{
	int rc;

	*links = (struct served_links){.fd = fd, .config = config};
	links->query = ipv6_query_new();
	if (!links->query)
		return -ENOMEM;
	rc = link_table_init(&links->table, &table_ops, links);
	if (rc < 0)
		goto no_table;
	rc = link_monitor_init(&links->monitor, &links->table, NULL);
	if (rc < 0)
		goto no_monitor;
	links->watch = loop_watch_new(
		loop, link_monitor_fd(&links->monitor), LOOP_READ, monitor_readable, links);
	links->check_timer = loop_timer_new(loop, on_check_timer, links);
	if (!links->watch || !links->check_timer) {
		served_links_fini(links);
		return -ENOMEM;
	}
	loop_timer_arm(links->check_timer, CHECK_MS);
	return 0;

no_monitor:
	link_table_fini(&links->table);
no_table:
	ipv6_query_free(links->query);
	return rc;
}

void served_links_fini(struct served_links *links)
{
	loop_timer_free(links->check_timer);
	loop_watch_free(links->watch);
	link_monitor_fini(&links->monitor);
	link_table_fini(&links->table);
	ipv6_query_free(links->query);
}

void served_links_set_config(struct served_links *links, const struct boot_config *config)
{
	links->config = config;
	for (struct link *l = link_table_first(&links->table); l;
		l = link_table_next(&links->table, l))
		join_or_leave(links, l);
}

const struct link *served_links_find(const struct served_links *links, int ifindex)
{
	return link_table_find(&links->table, ifindex);
}

bool served_links_is_served(const struct served_links *links, const struct link *l)
{
	for (size_t i = 0; i < links->config->listens; i++)
		if (l->name[0] && fnmatch(links->config->listen[i], l->name, 0) == 0)
			return true;
	return false;
}

const struct in6_addr *served_link_local(const struct link *l)
{
	for (const struct link_address *a = l->addresses; a; a = a->next)
		if (IN6_IS_ADDR_LINKLOCAL(&a->address) &&
			!(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
			return &a->address;
	return NULL;
}

size_t served_link_addresses(const struct link *l, struct in6_addr *address, size_t most)
{
	size_t n = 0;

	for (const struct link_address *a = l->addresses; a && n < most; a = a->next)
		if (!IN6_IS_ADDR_LINKLOCAL(&a->address))
			address[n++] = a->address;
	return n;
}
