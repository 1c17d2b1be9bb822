/* SPDX-License-Identifier: ISC */
/*
 * The relay: its state and its life.
 *
 *	relay_init     sockets, netlink and the first picture; needs privileges
 *	relay_start    on the loop; none needed any more
 *	relay_reload   another configuration, built whole before
 *	relay_fini     in reverse
 */
#ifndef NB6_RELAYD_RELAY_H
#define NB6_RELAYD_RELAY_H

#include "daemon/log.h"
#include "daemon/udp.h"
#include "frame/client_mac.h"
#include "netlink/link_monitor.h"
#include "relayd/config/relay_conf.h"
#include "relayd/links/client_links.h"
#include "relayd/links/counters.h"
#include "relayd/view/relay_watch.h"
#include "relayd/packet/reply_sockets.h"
#include "relayd/servers/server_paths.h"
#include "relayd/servers/vrf_sockets.h"

struct loop;
struct trace_filter;
struct loop_watch;

enum { RELAY_BATCH = 64 };

struct relay {
	struct relay_conf *conf; /* owned */
	struct link_table table;
	struct link_monitor monitor;
	bool follows_kernel; /* the five around this are open */
	struct client_links links;
	struct server_names names;
	struct server_paths paths;
	struct client_mac *mac;
	struct rate_table *rates;
	int fd;                  /* the UDP socket that clients and relays below send to */
	int server_fd;           /* sends to servers, and they to it; `fd` where the port is 547 */
	bool is_activated;       /* it is the service manager\'s and outlives us */
	struct vrf_sockets vrfs; /* receive, too */
	struct udp_receiver *receiver;
	struct udp_sender *to_servers;
	struct reply_sockets replies; /* send to clients and relays below, from the same port */
	/* Of the batch being relayed: whence each came (NULL: no client link), what goes in front.
	 */
	struct client_link *from[RELAY_BATCH];
	uint8_t header[RELAY_BATCH][FORWARD_HEADER_MAX];
	struct relay_counters counters;
	int64_t started_s;
	int64_t now_ms;    /* of the batch being relayed, monotonic */
	bool only_servers; /* it came in where clients and relays do not send to */

	struct loop *loop;
	struct loop_watch *udp_watch, *server_watch, *netlink_watch, *routes_watch;
	struct log_limit drop_limit[RELAY_DROPS];
	struct relay_watch watch;
	struct trace_filter *tracers; /* relay_trace.h; NULL: nobody traces */
	unsigned chosen;              /* servers that the last message went to, by bits */
};

/*
 * Takes over `conf`. `most` is the best way to client MACs to try. Returns 0
 * or -errno, after it has logged what was in the way; then nothing is open.
 */
int relay_init(struct relay *relay, struct relay_conf *conf, enum client_mac_method most);
int relay_start(struct relay *relay, struct loop *loop);
void relay_reload(struct relay *relay, struct relay_conf *conf);
void relay_fini(struct relay *relay);

/* Datagrams that the kernel dropped since a socket that we receive by was full. */
uint64_t relay_queue_drops(const struct relay *relay);

/* Take in what netlink has to say, now; a part of it. Returns true where more may wait. */
bool relay_read_netlink(struct relay *relay);
/* Ask the kernel for what is stale about the servers; between batches, when nothing is queued. */
void relay_refresh_servers(struct relay *relay);

#endif
