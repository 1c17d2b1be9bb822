/* SPDX-License-Identifier: ISC */
/*
 * Message headers, the walk over options, and the nest of relays
 * (RFC 9915 sections 8, 9 and 19).
 */
#include "dhcp6/message.h"

#include <errno.h>

uint8_t dhcp6_peek_type(const struct wire_in *in)
{
	struct wire_in copy = *in;

	return wire_get_u8(&copy);
}

bool dhcp6_is_relay_type(uint8_t type)
{
	return type == DHCP6_RELAY_FORW || type == DHCP6_RELAY_REPL;
}

bool dhcp6_option_next(struct wire_in *options, struct dhcp6_option *option)
{
	uint16_t len;

	if (wire_left(options) == 0)
		return false;
	option->code = wire_get_u16(options);
	len = wire_get_u16(options);
	option->data = wire_get_sub(options, len);
	return !options->bad;
}

bool dhcp6_option_find(struct wire_in options, uint16_t code, struct wire_in *data)
{
	struct dhcp6_option option;

	while (dhcp6_option_next(&options, &option)) {
		if (option.code == code) {
			*data = option.data;
			return true;
		}
	}
	return false;
}

static int check_options(struct wire_in options)
{
	struct dhcp6_option option;

	while (dhcp6_option_next(&options, &option))
		;
	return options.bad ? -EBADMSG : 0;
}

int dhcp6_message_read(struct wire_in in, struct dhcp6_message *message)
{
	message->type = wire_get_u8(&in);
	message->xid = (uint32_t)wire_get_u8(&in) << 16;
	message->xid |= wire_get_u16(&in);
	message->options = in;
	if (in.bad || dhcp6_is_relay_type(message->type))
		return -EBADMSG;
	return check_options(in);
}

int dhcp6_relay_read(struct wire_in in, struct dhcp6_relay *relay)
{
	relay->type = wire_get_u8(&in);
	relay->hop_count = wire_get_u8(&in);
	relay->link_address = wire_get_in6(&in);
	relay->peer_address = wire_get_in6(&in);
	relay->options = in;
	if (in.bad || !dhcp6_is_relay_type(relay->type))
		return -EBADMSG;
	return check_options(in);
}

/* Like dhcp6_option_find(), but false also if there are two of them. */
static bool find_only(struct wire_in options, uint16_t code, struct wire_in *data)
{
	struct dhcp6_option option;
	unsigned found = 0;

	while (dhcp6_option_next(&options, &option)) {
		if (option.code != code)
			continue;
		*data = option.data;
		found++;
	}
	return found == 1;
}

int dhcp6_chain_read(struct wire_in in, struct dhcp6_chain *chain)
{
	chain->count = 0;
	while (dhcp6_is_relay_type(dhcp6_peek_type(&in))) {
		struct dhcp6_relay *relay;
		int rc;

		if (chain->count == DHCP6_RELAYS_MAX)
			return -ELOOP;
		relay = &chain->relay[chain->count++];
		rc = dhcp6_relay_read(in, relay);
		if (rc < 0)
			return rc;
		if (relay->type != DHCP6_RELAY_FORW)
			return -EPROTO;
		if (!find_only(relay->options, DHCP6_OPT_RELAY_MSG, &in))
			return -EBADMSG;
	}
	chain->inner = in;
	return 0;
}

void dhcp6_put_message_header(struct wire_out *out, uint8_t type, uint32_t xid)
{
	wire_put_u32(out, (uint32_t)type << 24 | (xid & 0xffffff));
}

void dhcp6_put_relay_header(struct wire_out *out, uint8_t type, uint8_t hop_count,
	const struct in6_addr *link_address, const struct in6_addr *peer_address)
{
	wire_put_u8(out, type);
	wire_put_u8(out, hop_count);
	wire_put_in6(out, link_address);
	wire_put_in6(out, peer_address);
}
