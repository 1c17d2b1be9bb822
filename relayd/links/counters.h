/* SPDX-License-Identifier: ISC */
/*
 * What the relay counts, for the whole daemon and for each client link.
 *
 * Every datagram that reaches the relay ends in exactly one place: it is relayed, or it is
 * dropped for one of the reasons below. A new reason is one row of RELAY_DROP_REASONS: the
 * enum, the name in status and metrics, and the description all come from that row.
 */
#ifndef NB6_RELAYD_LINKS_COUNTERS_H
#define NB6_RELAYD_LINKS_COUNTERS_H

#include <stdint.h>

/* X(symbol, name in status, metrics and traces, description for the operator) */
#define RELAY_DROP_REASONS(X)                                                                      \
	/* Messages from clients and from relays below. */                                         \
	X(NOT_SERVED, "not-served", "received on a link that is not client-facing")                \
	X(UNICAST, "unicast", "client message sent by unicast (RFC 9915 section 16)")              \
	X(SHORT, "short", "shorter than a DHCPv6 header")                                          \
	X(SERVER_TYPE, "server-type", "message type that no client sends, from a client")          \
	X(LEASEQUERY, "leasequery", "Leasequery from a client (RFC 5007 section 5)")               \
	X(UNTRUSTED_RELAY, "untrusted-relay",                                                      \
		"Relay-forward from a link and address that are not configured")                   \
	X(HOP_LIMIT, "hop-limit", "hop-count has reached its limit (RFC 9915 section 19.1.2)")     \
	X(RSOO, "rsoo", "relay-supplied options from a relay below, but rsoo is not enabled")      \
	X(NO_ADDRESS, "no-address", "the client link has no address for the link-address field")   \
	X(STANDBY, "standby", "the while-address is not assigned on this router")                  \
	X(LINK_RATE, "link-rate", "more messages a second than link-rate allows")                  \
	X(CLIENT_RATE, "client-rate", "more messages a second than client-rate allows")            \
	X(TOO_LONG, "too-long", "does not fit into a datagram with the Relay-forward header")      \
	X(NO_SERVER, "no-server", "no server can be reached")                                      \
	X(NO_SOURCE, "no-source", "the configured source address is not on this router")           \
	/* Messages from servers. */                                                               \
	X(UNKNOWN_SERVER, "unknown-server", "Relay-reply from an address that is no server's")     \
	X(REPLY_FROM_CLIENT_LINK, "reply-from-client-link", "Relay-reply from a client link")      \
	X(REPLY_FROM_OTHER_LINK, "reply-from-other-link",                                          \
		"Relay-reply on a link that does not lead to that server")                         \
	X(MALFORMED, "malformed", "Relay-reply that cannot be parsed")                             \
	X(NO_RELAY_MESSAGE, "no-relay-message", "Relay-reply without a Relay Message option")      \
	X(UNKNOWN_LINK, "unknown-link", "neither Interface-Id nor link-address names a link here") \
	X(LINK_GONE, "link-gone", "the client link no longer exists")                              \
	X(OFF_LINK, "off-link", "the reply's destination is not on the client link")               \
	X(NEIGHBOUR_TABLE_FULL, "neighbour-table-full",                                            \
		"the kernel's table of neighbours is full (net.ipv6.neigh.default.gc_thresh3)")    \
	X(PACKET_FILTER, "packet-filter", "a packet filter on this machine refused the message")   \
	X(SEND_FAILED, "send-failed", "the kernel refused to send the message")

/* Why a datagram is dropped; RELAY_PASS if it is not. */
enum relay_drop {
	RELAY_PASS = 0,
#define RELAY_DROP_ENUM(symbol, name, description) RELAY_DROP_##symbol,
	RELAY_DROP_REASONS(RELAY_DROP_ENUM)
#undef RELAY_DROP_ENUM
		RELAY_DROPS,
};

/* "not-served", "unicast"...: the name in status, metrics and traces. "none" for RELAY_PASS. */
const char *relay_drop_name(enum relay_drop reason);

/* What the reason means, as a phrase for the operator. "" for RELAY_PASS. */
const char *relay_drop_description(enum relay_drop reason);

/*
 * Message types with a counter of their own: 0 to 23, and registrations (36 and 37, RFC 9686). All
 * others, such as those of failover between servers, share the last one: each counter costs 16
 * octets for each of thousands of links.
 */
enum {
	RELAY_TYPES_LOW = 24,
	RELAY_TYPES_SKIPPED = 36 - RELAY_TYPES_LOW,
	RELAY_TYPE_OTHER = RELAY_TYPES_LOW + 2,
	RELAY_TYPES,
};

struct relay_counters {
	uint64_t received[RELAY_TYPES]; /* from clients and relays below, by message type */
	uint64_t forwarded;             /* copies sent to servers */
	uint64_t replied[RELAY_TYPES];  /* to clients and relays below, by inner message type */
	uint64_t without_mac; /* forwarded without option 79 although client-mac is enabled */
	uint64_t dropped[RELAY_DROPS];
};

/* The index of a message type in received[] and replied[]. */
static inline unsigned relay_type_slot(uint8_t type)
{
	if (type < RELAY_TYPES_LOW)
		return type;
	return type == 36 || type == 37 ? type - RELAY_TYPES_SKIPPED : RELAY_TYPE_OTHER;
}

/* The message type of an index below RELAY_TYPE_OTHER. */
static inline uint8_t relay_slot_type(unsigned slot)
{
	return (uint8_t)(slot < RELAY_TYPES_LOW ? slot : slot + RELAY_TYPES_SKIPPED);
}

#endif
