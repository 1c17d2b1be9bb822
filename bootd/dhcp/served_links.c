/* SPDX-License-Identifier: ISC */
/*
 * Joins and leaves multicast groups as the link table changes, and checks once a minute that the
 * kernel still has the memberships. link->user is a struct served_link, which has the holder socket
 * of each group that is joined on the link.
 */
#include "bootd/dhcp/served_links.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/loop.h"
#include "dhcp6/dhcp6.h"

enum { CHECK_MS = 60000 };

/* RFC 9915 section 7.1 */
enum { CLIENTS = 1, SERVERS = 2 };

static const struct {
	unsigned bit;
	struct in6_addr address;
	const char *text, *joined, *left;
} group[SERVED_GROUPS] = {
	{CLIENTS, DHCP6_ALL_RELAYS_AND_SERVERS, "ff02::1:2", "served", "no longer served"},
	{SERVERS, DHCP6_ALL_SERVERS, "ff05::1:3", "receives relays' multicast (ff05::1:3)",
		"no longer receives relays' multicast (ff05::1:3)"},
};

/* A link on which a group is joined. */
struct served_link {
	int holder[SERVED_GROUPS]; /* for membership_leave(); -1: not joined */
};

static bool is_joined(const struct link *l, size_t i)
{
	const struct served_link *served = l->user;

	return served && served->holder[i] >= 0;
}

static bool has_listen_address(const struct served_links *links, const struct link *l)
{
	const struct in6_addr *own = &links->config->dhcp.sin6_addr;

	for (const struct link_address *a = l->addresses; a; a = a->next)
		if (IN6_IS_ADDR_UNSPECIFIED(own) ? !IN6_IS_ADDR_LINKLOCAL(&a->address) &&
							   !IN6_IS_ADDR_LOOPBACK(&a->address)
						 : IN6_ARE_ADDR_EQUAL(&a->address, own))
			return true;
	return false;
}

/* Clients are served on the links of `listen`. Relays are served there too, and on the links of
 * `dhcp-listen`. */
static unsigned groups_wanted(const struct served_links *links, const struct link *l)
{
	if (served_links_is_served(links, l))
		return CLIENTS | SERVERS;
	return has_listen_address(links, l) ? SERVERS : 0;
}

static void leave(struct served_links *links, struct link *l, size_t i)
{
	struct served_link *served = l->user;

	membership_leave(links->membership[i], l->ifindex, served->holder[i]);
	served->holder[i] = -1;
	log_with(LOG_LEVEL_INFO, &(struct log_fields){.link = l->name}, "%s: %s", l->name,
		group[i].left);
}

static int join_group(struct served_links *links, struct link *l, size_t i)
{
	struct served_link *served = l->user;
	int rc;

	if (!served) {
		served = malloc(sizeof(*served));
		if (!served)
			return -ENOMEM;
		for (size_t k = 0; k < SERVED_GROUPS; k++)
			served->holder[k] = -1;
		l->user = served;
	}
	rc = membership_join(links->membership[i], l->ifindex);
	served->holder[i] = rc < 0 ? -1 : rc;
	return rc;
}

/* A link without IPv6 yet (-ENODEV) is tried again when it changes. */
static void join(struct served_links *links, struct link *l, size_t i)
{
	static struct log_limit limit;
	int rc = join_group(links, l, i);

	if (rc >= 0) {
		log_with(LOG_LEVEL_INFO, &(struct log_fields){.link = l->name}, "%s: %s", l->name,
			group[i].joined);
	} else if (group[i].bit == CLIENTS && rc != -ENODEV) {
		log_with(LOG_LEVEL_ERROR, &(struct log_fields){.link = l->name},
			"%s: %s cannot be joined, so its clients are not received: %s", l->name,
			group[i].text, strerror(-rc));
	} else if (rc != -ENODEV) {
		log_limited(&limit, LOG_LEVEL_WARNING,
			"%s: %s cannot be joined, so relays that send to it are not received here: "
			"%s",
			l->name, group[i].text, strerror(-rc));
	}
}

static void join_or_leave(struct served_links *links, struct link *l)
{
	unsigned wanted = groups_wanted(links, l);

	for (size_t i = 0; i < SERVED_GROUPS; i++) {
		if (is_joined(l, i) && !(wanted & group[i].bit))
			leave(links, l, i);
		else if (!is_joined(l, i) && wanted & group[i].bit)
			join(links, l, i);
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
	for (size_t i = 0; i < SERVED_GROUPS; i++) {
		bool is_member = false;

		if (is_joined(l, i) &&
			ipv6_query_members(links->query, &group[i].address, l->ifindex, on_member,
				&is_member) == 0 &&
			!is_member) {
			log_with(LOG_LEVEL_NOTICE, &(struct log_fields){.link = l->name},
				"%s: the kernel had dropped the membership of %s", l->name,
				group[i].text);
			leave(links, l, i);
		}
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
	for (size_t i = 0; i < SERVED_GROUPS; i++)
		if (is_joined(l, i))
			leave(arg, l, i);
	free(l->user);
	l->user = NULL;
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

static void free_memberships(struct served_links *links)
{
	for (size_t i = 0; i < SERVED_GROUPS; i++)
		membership_free(links->membership[i]);
	ipv6_query_free(links->query);
}

int served_links_init(struct served_links *links, struct loop *loop, int fd, int servers_fd,
	const struct boot_config *config)
{
	int rc;

	*links = (struct served_links){.config = config};
	links->query = ipv6_query_new();
	for (size_t i = 0; i < SERVED_GROUPS; i++)
		links->membership[i] = membership_new(
			&group[i].address, group[i].bit == SERVERS ? servers_fd : fd);
	rc = links->query && links->membership[0] && links->membership[1]
		     ? link_table_init(&links->table, &table_ops, links)
		     : -ENOMEM;
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
	free_memberships(links);
	return rc;
}

void served_links_fini(struct served_links *links)
{
	loop_timer_free(links->check_timer);
	loop_watch_free(links->watch);
	link_monitor_fini(&links->monitor);
	for (struct link *l = link_table_first(&links->table); l;
		l = link_table_next(&links->table, l))
		free(l->user);
	link_table_fini(&links->table);
	free_memberships(links);
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
	return l->name[0] && link_patterns_match_link(&links->config->listen, l);
}

const struct in6_addr *served_link_local(const struct link *l)
{
	for (const struct link_address *a = l->addresses; a; a = a->next)
		if (IN6_IS_ADDR_LINKLOCAL(&a->address) &&
			!(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
			return &a->address;
	return NULL;
}

size_t served_link_addresses(const struct link *l, struct in6_addr *address, size_t max)
{
	size_t n = 0;

	for (const struct link_address *a = l->addresses; a && n < max; a = a->next)
		if (!IN6_IS_ADDR_LINKLOCAL(&a->address))
			address[n++] = a->address;
	return n;
}
