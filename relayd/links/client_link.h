/* SPDX-License-Identifier: ISC */
/*
 * A client-facing link: what the operator sees of it, and the octets that go
 * in front of a client's message.
 *
 *	absent ---> down ---> port ---> no address ---> tentative ---> standby ---> ready
 *	   ^----------'---------'------------'--------------'-----------'-----------'
 *
 * A client link is known by its name and outlives the kernel's link: one that
 * is deleted and made again keeps its counters. client_links.h makes and
 * frees them and calls client_link_update() whenever the kernel's link, its
 * addresses or those of a VRRP macvlan above it change; the packet path only
 * reads `forward`.
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
	CLIENT_LINK_PORT, /* of a bridge or a bond, where its messages come in */
	CLIENT_LINK_NO_ADDRESS,
	CLIENT_LINK_TENTATIVE,
	CLIENT_LINK_STANDBY, /* another router has the address that relaying goes with */
	CLIENT_LINK_READY,
	CLIENT_LINK_STATES,
};

enum {
	FORWARD_PORT_LEN = 4 + 2, /* the Relay Source Port option */
	/* Relay header; Interface-Id, Remote-ID, Subscriber-ID, Relay-ID and Relay Source Port:
	 * all but option 79. */
	FORWARD_FIXED_MAX = DHCP6_RELAY_HEADER_LEN + (4 + ID_TEMPLATE_MAX) + (4 + 4 + ID_TEMPLATE_MAX) +
			    (4 + ID_TEMPLATE_MAX) + (4 + DHCP6_DUID_MAX) + FORWARD_PORT_LEN,
	/* The same with option 79 and the header of the Relay Message option behind it. */
	FORWARD_HEADER_MAX = FORWARD_FIXED_MAX + (4 + 2 + LINK_MAC_SIZE) + 4,
};

/* What is the same in front of every message from a link; len 0: do not forward. */
struct forward_template {
	uint16_t len;
	uint16_t relayed_len; /* of it in front of what relays below send: without our port */
	uint8_t octets[FORWARD_FIXED_MAX];
};

/* A macvlan on a client link: VRRP's. */
struct client_link_vmac {
	struct client_link_vmac *next;
	const struct link *link;
};

struct client_link {
	char name[IFNAMSIZ];
	struct link *link; /* NULL while absent */
	struct client_link_vmac *vmacs;
	int holder;     /* of its membership; -1: not joined */
	int join_error; /* errno of the last attempt, 0 */

	enum client_link_state state;
	char reason[96];              /* for the state, in the operator's words */
	int64_t since_s;              /* of the state, seconds since 1970 */
	struct in6_addr link_address; /* :: where there is none */
	struct in6_addr link_local;   /* replies go out from it; :: where there is none */
	uint64_t changes;             /* of the link-address since we started */

	uint8_t interface_id[ID_TEMPLATE_MAX];
	uint8_t interface_id_len; /* 0: none is sent */
	struct forward_template forward;
	struct relay_counters counters;
	struct rate_bucket rate;

	struct client_link *next;
};

const char *client_link_state_name(enum client_link_state state);

/* Make the link's Interface-Id as the configuration wants it. */
void client_link_identify(struct client_link *cl, const struct relay_conf *conf, const char *host);

/*
 * Look at the link again: state, reason, addresses, template. Returns true
 * where the state or the link-address changed, and then, if `loud`, has logged
 * it in one line.
 */
bool client_link_update(
	struct client_link *cl, const struct relay_conf *conf, const char *host, bool loud);

/*
 * The ifindex by which a client with this global address is on-link: the link's own, or
 * that of a macvlan on it which has the prefix.
 */
int client_link_toward(const struct client_link *cl, const struct in6_addr *client);

/* What a message from this link will need will be near. A hint; nothing is read. */
static inline void client_link_prefetch(const struct client_link *cl)
{
	__builtin_prefetch(&cl->forward);
	__builtin_prefetch(cl->forward.octets + 64);
	__builtin_prefetch(&cl->counters.received, 1);
	__builtin_prefetch(&cl->counters.forwarded, 1);
}

#endif
