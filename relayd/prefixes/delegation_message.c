/* SPDX-License-Identifier: ISC */
/*
 * Reading IA_PDs, through the bounds-checked cursor. delegation_message_next() walks two levels of
 * options, those of the message and those of the current IA_PD, and keeps a cursor for each.
 */
#include "relayd/prefixes/delegation_message.h"

enum { PREFIX_LEN_MIN = 16, PREFIX_LEN_MAX = 128 };

/* Unwrap messages of lightweight relay agents; false: another relay is between. */
static bool unwrap(struct wire_in *in, struct in6_addr *client)
{
	for (int depth = 0; dhcp6_is_relay_type(dhcp6_peek_type(in)); depth++) {
		struct dhcp6_relay relay;

		if (depth >= DHCP6_RELAYS_MAX || dhcp6_relay_read(*in, &relay) < 0 ||
			!IN6_IS_ADDR_UNSPECIFIED(&relay.link_address) ||
			!dhcp6_option_find(relay.options, DHCP6_OPT_RELAY_MSG, in))
			return false;
		*client = relay.peer_address;
	}
	return true;
}

bool delegation_message_read(
	struct wire_in in, const struct in6_addr *peer, struct delegation_message *message)
{
	struct dhcp6_message header;
	struct wire_in id;

	*message = (struct delegation_message){.client = *peer};
	if (!unwrap(&in, &message->client) || dhcp6_message_read(in, &header) < 0)
		return false;
	message->type = header.type;
	message->options = header.options;
	return (header.type == DHCP6_REPLY || header.type == DHCP6_RELEASE) &&
	       dhcp6_option_find(header.options, DHCP6_OPT_CLIENTID, &id) &&
	       dhcp6_duid_read(id, &message->duid) == 0;
}

/* True without a Status Code, and for Success. */
static bool is_success(struct wire_in options)
{
	struct dhcp6_status status;
	struct wire_in data;

	return !dhcp6_option_find(options, DHCP6_OPT_STATUS_CODE, &data) ||
	       (dhcp6_get_status(data, &status) == 0 && status.code == DHCP6_STATUS_SUCCESS);
}

bool delegation_prefix_is_usable(const struct prefix *prefix)
{
	const struct in6_addr *address = &prefix->address;

	return prefix->len >= PREFIX_LEN_MIN && prefix->len <= PREFIX_LEN_MAX &&
	       !IN6_IS_ADDR_MULTICAST(address) && !IN6_IS_ADDR_LINKLOCAL(address) &&
	       !IN6_IS_ADDR_UNSPECIFIED(address) && !IN6_IS_ADDR_LOOPBACK(address) &&
	       !IN6_IS_ADDR_V4MAPPED(address);
}

static bool read_prefix(struct wire_in data, struct delegated_prefix *item)
{
	struct dhcp6_iaprefix prefix;

	if (dhcp6_get_iaprefix(data, &prefix) < 0 || !is_success(prefix.options) ||
		prefix.preferred_s > prefix.valid_s || prefix.len > PREFIX_LEN_MAX)
		return false;
	item->has_prefix = true;
	item->prefix = prefix_of_address(&prefix.prefix, prefix.len);
	item->preferred_s = prefix.preferred_s;
	item->valid_s = prefix.valid_s;
	return delegation_prefix_is_usable(&item->prefix);
}

/* The next usable prefix of the current IA_PD. */
static bool next_in_ia(struct delegation_message *message, struct delegated_prefix *item)
{
	struct dhcp6_option option;

	while (dhcp6_option_next(&message->ia, &option)) {
		if (option.code != DHCP6_OPT_IAPREFIX)
			continue;
		message->is_empty_ia = false;
		item->iaid = message->iaid;
		if (read_prefix(option.data, item))
			return true;
	}
	return false;
}

/* Go to the next IA_PD that is no error. */
static bool next_ia(struct delegation_message *message)
{
	struct dhcp6_option option;
	struct dhcp6_ia_na ia; /* IA_PD has the same fields */

	while (dhcp6_option_next(&message->options, &option)) {
		if (option.code != DHCP6_OPT_IA_PD || dhcp6_get_ia_na(option.data, &ia) < 0 ||
			!is_success(ia.options))
			continue;
		message->ia = ia.options;
		message->iaid = ia.iaid;
		message->in_ia = message->is_empty_ia = true;
		return true;
	}
	return false;
}

bool delegation_message_next(struct delegation_message *message, struct delegated_prefix *item)
{
	while (message->in_ia || next_ia(message)) {
		if (next_in_ia(message, item))
			return true;
		message->in_ia = false;
		if (message->is_empty_ia && !message->ia.bad) {
			*item = (struct delegated_prefix){.iaid = message->iaid};
			return true;
		}
	}
	return false;
}
