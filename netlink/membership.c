/* SPDX-License-Identifier: ISC */
/*
 * Holder sockets. Each takes memberships until the kernel returns ENOMEM; then the next one is
 * tried, and if all are full another one is opened. The search starts at the first holder that
 * may have room, so that the room that a leave frees is used again.
 */
#include "netlink/membership.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct membership {
	struct in6_addr group;
	int *fd;
	int count, room; /* holders, and how many `fd` has room for */
	int first_with_room;
	bool first_is_borrowed;
};

struct membership *membership_new(const struct in6_addr *group, int first_fd)
{
	struct membership *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->group = *group;
	if (first_fd < 0)
		return m;
	if (membership_reserve(m, 1) < 0) {
		free(m);
		return NULL;
	}
	m->fd[m->count++] = first_fd;
	m->first_is_borrowed = true;
	return m;
}

void membership_free(struct membership *m)
{
	if (!m)
		return;
	for (int i = m->first_is_borrowed; i < m->count; i++)
		close(m->fd[i]);
	free(m->fd);
	free(m);
}

/* No join needs more than one holder. */
int membership_reserve(struct membership *m, size_t joins)
{
	size_t room = (size_t)m->count + joins;
	int *grown;

	if (room <= (size_t)m->room)
		return 0;
	grown = reallocarray(m->fd, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	m->fd = grown;
	m->room = (int)room;
	return 0;
}

static int add_holder(struct membership *m)
{
	int rc = membership_reserve(m, 1), fd;

	if (rc < 0)
		return rc;
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	m->fd[m->count++] = fd;
	return 0;
}

static int set_membership(const struct membership *m, int holder, int what, int ifindex)
{
	/* EADDRINUSE: the previous process joined here on the socket that outlived it. */
	struct ipv6_mreq request = {
		.ipv6mr_multiaddr = m->group, .ipv6mr_interface = (unsigned)ifindex};

	if (setsockopt(m->fd[holder], IPPROTO_IPV6, what, &request, sizeof(request)) < 0 &&
		errno != EADDRINUSE)
		return -errno;
	return 0;
}

int membership_join(struct membership *m, int ifindex)
{
	int holder = m->first_with_room;
	int rc = -ENOMEM;

	while (rc == -ENOMEM && holder < m->count) {
		rc = set_membership(m, holder, IPV6_JOIN_GROUP, ifindex);
		if (rc == -ENOMEM)
			m->first_with_room = ++holder;
	}
	/* All are full: open one more. If that fails with ENOMEM too, the system has no memory. */
	if (rc == -ENOMEM) {
		rc = add_holder(m);
		if (rc == 0)
			rc = set_membership(m, holder, IPV6_JOIN_GROUP, ifindex);
	}
	return rc < 0 ? rc : holder;
}

void membership_leave(struct membership *m, int ifindex, int holder)
{
	set_membership(m, holder, IPV6_LEAVE_GROUP, ifindex);
	if (holder < m->first_with_room)
		m->first_with_room = holder;
}
