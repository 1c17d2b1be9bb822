/* SPDX-License-Identifier: ISC */
/*
 * Memberships of one multicast group on any number of links.
 *
 * The kernel charges each membership to its socket's option memory (net.core.optmem_max), which
 * holds a few hundred to 2,340 of them. They are therefore spread over as many holder sockets
 * as needed. Holders are not bound and receive nothing: the daemon's own socket receives the
 * groups that any socket on the host has joined, unless it has cleared IPV6_MULTICAST_ALL.
 */
#ifndef NB6_NETLINK_MEMBERSHIP_H
#define NB6_NETLINK_MEMBERSHIP_H

#include <netinet/in.h>
#include <stddef.h>

struct membership;

/*
 * `first_fd`: -1, or a socket to use as the first holder. It belongs to the caller. If it came
 * from systemd it outlives this process, and so do its memberships: messages are queued in it
 * while the daemon restarts. NULL: no memory.
 */
struct membership *membership_new(const struct in6_addr *group, int first_fd);
void membership_free(struct membership *membership);

/*
 * Allocate what so many joins need, so that they fail only if the kernel refuses. Returns 0 or
 * -ENOMEM.
 */
int membership_reserve(struct membership *membership, size_t joins);

/*
 * Join on a link, which may be down. Returns the number of the holder (0 and up), which
 * membership_leave() needs, or -errno.
 */
int membership_join(struct membership *membership, int ifindex);

/* Leave, also if the link no longer exists: its membership still takes option memory. */
void membership_leave(struct membership *membership, int ifindex, int holder);

#endif
