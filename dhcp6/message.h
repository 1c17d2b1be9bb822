/* SPDX-License-Identifier: ISC */
/*
 * Messages: the two headers there are, the options behind them, and the nest
 * of Relay-forwards in which a client's message reaches a server.
 *
 * Reading is strict about lengths and blind to meaning: unknown types and
 * options are a normal day (RFC 9915 section 16), and what is allowed in
 * which message is for the caller to decide. Everything read is a borrowed
 * view into the datagram.
 */
#ifndef NB6_DHCP6_MESSAGE_H
#define NB6_DHCP6_MESSAGE_H

#include "dhcp6/dhcp6.h"
#include "dhcp6/wire.h"

/* A message between client and server, RFC 9915 section 8. */
struct dhcp6_message {
	uint8_t type;
	uint32_t xid; /* 24 bits */
	struct wire_in options;
};

/* A Relay-forward or Relay-reply, RFC 9915 section 9. */
struct dhcp6_relay {
	uint8_t type;
	uint8_t hop_count;
	struct in6_addr link_address;
	struct in6_addr peer_address;
	struct wire_in options;
};

struct dhcp6_option {
	uint16_t code;
	struct wire_in data;
};

/* The type of the message that starts here, 0 for an empty one (0 is reserved). */
uint8_t dhcp6_peek_type(const struct wire_in *in);

/* True for the two types with a relay header. */
bool dhcp6_is_relay_type(uint8_t type);

/*
 * Read a whole message: its header and a cursor over its options, which are
 * checked to be well formed to the last octet.
 * Returns 0, or -EBADMSG: shorter than its header, an option that does not
 * fit, or (message_read) a relay type.
 */
int dhcp6_message_read(struct wire_in in, struct dhcp6_message *message);
int dhcp6_relay_read(struct wire_in in, struct dhcp6_relay *relay);

/*
 * The next option: true and *option, or false at the end and where the next
 * one does not fit (then options->bad).
 *
 *	while (dhcp6_option_next(&options, &option)) ...
 */
bool dhcp6_option_next(struct wire_in *options, struct dhcp6_option *option);

/* The first option with this code: true and its data, or false. */
bool dhcp6_option_find(struct wire_in options, uint16_t code, struct wire_in *data);

/*
 * A client's message with the relays that it came through:
 *
 *	relay[0]             the outermost, next to the server
 *	relay[count - 1]     the innermost, next to the client
 *	inner                the client's own message, as octets
 *
 * count is 0 for a message that came straight from a client.
 */
struct dhcp6_chain {
	unsigned count;
	struct dhcp6_relay relay[DHCP6_RELAYS_MAX];
	struct wire_in inner;
};

/*
 * Unwrap Relay-forwards down to the client's message. Returns 0, or
 *	-EBADMSG   a header or an option does not fit, or a relay has not exactly one Relay Message option
 *	-ELOOP     more relays than the hop limit allows
 *	-EPROTO    a Relay-reply in the nest
 */
int dhcp6_chain_read(struct wire_in in, struct dhcp6_chain *chain);

/* Write the two headers; options follow with the writers of option.h. */
void dhcp6_put_message_header(struct wire_out *out, uint8_t type, uint32_t xid);
void dhcp6_put_relay_header(struct wire_out *out, uint8_t type, uint8_t hop_count,
	const struct in6_addr *link_address, const struct in6_addr *peer_address);

#endif
