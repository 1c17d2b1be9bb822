/* SPDX-License-Identifier: ISC */
/*
 * What a datagram shows of its client, for tracing: pure, octets in, facts
 * out. What cannot be read stays empty, for broken messages are traced too.
 */
#ifndef NB6_RELAYD_VIEW_TRACE_MESSAGE_H
#define NB6_RELAYD_VIEW_TRACE_MESSAGE_H

#include "dhcp6/identity.h"
#include "dhcp6/message.h"

struct trace_message {
	struct in6_addr client; /* its address on its link: the innermost peer-address */
	unsigned relays;        /* relay headers around the client's message */
	uint8_t type;           /* of the client's message; 0: there is none */
	uint32_t xid;
	struct wire_in options; /* of the client's message, borrowed */
	struct dhcp6_duid duid; /* len 0: none */
	uint8_t mac[DHCP6_MAC_LEN];
	const char *mac_by; /* how it is known; NULL: it is not */
	/* Of the Relay-forward that the relay made. */
	struct in6_addr link_address;
	struct wire_in interface_id; /* borrowed, empty where there is none */
};

/* Of a message as it came in from `peer`, or as it comes from a server, with all relay headers. */
void trace_message_read(
	struct trace_message *facts, const struct in6_addr *peer, struct wire_in message);

/*
 * Add what the relay has put in front of it, `size` octets or fewer: the header ends where the
 * Relay Message option begins. `mac_by`: how option 79 came to be.
 */
void trace_message_add_header(
	struct trace_message *facts, const uint8_t *header, size_t size, const char *mac_by);

/* Where the MAC is still unknown: what the DUID or the address says, called so. */
void trace_message_guess_mac(struct trace_message *facts);

/* True where an IA_NA of the client's message has this address in it. */
bool trace_message_have_address(const struct trace_message *facts, const struct in6_addr *address);

#endif
