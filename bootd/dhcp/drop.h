/* SPDX-License-Identifier: ISC */
/*
 * Why a message is not answered. One list gives the enum, the names that logs, `status` and
 * metrics show, and the sentence of the log line: a reason is added by adding one line.
 */
#ifndef NB6_BOOTD_DHCP_DROP_H
#define NB6_BOOTD_DHCP_DROP_H

/* X(code, "name", "what is wrong, for the operator") */
#define EXCHANGE_DROP_LIST(X)                                                                      \
	X(EXCHANGE_ANSWERED, "answered", "it is answered")                                         \
	X(DROP_MALFORMED, "malformed", "a header or an option does not fit its length")            \
	X(DROP_RELAY_LOOP, "relay-loop", "it passed more relays than the hop limit allows")        \
	X(DROP_UNTRUSTED_RELAY, "untrusted-relay",                                                 \
		"the relay is not in trusted-relays of bootd.conf")                                \
	X(DROP_CLIENT_RATE, "client-rate", "this client exceeds client-rate")                      \
	X(DROP_LINK_RATE, "link-rate", "the clients of this link exceed link-rate")                \
	X(DROP_NOT_FOR_SERVERS, "not-for-servers",                                                 \
		"servers do not answer messages of this type here")                                \
	X(DROP_UNICAST, "unicast", "a client sent it to a unicast address; clients use multicast") \
	X(DROP_NO_FRAME_MAC, "no-frame-mac",                                                       \
		"the MAC of its frame is not known, or frames with different MACs carry it")       \
	X(DROP_NO_CLIENT_ID, "no-client-id", "it has no Client Identifier")                        \
	X(DROP_NO_SERVER_ID, "no-server-id", "it has no Server Identifier")                        \
	X(DROP_NO_QUERY, "no-query", "it is a Leasequery without a Query option")                  \
	X(DROP_WITH_SERVER_ID, "with-server-id",                                                   \
		"it has a Server Identifier, which this type of message must not have")            \
	X(DROP_OTHER_SERVER, "other-server", "the client chose another server")                    \
	X(DROP_PROXY, "proxy", "the server that gives this subnet's addresses answers it")         \
	X(DROP_WITH_IA, "with-ia", "an Information-request must not ask for addresses")            \
	X(DROP_WITH_ORO, "with-oro", "an Addr-reg-inform must not ask for options")                \
	X(DROP_NOT_ITS_OWN, "not-its-own",                                                         \
		"it must register exactly the address that it was sent from")                      \
	X(DROP_NOT_ON_LINK, "not-on-link", "it registers an address of another link")              \
	X(DROP_ASSIGNED, "assigned", "it registers an address that DHCPv6 has given")              \
	X(DROP_NO_SUBNET, "no-subnet",                                                             \
		"no subnet of bootd.conf contains the relay's link-address or belongs to this "    \
		"link")                                                                            \
	X(DROP_NOTHING_ASKED, "nothing-asked", "it asks for no address")                           \
	X(DROP_TOO_LARGE, "too-large", "the answer with all its relays does not fit a datagram")   \
	X(DROP_NOT_STORED, "not-stored", "the lease store could not store the new lease")          \
	X(DROP_NO_MEMORY, "no-memory", "there is no memory")

enum exchange_drop {
#define EXCHANGE_DROP_CODE(code, name, text) code,
	EXCHANGE_DROP_LIST(EXCHANGE_DROP_CODE)
#undef EXCHANGE_DROP_CODE
		EXCHANGE_DROPS,

	/* Not decided yet, and not counted: see exchange.h. */
	EXCHANGE_PENDING = EXCHANGE_DROPS, /* the answer waits for the commit of its lease */
	EXCHANGE_RETRY,                    /* handle it again once the lease store is ready */
};

/* "malformed", "no-subnet"...: for logs, `status` and metrics. */
const char *exchange_drop_name(enum exchange_drop drop);

/* The reason as a clause for the log: "it has no Client Identifier". */
const char *exchange_drop_text(enum exchange_drop drop);

#endif
