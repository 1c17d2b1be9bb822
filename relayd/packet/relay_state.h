/* SPDX-License-Identifier: ISC */
/*
 * The state of the relay that the packet path works on. relayd/relay.h opens and closes it.
 */
#ifndef NB6_RELAYD_PACKET_RELAY_STATE_H
#define NB6_RELAYD_PACKET_RELAY_STATE_H

#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/udp.h"
#include "frame/client_mac.h"
#include "frame/frame_sender.h"
#include "frame/reply_macs.h"
#include "netlink/link_monitor.h"
#include "relayd/config/relay_conf.h"
#include "relayd/links/client_links.h"
#include "relayd/links/counters.h"
#include "relayd/packet/reply_sockets.h"
#include "relayd/prefixes/prefix_delegation.h"
#include "relayd/servers/server_paths.h"
#include "relayd/servers/vrf_sockets.h"
#include "relayd/view/relay_trace.h"
#include "relayd/view/relay_view.h"
#include "relayd/view/relay_watch.h"

enum { RELAY_BATCH = 64 };

/* Whether the kernel's table of neighbours is full: asked after a reply was refused. */
struct neighbour_state {
	struct ipv6_neighbour_table table;
	int64_t asked_ms;
	int64_t full_until_ms; /* treat it as full until then */
};

/*
 * Whether the table is likely to become full: most of it is in use, or it has room for fewer than
 * NEIGHBOURS_PER_LINK hosts on each client link.
 */
enum { NEIGHBOURS_PER_LINK = 8 };
bool neighbours_are_scarce(const struct ipv6_neighbour_table *table, size_t client_links);

/* Octets and addresses are those of the datagram; they are valid until the end of the batch. */
struct observed_message {
	const struct client_link *cl;
	struct in6_addr peer;
	struct wire_in message;
	bool is_to_client;
	bool is_refused; /* by the kernel */
	unsigned slot;
};

struct relay {
	struct relay_conf *conf; /* owned */
	struct link_table table;
	struct link_monitor monitor;
	bool follows_kernel; /* table, monitor, links, names and paths are initialised */
	struct client_links links;
	struct server_names names;
	struct server_paths paths;
	struct client_mac *mac;
	struct rate_table *rates;
	int fd;                  /* the UDP socket that clients and relays below send to */
	int server_fd;           /* exchanges messages with servers; the same as `fd` on port 547 */
	bool is_activated;       /* `fd` belongs to the service manager and stays open */
	struct vrf_sockets vrfs; /* receive from servers in VRFs; on port 547, from clients, too */
	struct vrf_sockets client_vrfs; /* receive from clients in VRFs, if that is another port */
	unsigned vrfs_of_servers, vrfs_of_links; /* versions that these sockets are for */
	struct vrf_want *vrf_want;               /* scratch, with room for vrf_room VRFs */
	size_t vrf_room;
	struct udp_receiver *receiver;
	struct udp_sender *to_servers;
	struct frame_sender *frames;   /* replies to clients whose MAC is known; NULL: by UDP */
	struct reply_macs *reply_macs; /* of the messages whose replies are awaited */
	struct neighbour_state neighbours;
	struct reply_sockets replies; /* send to clients and relays below, from port 547 */
	/* For each datagram of the current batch, by its slot: */
	struct client_link *from[RELAY_BATCH];           /* its client link, or NULL */
	uint8_t header[RELAY_BATCH][FORWARD_HEADER_MAX]; /* the header put in front of it */
	uint64_t mac_key[RELAY_BATCH];                   /* reply_macs_key(), if on a client link */
	uint8_t copies[RELAY_BATCH];                     /* to servers, not refused so far */
	struct relay_counters counters;
	int64_t started_s;
	int64_t now_ms;    /* of the current batch, monotonic */
	bool only_servers; /* the current batch came in on a socket for servers' replies only */

	struct loop *loop;     /* NULL before relay_start() */
	loop_fd_cb *udp_ready; /* for sockets in VRFs */
	struct loop_watch *udp_watch, *server_watch, *netlink_watch, *routes_watch;
	struct loop_timer *membership_timer;
	struct log_limit drop_limit[RELAY_DROPS];
	struct relay_watch watch;
	struct relay_view view; /* for the trace */
	struct relay_trace trace;
	bool has_client_mac; /* of the current message, from its frame */
	uint8_t client_mac[DHCP6_MAC_LEN];
	struct prefix_delegation prefixes;
	/* Messages of the current batch that change delegated prefixes if they leave. */
	struct observed_message observed[RELAY_BATCH];
	unsigned n_observed;
	unsigned chosen; /* servers that the last message went to, as bits by index */
};

/* Read and apply some of the pending netlink messages. Returns true if more may be pending. */
bool relay_read_netlink(struct relay *relay);
/* Bring the paths to servers up to date: between batches, when no datagram is queued. */
void relay_refresh_servers(struct relay *relay);
/*
 * Allocate what relay_refresh_servers() needs for all VRFs of this router. Returns 0 or -ENOMEM.
 */
int relay_reserve_vrfs(struct relay *relay);

#endif
