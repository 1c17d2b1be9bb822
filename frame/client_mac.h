/* SPDX-License-Identifier: ISC */
/*
 * The link-layer source address of each client message: the one that stood in
 * the frame, nothing guessed. relayd passes it on in option 79 (RFC 6939), bootd
 * knows by it who the clients of its own links are.
 *
 * The kernel strips the Ethernet header before a UDP socket sees a datagram.
 * Two side channels bring the address to us, each record made before its
 * datagram is queued:
 *
 *	eBPF            a socket filter on the daemon's own socket reads the
 *	                frame of just those datagrams: no cost to the router's
 *	                forwarding path
 *	packet socket   where eBPF is not to be had; its tap sees every
 *	                packet that the machine receives
 *
 * A record is matched to its datagram by link, source address and the first
 * four octets of the message (type and transaction id), never by position.
 */
#ifndef NB6_FRAME_CLIENT_MAC_H
#define NB6_FRAME_CLIENT_MAC_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct client_mac;
struct link;

enum client_mac_method {
	CLIENT_MAC_NONE, /* not wanted, or neither way is open to us */
	CLIENT_MAC_EBPF,
	CLIENT_MAC_PACKET,
};

const char *client_mac_method_name(enum client_mac_method way);

/* What a side channel hands over for one datagram. The layout is the eBPF program's too. */
struct client_mac_record {
	uint32_t ifindex;
	uint8_t head[4]; /* the first octets of the message */
	struct in6_addr source;
	uint8_t mac[6];
	uint8_t zero[2];
};

/*
 * Open the better way there is for the daemon's UDP socket; `most` is the best
 * one to try. What was chosen and why not the other is logged once. NULL only
 * without memory; client_mac_method() says whether it is of use.
 */
struct client_mac *client_mac_new(int udp_fd, enum client_mac_method most);
void client_mac_free(struct client_mac *cm); /* before the socket; NULL is fine */

enum client_mac_method client_mac_method(const struct client_mac *cm);

/* Take in all records there are. Call it between receiving a batch and looking up. */
void client_mac_drain(struct client_mac *cm);

/* True and the address where the frame of this datagram was seen. */
bool client_mac_find(const struct client_mac *cm, int ifindex, const struct in6_addr *source,
	const uint8_t *message, uint8_t mac[6]);

/*
 * The same for a datagram that came in by this link. The kernel hands what comes in on a
 * VRF's link to the VRF's device before the side channel sees it, while the datagram itself
 * still names the link: both are looked for. False for a link that is not Ethernet.
 */
bool client_mac_find_on(const struct client_mac *cm, const struct link *l,
	const struct in6_addr *source, const uint8_t *message, uint8_t mac[6]);

/* Add one record: for the side channels, and for tests. */
void client_mac_add(struct client_mac *cm, const struct client_mac_record *record);

#endif
