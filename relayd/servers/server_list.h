/* SPDX-License-Identifier: ISC */
/*
 * From the servers that are configured to those that messages go to now: an
 * address is one, a name is as many as it has addresses, a multicast address as
 * many as there are links for it, which may be none. In a VRF that is not there
 * nobody is reached.
 * Done when something has changed, never for a packet.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_LIST_H
#define NB6_RELAYD_SERVERS_SERVER_LIST_H

#include "relayd/servers/server_path.h"

/*
 * Make paths->server anew, in the order of the configuration, each server once. Those
 * that stay keep what is known of them. What is new is stale.
 */
void server_list_make(struct server_paths *paths);

/* True where the list may be another one after this link has come, gone or got another name. */
bool server_list_depends_on(const struct server_paths *paths, const struct link *link);

/* Why messages go to none of this configured server's addresses, NULL: they do go to some. */
const char *server_list_why_none(
	const struct server_paths *paths, const struct relay_server *configured);

#endif
