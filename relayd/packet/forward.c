/* SPDX-License-Identifier: ISC */
/*
 * Relay-forward headers. The part that is the same for all messages of a link is prepared in the
 * link's forward template; the peer-address, option 79 and the length are added for each message.
 *
 *	template: relay header, Interface-Id, Remote-ID ... | option 79 | 9, length | message
 */
#include "relayd/packet/forward.h"

#include <net/if_arp.h>
#include <string.h>

#include "dhcp6/message.h"
#include "dhcp6/option.h"

enum { PEER_ADDRESS_AT = 18 };

/* Append the header of the Relay Message option; check that all of it fits into a datagram. */
static enum relay_drop close_header(struct wire_out *out, size_t message_len, size_t *len)
{
	wire_put_u16(out, DHCP6_OPT_RELAY_MSG);
	wire_put_u16(out, (uint16_t)message_len);
	if (out->bad || out->len + message_len > DHCP6_MESSAGE_MAX)
		return RELAY_DROP_TOO_LONG;
	*len = out->len;
	return RELAY_PASS;
}

/* The reason why a link without a template forwards nothing. */
static enum relay_drop why_not(const struct client_link *cl)
{
	return cl->state == CLIENT_LINK_STANDBY ? RELAY_DROP_STANDBY : RELAY_DROP_NO_ADDRESS;
}

enum relay_drop forward_check_type(uint8_t type)
{
	switch (type) {
	case DHCP6_SOLICIT:
	case DHCP6_REQUEST:
	case DHCP6_CONFIRM:
	case DHCP6_RENEW:
	case DHCP6_REBIND:
	case DHCP6_RELEASE:
	case DHCP6_DECLINE:
	case DHCP6_INFORMATION_REQUEST:
	case DHCP6_DHCPV4_QUERY:
	case DHCP6_ADDR_REG_INFORM:
		return RELAY_PASS;
	case DHCP6_LEASEQUERY:
		return RELAY_DROP_LEASEQUERY;
	default:
		/* The other assigned types, of which relays and failover servers send some. */
		return type > 0 && type <= DHCP6_ADDR_REG_REPLY ? RELAY_DROP_SERVER_TYPE
								: RELAY_PASS;
	}
}

enum relay_drop forward_client_message(const struct client_link *cl, const struct udp_datagram *d,
	const uint8_t *mac, uint8_t header[FORWARD_HEADER_MAX], size_t *len)
{
	struct wire_out out = wire_out_of(header, FORWARD_HEADER_MAX);
	enum relay_drop drop;

	if (!IN6_IS_ADDR_MULTICAST(&d->local))
		return RELAY_DROP_UNICAST;
	drop = forward_check_type(d->data[0]);
	if (drop)
		return drop;
	if (cl->forward.len == 0)
		return why_not(cl);
	wire_put_bytes(&out, cl->forward.octets, cl->forward.len);
	memcpy(header + PEER_ADDRESS_AT, &d->peer.sin6_addr, sizeof(d->peer.sin6_addr));
	if (mac)
		dhcp6_put_linklayer(&out, ARPHRD_ETHER, mac, DHCP6_MAC_LEN);
	return close_header(&out, d->len, len);
}

/* RFC 9915 section 19.1.2: link-address is :: if the relay below has a global address. */
static enum relay_drop put_relayed_fields(struct wire_out *out, const struct client_link *cl,
	const struct udp_datagram *d, uint8_t hops)
{
	static const struct in6_addr none = IN6ADDR_ANY_INIT;
	const struct in6_addr *peer = &d->peer.sin6_addr;

	if (!cl) {
		if (IN6_IS_ADDR_LINKLOCAL(peer))
			return RELAY_DROP_NOT_SERVED;
		dhcp6_put_relay_header(out, DHCP6_RELAY_FORW, hops, &none, peer);
		return RELAY_PASS;
	}
	if (cl->forward.len == 0)
		return why_not(cl);
	dhcp6_put_relay_header(out, DHCP6_RELAY_FORW, hops,
		IN6_IS_ADDR_LINKLOCAL(peer) ? &cl->link_address : &none, peer);
	wire_put_bytes(out, cl->forward.octets + DHCP6_RELAY_HEADER_LEN,
		cl->forward.relayed_len - (size_t)DHCP6_RELAY_HEADER_LEN);
	return RELAY_PASS;
}

/*
 * RFC 8357 section 5: the port of the relay below if it is not 547, which the server returns, so
 * that the reply can be sent there without keeping state; 0 if only our own port differs.
 */
static void put_relay_port(struct wire_out *out, const struct udp_datagram *d, bool own_port)
{
	uint16_t port = ntohs(d->peer.sin6_port);

	if (port == DHCP6_SERVER_PORT)
		port = 0;
	if (port || own_port)
		dhcp6_put_u16_option(out, DHCP6_OPT_RELAY_PORT, port);
}

static bool has_rsoo(const struct dhcp6_chain *chain)
{
	struct wire_in rsoo;

	for (unsigned i = 0; i < chain->count; i++)
		if (dhcp6_option_find(chain->relay[i].options, DHCP6_OPT_RSOO, &rsoo))
			return true;
	return false;
}

/*
 * What the client's message inside may not be, and what relays below may not add. A message that
 * cannot be read is passed on, unless the policy needs to know what is in it.
 */
static enum relay_drop check_inside(struct forward_policy policy, const struct udp_datagram *d)
{
	struct dhcp6_chain chain;

	if (dhcp6_chain_read(wire_in_of(d->data, d->len), &chain) < 0)
		return policy.rsoo ? RELAY_PASS : RELAY_DROP_RSOO;
	if (!policy.rsoo && has_rsoo(&chain))
		return RELAY_DROP_RSOO;
	return forward_check_type(dhcp6_peek_type(&chain.inner));
}

enum relay_drop forward_relayed_message(const struct client_link *cl, struct forward_policy policy,
	const struct udp_datagram *d, uint8_t header[FORWARD_HEADER_MAX], size_t *len)
{
	struct wire_out out = wire_out_of(header, FORWARD_HEADER_MAX);
	enum relay_drop drop;

	if (d->len < DHCP6_RELAY_HEADER_LEN)
		return RELAY_DROP_SHORT;
	if (!policy.trusted)
		return RELAY_DROP_UNTRUSTED_RELAY;
	if (d->data[1] >= DHCP6_HOP_COUNT_LIMIT)
		return RELAY_DROP_HOP_LIMIT;
	drop = check_inside(policy, d);
	if (drop)
		return drop;
	drop = put_relayed_fields(&out, cl, d, (uint8_t)(d->data[1] + 1));
	if (drop)
		return drop;
	put_relay_port(&out, d, policy.own_port);
	return close_header(&out, d->len, len);
}
