/* SPDX-License-Identifier: ISC */
/*
 * One DHCPv6 server that messages go to now, and the path to it: the source address that
 * datagrams to it carry and, for the operator, the uplink and next hop by which they leave.
 *
 * The kernel routes each datagram by itself. The relay sets the source address only, and that must
 * be an address that stays on this router, because the server replies to it. server_paths.h keeps
 * the path current; what is here needs neither kernel nor loop.
 *
 * A server is silent when SERVER_SILENT_AFTER messages went to it without any reply and the first
 * of them is at least SERVER_SILENT_AFTER_MS old.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_PATH_H
#define NB6_RELAYD_SERVERS_SERVER_PATH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "netlink/link_table.h"
#include "relayd/config/relay_conf.h"

enum {
	SERVER_SILENT_AFTER = 8,
	SERVER_SILENT_AFTER_MS = 10000,
};

struct server_path {
	const struct relay_server *configured; /* its section; a name has several addresses */
	const struct relay_source *source_setting; /* of the links that use this entry */
	struct relay_source source_copy; /* the same, to be recognised in a new configuration */
	unsigned index;                  /* of the section, in relay_conf.server */
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN]; /* the address */
	/*
	 * The link that each datagram names: for multicast the uplink, for a server in a VRF the
	 * VRF's device, which selects its routing table. 0 and "": routing alone decides.
	 */
	int out_ifindex;
	char out_link[IFNAMSIZ];
	struct in6_addr source; /* :: if none is known: the kernel chooses */
	int source_ifindex;     /* the link that has the source, 0: not known */
	int ifindex;            /* of the uplink, 0: no route */
	char uplink[IFNAMSIZ];
	struct in6_addr next_hop; /* :: if the server is on the uplink itself */
	int error;                /* errno of the last route lookup, 0: there is a route */
	bool is_held;             /* the configured source is absent: nothing may be sent */
	char reason[256];         /* what is wrong with the path, for the operator; "": nothing */
	int64_t since_s;          /* when this path was found, Unix time; 0: never had one */
	uint64_t shifts;          /* changes of the path */
	uint64_t forwarded, replies, failed;
	uint64_t unanswered;                       /* messages sent since the last reply */
	int64_t unanswered_since_ms, last_sent_ms; /* monotonic */
	int64_t last_reply_s;                      /* Unix time; 0: never */
	bool is_silent;                            /* logged as silent */
};

bool server_path_is_multicast(const struct server_path *server);

/* True if the server's section names the link in `interface`. */
bool server_path_names_link(const struct server_path *server, const struct link *link);

/* The ifindex of the VRF that the server is in, 0: none. */
int server_path_vrf(const struct server_path *server);
/* The ifindex of the VRF that the link is a port of, or is itself; 0: none. */
int server_path_vrf_of(const struct link *link);

/*
 * True if a reply of this server may come in on this link: for multicast the uplink it was sent
 * out on; for a server in a VRF a link of that VRF; for any other server a link in no VRF, or the
 * uplink.
 */
bool server_path_may_answer_on(const struct server_path *server, const struct link *link);

/*
 * Count a message to this server, or a reply from it. Returns true if the server became silent,
 * or answers again after it was; that is one line of log.
 */
bool server_path_sent(struct server_path *server, int64_t now_ms);
bool server_path_answered(struct server_path *server);

/* The kernel refused to send a message that was counted as sent. */
void server_path_refused(struct server_path *server);

/* "reachable", "silent", "no-path", or "no-source" (held). */
const char *server_path_state(const struct server_path *server);

/* Many messages, sent over some seconds, without any reply: see above. */
bool server_path_is_silent(const struct server_path *server, int64_t now_ms);

#endif
