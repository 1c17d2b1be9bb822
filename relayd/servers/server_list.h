/* SPDX-License-Identifier: ISC */
/*
 * The servers that messages go to now, made from the configuration, DNS and the links:
 *
 *	an address    one server
 *	a name        one for each of its addresses, which may be none
 *	multicast     one for each uplink that matches, which may be none
 *
 * A server that links with different `source` settings use is in the list once for each source.
 * A server in a VRF that does not exist is left out: it is never reached by another path. The
 * list is rebuilt when one of these changes, never for a packet. The packet path refers to
 * servers by their index in it, so no datagram may be queued while it is rebuilt.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_LIST_H
#define NB6_RELAYD_SERVERS_SERVER_LIST_H

#include <stddef.h>

#include "relayd/servers/server_name.h"
#include "relayd/servers/server_path.h"

enum { SERVER_LIST_MAX = 32 }; /* fits the bits of an unsigned */

struct server_list {
	struct server_path server[SERVER_LIST_MAX];
	size_t count;
	unsigned sendable; /* servers that messages may be sent to, as bits by index */
	unsigned version;  /* counts rebuilds */
	const struct relay_link_rule *rule; /* the last that server_list_of_rule() was asked for */
	unsigned of_rule;                   /* and the answer */
	const struct relay_conf *conf;
	const struct server_names *names;
	const struct link_table *table;
};

/*
 * Rebuild the list, in the order of the configuration, each server once. Servers that stay keep
 * their counters and paths; `sendable` is the caller's to set again.
 */
void server_list_make(struct server_list *list);

/* True if this link appeared, went or was renamed in a way that changes the list. */
bool server_list_depends_on(const struct server_list *list, const struct link *link);

/* Why no message goes to any address of this configured server; NULL: some do. */
const char *server_list_why_none(
	const struct server_list *list, const struct relay_server *configured);

/*
 * The server that a reply from this address to `local`, which came in on this link, belongs to; NULL:
 * none. If a server is in the list several times, the entry whose source is `local` is found.
 * The server whose address it is goes before one that `answers-from` names. Servers reached by
 * multicast reply from any address, on an uplink that is used for them, unless they have
 * `answers-from`; see also server_path_may_answer_on().
 */
struct server_path *server_list_find(struct server_list *list, const struct in6_addr *address,
	const struct in6_addr *local, const struct link *link);

/* The servers that messages of links with these settings go to, as bits by index. */
unsigned server_list_of_rule(struct server_list *list, const struct relay_link_rule *rule);

#endif
