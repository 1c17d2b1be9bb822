/* SPDX-License-Identifier: ISC */
/*
 * The source address of datagrams to a server. The server replies to it, so it must be an address
 * that stays on this router: one that VRRP can move to another router takes the replies along.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_SOURCE_H
#define NB6_RELAYD_SERVERS_SERVER_SOURCE_H

#include "netlink/link_table.h"
#include "relayd/servers/server_path.h"

/*
 * `source = auto`: the address that the kernel would use (`kernels`), unless that one may move
 * away and the uplink has a better one.
 */
void server_source_auto(struct server_path *server, const struct link_table *table,
	const struct in6_addr *kernels);

/*
 * `source = ADDRESS` or `source = LINK`. If the router does not have it now, the source is :: and
 * server->error EADDRNOTAVAIL.
 */
void server_source_configured(struct server_path *server, const struct link_table *table,
	const struct relay_conf *conf);

/* For multicast: an address of the uplink that messages go out on. EADDRNOTAVAIL if it has none. */
void server_source_of_uplink(struct server_path *server, const struct link *uplink);

#endif
