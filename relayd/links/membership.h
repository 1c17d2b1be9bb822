/* SPDX-License-Identifier: ISC */
/*
 * Memberships of ff02::1:2 on the client-facing links.
 *
 * The kernel charges each membership to its socket's option memory (net.core.optmem_max), which
 * holds a few hundred to 2,340 of them. They are therefore spread over as many holder sockets
 * as needed. Holders are not bound and receive nothing: the relay's own socket receives the
 * groups that any socket on the host has joined (IPV6_MULTICAST_ALL).
 */
#ifndef NB6_RELAYD_LINKS_MEMBERSHIP_H
#define NB6_RELAYD_LINKS_MEMBERSHIP_H

struct membership;

/*
 * `first_fd`: -1, or a socket to use as the first holder. It belongs to the caller, usually
 * came from systemd and outlives this process, and so do its memberships: messages are queued
 * in it while the relay restarts. NULL: no memory.
 */
struct membership *membership_new(int first_fd);
void membership_free(struct membership *membership);

/*
 * Join on a link, which may be down. Returns the number of the holder (0 and up), which
 * membership_leave() needs, or -errno.
 */
int membership_join(struct membership *membership, int ifindex);

/* Leave, also if the link no longer exists: its membership still takes option memory. */
void membership_leave(struct membership *membership, int ifindex, int holder);

#endif
