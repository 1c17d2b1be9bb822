/* SPDX-License-Identifier: ISC */
/*
 * The link-layer source address of each client message, as it stood in the frame. relayd puts it
 * into option 79 (RFC 6939); bootd recognises the clients of its own links by it.
 *
 * The kernel removes the Ethernet header before a UDP socket receives a datagram. One of two side
 * channels brings the address; both write a record before the datagram is queued:
 *
 *	eBPF            a socket filter on the daemon's own socket reads the frames of just
 *	                those datagrams: the router's forwarding path costs nothing more
 *	packet socket   if eBPF is not permitted; it receives a copy of every packet that the
 *	                machine receives, and filters them
 *
 * A frame without a 14-octet Ethernet header has no MAC, and neither has a datagram that this
 * machine sent itself and that was looped back to it.
 *
 * The eBPF filter also limits the backlog of each link: the datagrams that wait in the socket's
 * receive queue. A link may fill half of the queue. The filter drops and counts what exceeds
 * that, so that a flood on one link does not displace the datagrams (and the records) of others.
 * Links of one VRF share one such limit: the kernel names only the VRF to the filter (vrf_ip6_rcv()
 * replaces both skb->dev and skb->skb_iif). The packet socket has no limit by link.
 */
#ifndef NB6_FRAME_CLIENT_MAC_H
#define NB6_FRAME_CLIENT_MAC_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client_mac;
struct link;
struct loop;

enum client_mac_method {
	CLIENT_MAC_NONE, /* not configured, or neither method is permitted */
	CLIENT_MAC_EBPF,
	CLIENT_MAC_PACKET,
};

const char *client_mac_method_name(enum client_mac_method method);

/*
 * Open the best available method for the daemon's UDP socket, at most `best`. Logs once what was
 * chosen, and why not the better one. NULL only without memory.
 */
struct client_mac *client_mac_new(int udp_fd, enum client_mac_method best);
void client_mac_free(struct client_mac *cm); /* before the socket; may be NULL */

/*
 * Another socket that receives clients' messages (in a VRF), for the same records. The filter
 * stays on it until it is closed. Returns 0 or -errno.
 */
int client_mac_attach(struct client_mac *cm, int udp_fd);

enum client_mac_method client_mac_method(const struct client_mac *cm);

/* Keep the backlog counters right with a timer on this loop. Returns 0 or -ENOMEM. */
int client_mac_start(struct client_mac *cm, struct loop *loop);

/* Call this between receiving a batch and handling it: reads all records. */
void client_mac_drain(struct client_mac *cm);

/* Call this for each datagram that was received. `l`: its link; NULL: not known. */
void client_mac_received(
	struct client_mac *cm, const struct link *l, int ifindex, size_t message_len);

/* True for a link whose clients' frames carry a MAC that the method in use can see. */
bool client_mac_sees(const struct client_mac *cm, const struct link *l);

/*
 * The MAC of the frame of a client's message (at least 4 octets) that came in on a link. Call it
 * once for each message: it consumes the record. False if the frame was not seen, or if frames
 * with different MACs match the message.
 *
 * The kernel hands what comes in on a link of a VRF to the VRF's device before the side channel
 * sees it, while the datagram still names the link: both are looked up.
 */
bool client_mac_take(struct client_mac *cm, const struct link *l, const struct in6_addr *source,
	const uint8_t *message, uint8_t mac[6]);

/* Datagrams that the filter dropped because a link exceeded its share of the receive queue. */
uint64_t client_mac_refused(const struct client_mac *cm, const struct link *l);
uint64_t client_mac_refused_total(const struct client_mac *cm);

#endif
