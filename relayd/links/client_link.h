/* SPDX-License-Identifier: ISC */
/*
 * A client-facing link: the state that status and metrics show, its counters, and the forward
 * template, which is what the relay puts in front of each client message.
 *
 *	absent ---> down ---> port ---> no address ---> tentative ---> standby ---> ready
 *	   ^----------'---------'------------'--------------'-----------'-----------'
 *
 * A client link is identified by its name and outlives the kernel's link: if that is deleted
 * and created again, the counters continue. client_links.h creates and frees client links and
 * calls client_link_update() when the kernel's link, its addresses, or those of a VRRP macvlan
 * above it change. The packet path only reads `forward`.
 */
#ifndef NB6_RELAYD_LINKS_CLIENT_LINK_H
#define NB6_RELAYD_LINKS_CLIENT_LINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/rate_limit.h"
#include "dhcp6/dhcp6.h"
#include "netlink/link_table.h"
#include "relayd/config/id_template.h"
#include "relayd/config/relay_conf.h"
#include "relayd/links/counters.h"

enum client_link_state {
	CLIENT_LINK_ABSENT,
	CLIENT_LINK_DOWN,
	CLIENT_LINK_PORT, /* port of a bridge or bond: messages arrive on that */
	CLIENT_LINK_NO_ADDRESS,
	CLIENT_LINK_TENTATIVE,
	CLIENT_LINK_STANDBY, /* the while-address is not assigned here, or relay = false */
	CLIENT_LINK_READY,
	CLIENT_LINK_STATES,
};

enum {
	FORWARD_PORT_LEN = 4 + 2, /* the Relay Source Port option */
	/* Relay header, Interface-Id, Remote-ID, Subscriber-ID, Relay-ID, Relay Source Port. */
	FORWARD_FIXED_MAX = DHCP6_RELAY_HEADER_LEN + (4 + ID_TEMPLATE_MAX) +
			    (4 + 4 + ID_TEMPLATE_MAX) + (4 + ID_TEMPLATE_MAX) +
			    (4 + DHCP6_DUID_MAX) + FORWARD_PORT_LEN,
	/* The same, then option 79 and the header of the Relay Message option. */
	FORWARD_HEADER_MAX = FORWARD_FIXED_MAX + (4 + 2 + LINK_MAC_SIZE) + 4,
};

/* The octets in front of every message from a link. len 0: do not forward. */
struct forward_template {
	uint16_t len;
	uint16_t relayed_len; /* the part used for messages of relays below: without our port */
	uint8_t octets[FORWARD_FIXED_MAX];
};

struct client_link {
	char name[IFNAMSIZ];
	struct link *link;  /* NULL while absent */
	struct link *vmacs; /* VRRP macvlans above it, by user_next: their addresses count */
	int holder;         /* number of the socket that holds its membership; -1: not joined */
	int join_error;     /* errno of the last attempt to join, 0: it succeeded */
	bool is_member;     /* scratch of the membership check: the kernel lists the link */
	int vrf_error;      /* errno: messages from its VRF cannot be received; 0 */
	bool ipv6_disabled; /* the kernel has no usable IPv6 on the link */

	enum client_link_state state;
	char reason[96];              /* why the link is in this state, for the operator */
	int64_t since_s;              /* when it entered the state, Unix time */
	struct in6_addr link_address; /* :: if it has none */
	struct in6_addr link_local;   /* source of replies to clients; :: if it has none */
	uint64_t changes;             /* changes of the link-address since the relay started */

	uint8_t interface_id[ID_TEMPLATE_MAX];
	uint8_t interface_id_len;           /* 0: no Interface-Id is sent */
	const struct relay_link_rule *rule; /* its settings; set by client_link_identify() */
	struct forward_template forward;
	struct relay_counters counters;
	struct rate_bucket rate;
	struct rate_bucket neighbours; /* replies that need a new entry while that table is full */

	/* Private to link_registry.c. */
	struct client_link *next;
	struct hash_node by_name, by_interface_id;
};

const char *client_link_state_name(enum client_link_state state);

/*
 * Look up the link's settings in a new configuration and build its Interface-Id from the template.
 * `host` is the host name, for %h.
 */
void client_link_identify(struct client_link *cl, const struct relay_conf *conf, const char *host);

/*
 * Compute state, reason, addresses and forward template again. Returns true if the state or
 * the link-address changed; the change is then logged in one line if `log` is set.
 */
bool client_link_update(
	struct client_link *cl, const struct relay_conf *conf, const char *host, bool log);

/*
 * The ifindex of the link on which a client with this global address is on-link: the link
 * itself, or a macvlan above it that has the client's prefix.
 */
int client_link_ifindex_for(const struct client_link *cl, const struct in6_addr *client);

/* Prefetch what relaying a message from this link reads. */
static inline void client_link_prefetch(const struct client_link *cl)
{
	__builtin_prefetch(&cl->forward);
	__builtin_prefetch(cl->forward.octets + 64);
	__builtin_prefetch(&cl->counters.received, 1);
	__builtin_prefetch(&cl->counters.forwarded, 1);
}

#endif
