/* SPDX-License-Identifier: ISC */
/*
 * The source address of datagrams to a server. The server replies to it, so it must belong to this
 * router alone, and stay on it. Three kinds of addresses do not:
 *
 *	an address of a client-facing link    may be an anycast gateway, the same on many routers
 *	a /128, or a deprecated address       as VRRP assigns it, which moves to another router
 *	an address that another program       IFA_PROTO, or no duplicate address detection, as
 *	manages                               keepalived assigns a virtual address with a prefix
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_SOURCE_H
#define NB6_RELAYD_SERVERS_SERVER_SOURCE_H

#include "netlink/link_table.h"
#include "relayd/servers/server_path.h"

/*
 * `source = auto`: the address that the kernel would use (`kernels`, may be ::), unless it is one of
 * these and the uplink or the loopback link (of a VRF: its device) has a better one.
 */
void server_source_auto(struct server_path *server, const struct link_table *table,
	const struct in6_addr *kernels);

/*
 * `source = ADDRESS` or `source = LINK` (server->source_setting). If the router does not have it now, the source is ::, the
 * server is held (is_held) and its error is EADDRNOTAVAIL.
 */
void server_source_configured(struct server_path *server, const struct link_table *table);

/* For multicast: an address of the uplink that messages go out on. EADDRNOTAVAIL if it has none. */
void server_source_of_uplink(struct server_path *server, const struct link *uplink);

#endif
