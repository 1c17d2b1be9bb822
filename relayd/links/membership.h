/* SPDX-License-Identifier: ISC */
/*
 * Memberships of ff02::1:2 on the client-facing links.
 *
 * The kernel charges each membership to its socket's option memory, which
 * holds a few hundred to 2,340; so they are spread over holder sockets, as
 * many as it takes. Holders are not bound and receive nothing: the relay's
 * own socket gets what anyone on the machine has joined (IPV6_MULTICAST_ALL).
 */
#ifndef NB6_RELAYD_LINKS_MEMBERSHIP_H
#define NB6_RELAYD_LINKS_MEMBERSHIP_H

struct membership;

/*
 * first_fd is the first holder where it is not -1: a socket of somebody else's
 * that outlives us, and its memberships with it, so that messages go on
 * arriving in it while we restart. NULL: no memory.
 */
struct membership *membership_new(int first_fd);
void membership_free(struct membership *membership);

/*
 * Join on a link, which may be down. Returns the holder's number (0 and up),
 * to be given to leave, or -errno.
 */
int membership_join(struct membership *membership, int ifindex);

/* Leave, also where the link is gone: the membership of a dead link still takes room. */
void membership_leave(struct membership *membership, int ifindex, int holder);

#endif
