/* SPDX-License-Identifier: ISC */
/*
 * Client facts: what a message says about the client that sent it, and about the path by which it
 * arrived. Subnet, host, address and boot rule are chosen from these facts.
 *
 * They are read once per message. All views borrow their octets from the datagram. `boot explain`
 * fills in the same struct from the words of the operator.
 */
#ifndef NB6_BOOTD_CLIENT_CLIENT_FACTS_H
#define NB6_BOOTD_CLIENT_CLIENT_FACTS_H

#include "bootd/client/machine.h"
#include "dhcp6/message.h"
#include "dhcp6/option.h"

enum { CLIENT_ARCHS_MAX = 8, CLIENT_CLASSES_MAX = 8 };

/* Where the MAC was read, the most reliable source first; the last two are unverified. */
enum client_mac_source {
	CLIENT_MAC_UNKNOWN,
	CLIENT_MAC_RELAY, /* option 79 of the relay next to the client (RFC 6939) */
	CLIENT_MAC_FRAME, /* the frame itself, on a link of ours */
	CLIENT_MAC_EUI64, /* the interface identifier that it sends from */
	CLIENT_MAC_DUID,  /* a DUID-LL or DUID-LLT */
	CLIENT_MAC_SOURCES,
};

/* "option-79", "frame", "eui-64-hint", "duid-hint"; NULL: unknown. */
const char *client_mac_source_name(enum client_mac_source source);
/* Unverified: the client itself sends it, and may mean another of its interfaces, or lie. */
bool client_mac_is_hint(enum client_mac_source source);

/* How a datagram reached us. */
struct arrival {
	struct in6_addr source;
	uint16_t source_port;
	bool at_boot_server;   /* on port 4011: boot_port.c */
	bool multicast;        /* sent to ff02::1:2 or ff05::1:3, not to a unicast address */
	bool to_servers;       /* ... of these, to ff05::1:3: from relays only */
	int ifindex;           /* the link on which it was received */
	const char *link_name; /* its name; NULL where not known */
	const uint8_t *mac;    /* source of the frame; NULL: not known */
	bool sees_frames;      /* frames on the link show a MAC */
	const struct in6_addr *on_link; /* our own addresses on that link */
	size_t on_links;
};

/* An item of a Vendor Class option (RFC 9915 section 21.16). */
struct client_vendor_class {
	uint32_t enterprise;
	struct wire_in text; /* empty for an option without items */
};

struct client_facts {
	/* the message */
	uint8_t type;
	uint32_t xid;
	struct wire_in options;
	bool has_client_id;
	struct dhcp6_duid duid;
	bool has_server_id;
	struct wire_in server_id;
	bool has_ia;
	uint32_t iaid; /* of its first IA_NA */
	bool has_oro;
	struct wire_in oro;

	/* the client */
	enum client_mac_source mac_source;
	uint8_t mac[DHCP6_MAC_LEN];
	bool has_uuid;
	uint8_t uuid[DHCP6_UUID_LEN]; /* in the byte order of RFC 9562, if that can be determined */
	unsigned archs;
	uint16_t arch[CLIENT_ARCHS_MAX]; /* in the client's order */
	unsigned user_classes;
	struct wire_in user_class[CLIENT_CLASSES_MAX];
	unsigned vendor_classes; /* of all Vendor Class options, the first of each enterprise */
	struct client_vendor_class vendor_class[CLIENT_CLASSES_MAX];
	bool has_nii;
	struct dhcp6_nii nii;

	/* the path */
	unsigned relays;
	struct in6_addr
		link_address; /* innermost that is not ::, or else :: (RFC 9915 section 13.1) */
	struct in6_addr peer_address;                     /* the client's own address */
	struct wire_in interface_id, remote_id, relay_id; /* of the relay next to the client; may be
							     empty */
	int ifindex;           /* of the link, if the client sent the message without a relay */
	const char *link_name; /* NULL: relayed, or not known */
	const struct in6_addr *on_link; /* our own addresses there */
	size_t on_links;
};

/*
 * chain    as dhcp6_chain_read() has filled it in
 * message  chain->inner, as dhcp6_message_read() has filled it in
 *
 * Returns 0, or -EBADMSG: an option does not fit its own length, an IA or an address in it is
 * cut short, or the message contains twice what RFC 9915 section 24 allows once.
 */
int client_facts_read(struct client_facts *facts, const struct dhcp6_chain *chain,
	const struct dhcp6_message *message, const struct arrival *arrival);

/*
 * Adds what the DUID says: a MAC if none is known, and the UUID. client_facts_read() has done so;
 * it is for facts that `explain` has filled in.
 */
void client_facts_of_duid(struct client_facts *facts);
/* The DUID that a client with facts->uuid sends, in the order of its firmware. */
void client_facts_set_uuid(struct client_facts *facts);

/*
 * Its MAC if that is known. Otherwise its DUID, and for a client that is no firmware (it sends no
 * architecture) the IAID of its first IA_NA as well. False: the client sends neither.
 */
bool client_machine(const struct client_facts *facts, struct machine *machine);

/* The first address that its first IA_NA names; false: there is none. */
bool client_named_address(const struct client_facts *facts, struct in6_addr *address);

bool client_asks_for(const struct client_facts *facts, uint16_t option);
/* Is one of its user classes exactly this text? */
bool client_has_user_class(const struct client_facts *facts, const char *text);

#endif
