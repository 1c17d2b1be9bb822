/* SPDX-License-Identifier: ISC */
/*
 * A classic BPF program for a netlink socket that drops, in the kernel, the
 * route messages that cannot concern any of a few addresses: a routing
 * table may turn over a million times without our being woken.
 *
 * Dropped are RTM_NEWROUTE and RTM_DELROUTE for an IPv6 prefix that none of the
 * addresses is in. Everything else passes, and so does every route message
 * that is not shaped as expected.
 */
#ifndef NB6_NETLINK_ROUTE_FILTER_H
#define NB6_NETLINK_ROUTE_FILTER_H

#include <linux/filter.h>
#include <netinet/in.h>
#include <stddef.h>

/* With more addresses there is no filter: a program of that length is not allowed. */
#define ROUTE_FILTER_ADDRESSES_MAX 128

/* A program for so many addresses is never longer. */
#define ROUTE_FILTER_SIZE (80 + ROUTE_FILTER_ADDRESSES_MAX * 22)

/*
 * Write the program into `program`. Returns its length in instructions, for
 * struct sock_fprog; 0: too many addresses. With none, all routes are dropped.
 */
size_t route_filter_make(struct sock_filter program[static ROUTE_FILTER_SIZE],
	const struct in6_addr *addresses, size_t n);

#endif
