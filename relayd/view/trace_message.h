/* SPDX-License-Identifier: ISC */
/*
 * What a datagram shows about its client, for traces. Fields that cannot be read stay empty, because
 * broken messages are traced too.
 */
#ifndef NB6_RELAYD_VIEW_TRACE_MESSAGE_H
#define NB6_RELAYD_VIEW_TRACE_MESSAGE_H

#include "dhcp6/identity.h"
#include "dhcp6/message.h"

struct trace_message {
	struct in6_addr client; /* its address on its link: the innermost peer-address */
	unsigned relays;        /* number of relay headers around the client's message */
	uint8_t type;           /* of the client's message; 0: none was found */
	uint32_t xid;
	struct wire_in options; /* of the client's message, borrowed */
	struct dhcp6_duid duid; /* len 0: none */
	uint8_t mac[DHCP6_MAC_LEN];
	const char *mac_by; /* how the MAC is known; NULL: it is not */
	/* From the Relay-forward that the relay made: */
	struct in6_addr link_address;
	struct wire_in interface_id; /* borrowed, empty if there is none */
};

/* Read a message as it came in from `peer`, a client, relay or server, through all relay headers. */
void trace_message_read(
	struct trace_message *facts, const struct in6_addr *peer, struct wire_in message);

/*
 * Add the fields of the header that the relay put in front of the message. It has at most `size`
 * octets and ends where the Relay Message option begins. `mac_by` says how the relay learns MACs.
 */
void trace_message_add_header(
	struct trace_message *facts, const uint8_t *header, size_t size, const char *mac_by);

/* If the MAC is still unknown, take it from the DUID or the EUI-64 address; mac_by says so. */
void trace_message_guess_mac(struct trace_message *facts);

/* True if an IA_NA of the client's message contains this address. */
bool trace_message_has_address(const struct trace_message *facts, const struct in6_addr *address);

#endif
