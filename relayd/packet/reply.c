/* SPDX-License-Identifier: ISC */
/*
 * Unwrapping Relay-replies.
 *
 * The Interface-Id contains the name of the link. So it identifies the right link even if all links
 * share a link-local address, if the link was deleted and created again, or if the relay was
 * restarted. The link-address is the second choice.
 */
#include "relayd/packet/reply.h"

#include "dhcp6/message.h"

/* The options that are used, found in one walk. */
struct reply_options {
	struct wire_in interface_id, message;
	bool has_interface_id, has_message;
	uint16_t relay_port; /* 0: 547 */
};

static bool walk_options(struct wire_in options, struct reply_options *found)
{
	struct dhcp6_option option;

	*found = (struct reply_options){0};
	while (dhcp6_option_next(&options, &option)) {
		if (option.code == DHCP6_OPT_INTERFACE_ID) {
			found->interface_id = option.data;
			found->has_interface_id = true;
		} else if (option.code == DHCP6_OPT_RELAY_PORT) {
			found->relay_port = wire_get_u16(&option.data);
			if (option.data.bad || wire_left(&option.data) > 0)
				return false;
		} else if (option.code == DHCP6_OPT_RELAY_MSG) {
			found->message = option.data;
			found->has_message = true;
		}
	}
	return !options.bad;
}

static enum relay_drop find_link(const struct client_links *links, const struct dhcp6_relay *relay,
	const struct reply_options *options, struct client_link **cl)
{
	if (options->has_interface_id)
		*cl = client_links_find_interface_id(
			links, options->interface_id.pos, wire_left(&options->interface_id));
	else if (!IN6_IS_ADDR_UNSPECIFIED(&relay->link_address))
		*cl = client_links_find_address(links, &relay->link_address);
	if (!*cl)
		return RELAY_DROP_UNKNOWN_LINK;
	return (*cl)->link ? RELAY_PASS : RELAY_DROP_LINK_GONE;
}

enum relay_drop reply_decide(
	const struct client_links *links, const struct udp_datagram *d, struct reply *reply)
{
	struct reply_options options;
	struct dhcp6_relay relay;

	*reply = (struct reply){0};
	if (d->len < DHCP6_RELAY_HEADER_LEN)
		return RELAY_DROP_SHORT;
	if (dhcp6_relay_read(wire_in_of(d->data, d->len), &relay) < 0 ||
		!walk_options(relay.options, &options))
		return RELAY_DROP_MALFORMED;
	if (!options.has_message || wire_left(&options.message) == 0)
		return RELAY_DROP_NO_RELAY_MESSAGE;
	reply->message = options.message;
	reply->message_type = dhcp6_peek_type(&options.message);
	reply->to = relay.peer_address;
	/* By the type of the inner message: relays listen on the same port as servers. */
	reply->port = DHCP6_CLIENT_PORT;
	if (reply->message_type == DHCP6_RELAY_REPL)
		reply->port = options.relay_port ? options.relay_port : DHCP6_SERVER_PORT;
	if (IN6_IS_ADDR_MULTICAST(&reply->to) || IN6_IS_ADDR_UNSPECIFIED(&reply->to))
		return RELAY_DROP_MALFORMED;
	/* For a relay that reached us through routers; we sent no link-address for it. */
	if (!options.has_interface_id && IN6_IS_ADDR_UNSPECIFIED(&relay.link_address) &&
		reply->message_type == DHCP6_RELAY_REPL && !IN6_IS_ADDR_LINKLOCAL(&reply->to))
		return RELAY_PASS;
	return find_link(links, &relay, &options, &reply->cl);
}
