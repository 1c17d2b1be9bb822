/* SPDX-License-Identifier: ISC */
/*
 * Reading through both kinds of relay header down to the client's message. (dhcp6_chain_read()
 * reads Relay-forwards only.)
 */
#include "relayd/view/trace_message.h"

#include <net/if_arp.h>
#include <string.h>

#include "dhcp6/option.h"

static void read_linklayer(struct trace_message *facts, struct wire_in data, const char *mac_by)
{
	struct dhcp6_linklayer linklayer;

	if (dhcp6_get_linklayer(data, &linklayer) < 0 || linklayer.hw_type != ARPHRD_ETHER ||
		wire_left(&linklayer.address) != DHCP6_MAC_LEN)
		return;
	memcpy(facts->mac, linklayer.address.pos, DHCP6_MAC_LEN);
	facts->mac_by = mac_by;
}

/* Step inside a relay header; false if there is none. */
static bool unwrap(struct trace_message *facts, struct wire_in *message)
{
	struct wire_in data;
	struct dhcp6_relay relay;

	if (facts->relays == DHCP6_RELAYS_MAX || !dhcp6_is_relay_type(dhcp6_peek_type(message)) ||
		dhcp6_relay_read(*message, &relay) < 0 ||
		!dhcp6_option_find(relay.options, DHCP6_OPT_RELAY_MSG, message))
		return false;
	facts->relays++;
	facts->client = relay.peer_address;
	if (dhcp6_option_find(relay.options, DHCP6_OPT_CLIENT_LINKLAYER_ADDR, &data))
		read_linklayer(facts, data, "relay");
	return true;
}

void trace_message_read(struct trace_message *facts, const struct in6_addr *peer, struct wire_in in)
{
	struct dhcp6_message message;
	struct wire_in duid;

	*facts = (struct trace_message){.client = *peer};
	while (unwrap(facts, &in))
		;
	facts->type = dhcp6_peek_type(&in);
	if (dhcp6_message_read(in, &message) < 0)
		return;
	facts->xid = message.xid;
	facts->options = message.options;
	if (dhcp6_option_find(message.options, DHCP6_OPT_CLIENTID, &duid) &&
		dhcp6_duid_read(duid, &facts->duid) < 0)
		facts->duid.len = 0;
}

void trace_message_add_header(
	struct trace_message *facts, const uint8_t *header, size_t size, const char *mac_by)
{
	struct wire_in in = wire_in_of(header, size);
	struct in6_addr peer;

	wire_get_bytes(&in, 2); /* type and hop count */
	facts->link_address = wire_get_in6(&in);
	peer = wire_get_in6(&in);
	if (facts->relays == 0)
		facts->client = peer;
	while (!in.bad && wire_left(&in) > 0) {
		uint16_t code = wire_get_u16(&in), len = wire_get_u16(&in);
		struct wire_in data;

		if (code == DHCP6_OPT_RELAY_MSG)
			return;
		data = wire_get_sub(&in, len);
		if (code == DHCP6_OPT_INTERFACE_ID)
			facts->interface_id = data;
		else if (code == DHCP6_OPT_CLIENT_LINKLAYER_ADDR)
			read_linklayer(facts, data, mac_by);
	}
}

void trace_message_guess_mac(struct trace_message *facts)
{
	if (facts->mac_by)
		return;
	if (facts->duid.len && dhcp6_duid_mac(&facts->duid, facts->mac))
		facts->mac_by = "duid";
	else if (dhcp6_mac_of_eui64(&facts->client, facts->mac))
		facts->mac_by = "address";
}

static bool ia_has_address(struct wire_in data, const struct in6_addr *address)
{
	struct dhcp6_option option;
	struct dhcp6_iaaddr addr;
	struct dhcp6_ia_na ia;

	if (dhcp6_get_ia_na(data, &ia) < 0)
		return false;
	while (dhcp6_option_next(&ia.options, &option))
		if (option.code == DHCP6_OPT_IAADDR && dhcp6_get_iaaddr(option.data, &addr) == 0 &&
			IN6_ARE_ADDR_EQUAL(&addr.address, address))
			return true;
	return false;
}

bool trace_message_has_address(const struct trace_message *facts, const struct in6_addr *address)
{
	struct wire_in options = facts->options;
	struct dhcp6_option option;

	while (dhcp6_option_next(&options, &option))
		if (option.code == DHCP6_OPT_IA_NA && ia_has_address(option.data, address))
			return true;
	return false;
}
