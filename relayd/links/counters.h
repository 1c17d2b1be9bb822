/* SPDX-License-Identifier: ISC */
/*
 * What is counted: every datagram ends in exactly one of these, as relayed
 * or as dropped for a named reason.
 */
#ifndef NB6_RELAYD_LINKS_COUNTERS_H
#define NB6_RELAYD_LINKS_COUNTERS_H

#include <stdint.h>

/* Why a datagram goes no further; 0 where it does. */
enum relay_drop {
	RELAY_PASS = 0,
	/* from clients and relays below */
	RELAY_DROP_NOT_SERVED,      /* came in on a link that is not client-facing */
	RELAY_DROP_UNICAST,         /* a client's message by unicast, RFC 9915 section 16 */
	RELAY_DROP_SHORT,           /* no whole header */
	RELAY_DROP_SERVER_TYPE,     /* a message that only servers send, from a client link */
	RELAY_DROP_UNTRUSTED_RELAY, /* a Relay-forward from a client link that is not trusted */
	RELAY_DROP_HOP_LIMIT,       /* RFC 9915 section 19.1.2 */
	RELAY_DROP_RSOO,            /* a relay below supplies options, which is not allowed */
	RELAY_DROP_NO_ADDRESS,      /* the link has no address for the link-address field */
	RELAY_DROP_STANDBY,         /* another router has the address that relaying goes with */
	RELAY_DROP_LINK_RATE,       /* more messages a second than the link may send */
	RELAY_DROP_CLIENT_RATE,     /* more than one client may */
	RELAY_DROP_TOO_LONG,        /* would not fit into a datagram any more */
	RELAY_DROP_NO_SERVER,       /* no way to any server */
	/* from servers */
	RELAY_DROP_UNKNOWN_SERVER, /* a Relay-reply from an address that is no configured server */
	RELAY_DROP_REPLY_FROM_CLIENT_LINK, /* a Relay-reply from the side of the clients */
	RELAY_DROP_REPLY_FROM_OTHER_LINK,  /* a Relay-reply on a link that leads to no server */
	RELAY_DROP_MALFORMED,              /* an option does not fit */
	RELAY_DROP_NO_RELAY_MESSAGE,       /* nothing in it to be passed on */
	RELAY_DROP_UNKNOWN_LINK, /* neither Interface-Id nor link-address leads to a link of ours */
	RELAY_DROP_LINK_GONE,    /* they lead to one that is not there now */
	RELAY_DROP_OFF_LINK,     /* for an address that is not on the client's link */
	RELAY_DROP_SEND_FAILED,  /* the kernel refused it */
	RELAY_DROPS,
};

/*
 * Message types counted apart; those above share the last place. Some more than there are
 * (37): each costs 16 octets for each of thousands of links.
 */
enum { RELAY_TYPES = 40 };

struct relay_counters {
	uint64_t received[RELAY_TYPES]; /* from clients and relays below, by message type */
	uint64_t forwarded;             /* copies sent to servers */
	uint64_t replied[RELAY_TYPES];  /* to clients and relays below, by type of the inner message
					 */
	uint64_t without_mac;           /* forwarded without option 79 though it was wanted */
	uint64_t dropped[RELAY_DROPS];
};

/* "not-served", "unicast"...: as status and metrics call them. */
const char *relay_drop_name(enum relay_drop reason);

/* The place of a message type in the arrays. */
unsigned relay_type_slot(uint8_t type);

#endif
