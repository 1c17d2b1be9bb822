/* SPDX-License-Identifier: ISC */
/*
 * The records of the side channels (mac_channel.h), each of which says: a client's message with
 * these first octets came in on this link, from this IPv6 and this link-layer source address.
 * They are stored until their datagrams are handled.
 *
 * A record is matched to its datagram by link, source address and the first four octets of the
 * message (type and transaction id). A record answers for one datagram only. If frames with
 * different MACs match the same datagram, none of them is believed: a host that repeats the
 * message of another one must not replace the other one's MAC by its own.
 */
#ifndef NB6_FRAME_MAC_RECORDS_H
#define NB6_FRAME_MAC_RECORDS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { MAC_LEN = 6, MAC_RECORDS_MAX = 32768 };

/* The eBPF program writes this layout, too. */
struct mac_record {
	uint32_t ifindex;
	uint8_t head[4]; /* the first octets of the message */
	struct in6_addr source;
	uint8_t mac[MAC_LEN];
	uint16_t ethertype; /* of the frame, in network order; only used by the eBPF program */
};

struct mac_records;

struct mac_records *mac_records_new(void);          /* NULL: no memory */
void mac_records_free(struct mac_records *records); /* may be NULL */

/* Store a record. If there are already MAC_RECORDS_MAX, the oldest one is dropped. */
void mac_records_add(struct mac_records *records, const struct mac_record *record);

enum mac_found {
	MAC_UNKNOWN,   /* no record */
	MAC_AMBIGUOUS, /* several frames with different MACs */
	MAC_FOUND,
};

/* Find the MAC for one datagram and consume its record. `message`: at least 4 octets. */
enum mac_found mac_records_take(struct mac_records *records, int ifindex,
	const struct in6_addr *source, const uint8_t *message, uint8_t mac[MAC_LEN]);

#endif
