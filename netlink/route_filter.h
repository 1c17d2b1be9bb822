/* SPDX-License-Identifier: ISC */
/*
 * A classic BPF program for a netlink socket. It drops, in the kernel, the route messages that
 * cannot concern any of a few addresses: a million routes can change without waking the daemon.
 *
 * It drops RTM_NEWROUTE and RTM_DELROUTE for an IPv6 prefix that contains none of the addresses.
 * Everything else passes, including every route message with an unexpected format.
 */
#ifndef NB6_NETLINK_ROUTE_FILTER_H
#define NB6_NETLINK_ROUTE_FILTER_H

#include <linux/filter.h>
#include <netinet/in.h>
#include <stddef.h>

/* With more addresses there is no filter: the kernel limits the length of a program. */
#define ROUTE_FILTER_ADDRESSES_MAX 128

/* The maximum length of a program, in instructions. */
#define ROUTE_FILTER_SIZE (80 + ROUTE_FILTER_ADDRESSES_MAX * 22)

/*
 * Write the program into `program`. Returns its length in instructions, for
 * struct sock_fprog; 0: too many addresses. With none, all routes are dropped.
 */
size_t route_filter_make(struct sock_filter program[static ROUTE_FILTER_SIZE],
	const struct in6_addr *addresses, size_t n);

#endif
