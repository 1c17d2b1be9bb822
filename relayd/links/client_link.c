/* SPDX-License-Identifier: ISC */
/*
 * One client-facing link: its state and its forward template.
 *
 * The state has no transition table. It is computed from the link table and the configuration
 * each time either changes, and client_link_update() is the only function that sets it. The
 * checks in decide_state() are ordered: the first one that fails names the state and the
 * reason that the operator reads. The forward template holds the octets that are the same in
 * front of every message from the link; the packet path only copies it.
 */
#include "relayd/links/client_link.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"
#include "dhcp6/message.h"
#include "dhcp6/option.h"
#include "relayd/links/link_address_choice.h"

static const char *const state_name[] = {
	[CLIENT_LINK_ABSENT] = "absent",
	[CLIENT_LINK_DOWN] = "down",
	[CLIENT_LINK_PORT] = "port",
	[CLIENT_LINK_NO_ADDRESS] = "no address",
	[CLIENT_LINK_TENTATIVE] = "tentative",
	[CLIENT_LINK_STANDBY] = "standby",
	[CLIENT_LINK_READY] = "ready",
};

enum { IPV6_MIN_MTU = 1280 }; /* RFC 8200 section 5 */

static_assert(sizeof(state_name) / sizeof(state_name[0]) == CLIENT_LINK_STATES, "name every state");
static_assert(sizeof(struct client_link) <= 1664, "4,094 links fit into 16 MiB");

/* The prefix of the client selects the link; without one, the client link itself. */
int client_link_ifindex_for(const struct client_link *cl, const struct in6_addr *client)
{
	const struct link *vmac = cl->vmacs;

	if (link_has_prefix_of(cl->link, client))
		return cl->link->ifindex;
	while (vmac && !link_has_prefix_of(vmac, client))
		vmac = vmac->user_next;
	return vmac ? vmac->ifindex : cl->link->ifindex;
}

const char *client_link_state_name(enum client_link_state state)
{
	return state_name[state];
}

/* The configured while-address if it is not assigned; NULL: it is, or none is configured. */
static const struct in6_addr *missing_address(const struct client_link *cl)
{
	const struct in6_addr *address = &cl->rule->while_address;

	return IN6_IS_ADDR_UNSPECIFIED(address) || link_addresses_hold(cl->link, cl->vmacs, address)
		       ? NULL
		       : address;
}

/* Messages that a port receives arrive on its bridge or bond. Links in a VRF keep their own. */
static bool is_port(const struct link *link)
{
	return link->master && *link->port_kind && !link_is_in_vrf(link);
}

/* False if the link cannot receive IPv6 at all; `reason` then says why. */
static bool has_ipv6(const struct client_link *cl, char *reason, size_t size)
{
	if (cl->link->mtu > 0 && cl->link->mtu < IPV6_MIN_MTU)
		snprintf(reason, size, "MTU %u is below %d: the kernel has no IPv6 on the link",
			cl->link->mtu, IPV6_MIN_MTU);
	else if (cl->ipv6_disabled)
		snprintf(reason, size,
			"IPv6 is disabled on the link (net.ipv6.conf.%s.disable_ipv6)", cl->name);
	else if (cl->vrf_error)
		snprintf(reason, size, "cannot receive in its VRF: %s", strerror(cl->vrf_error));
	else if (cl->holder < 0)
		snprintf(reason, size, "cannot join ff02::1:2: %s", strerror(cl->join_error));
	else
		return true;
	return false;
}

/*
 * Messages are relayed, but replies to clients must leave from a link-local address: from a
 * global one, clients' firewalls drop them.
 */
static enum client_link_state without_link_local(
	const struct link_addresses *addresses, char *reason, size_t size)
{
	const struct link_address *a = addresses->unusable_link_local;
	char text[INET6_ADDRSTRLEN];

	if (!a) {
		snprintf(reason, size,
			"no link-local address on the link: clients may drop replies");
		return CLIENT_LINK_NO_ADDRESS;
	}
	inet_ntop(AF_INET6, &a->address, text, sizeof(text));
	if (a->flags & IFA_F_DADFAILED) {
		snprintf(reason, size, "%s is a duplicate on the link", text);
		return CLIENT_LINK_NO_ADDRESS;
	}
	snprintf(reason, size, "%s is under duplicate address detection", text);
	return CLIENT_LINK_TENTATIVE;
}

static enum client_link_state decide_state(const struct client_link *cl,
	const struct link_addresses *addresses, const struct relay_conf *conf, char *reason,
	size_t size)
{
	const struct in6_addr *missing;
	char text[INET6_ADDRSTRLEN];

	reason[0] = '\0';
	if (!cl->link) {
		snprintf(reason, size, "there is no link of this name");
		return CLIENT_LINK_ABSENT;
	}
	if (!(cl->link->flags & IFF_UP) || !(cl->link->flags & IFF_RUNNING)) {
		snprintf(reason, size, "%s",
			cl->link->flags & IFF_UP ? "no carrier" : "administratively down");
		return CLIENT_LINK_DOWN;
	}
	if (is_port(cl->link)) {
		snprintf(reason, size, "port of a %s: messages arrive on the %s",
			cl->link->port_kind, cl->link->port_kind);
		return CLIENT_LINK_PORT;
	}
	if (!has_ipv6(cl, reason, size))
		return CLIENT_LINK_DOWN;
	if (cl->rule->is_off) {
		snprintf(reason, size, "relay = false in its section link");
		return CLIENT_LINK_STANDBY;
	}
	missing = missing_address(cl);
	if (missing) {
		snprintf(reason, size, "%s is not assigned on this router: standby",
			inet_ntop(AF_INET6, missing, text, sizeof(text)));
		return CLIENT_LINK_STANDBY;
	}
	if (addresses->has_link_address || conf->without_address == RELAY_UNSPECIFIED) {
		if (!addresses->link_local)
			return without_link_local(addresses, reason, size);
		if (!addresses->has_link_address)
			snprintf(reason, size, "no global address: link-address is ::");
		if (addresses->has_link_address || !addresses->tentative)
			return CLIENT_LINK_READY;
	}
	if (addresses->tentative) {
		snprintf(reason, size, "%s is under duplicate address detection",
			inet_ntop(AF_INET6, &addresses->tentative->address, text, sizeof(text)));
		return CLIENT_LINK_TENTATIVE;
	}
	if (addresses->duplicate)
		snprintf(reason, size, "%s is a duplicate on the link",
			inet_ntop(AF_INET6, &addresses->duplicate->address, text, sizeof(text)));
	else
		snprintf(reason, size, "no global address on the link");
	return CLIENT_LINK_NO_ADDRESS;
}

void client_link_identify(struct client_link *cl, const struct relay_conf *conf, const char *host)
{
	int len = 0;

	cl->rule = relay_conf_rule(conf, cl->name, cl->link);
	if (cl->rule->interface_id)
		len = id_template_expand(cl->rule->interface_id, host, cl->name, cl->interface_id);
	if (len < 0) {
		log_with(LOG_LEVEL_WARNING, &(struct log_fields){.link = cl->name},
			"%s: Interface-Id longer than %d octets: sending only the link name",
			cl->name, ID_TEMPLATE_MAX);
		len = (int)strlen(cl->name);
		memcpy(cl->interface_id, cl->name, (size_t)len);
	}
	cl->interface_id_len = (uint8_t)len;
}

/* An option whose text comes from the configuration; left out if it does not fit. */
static void put_text_option(struct wire_out *out, uint16_t code, uint32_t enterprise,
	const char *format, const char *host, const char *link)
{
	uint8_t id[ID_TEMPLATE_MAX];
	int len = id_template_expand(format, host, link, id);
	size_t mark;

	if (len < 0)
		return;
	mark = dhcp6_open_option(out, code);
	if (code == DHCP6_OPT_REMOTE_ID)
		wire_put_u32(out, enterprise);
	wire_put_bytes(out, id, (size_t)len);
	dhcp6_close_option(out, mark);
}

static void build_template(
	struct client_link *cl, const struct relay_conf *conf, const char *host, bool may_forward)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;
	struct wire_out out = wire_out_of(cl->forward.octets, sizeof(cl->forward.octets));
	const struct relay_link_rule *rule = cl->rule;

	cl->forward.len = 0;
	if (!may_forward)
		return;
	/* hop-count 0; the peer-address is filled in for each packet. */
	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &cl->link_address, &any);
	if (cl->interface_id_len)
		dhcp6_put_option(
			&out, DHCP6_OPT_INTERFACE_ID, cl->interface_id, cl->interface_id_len);
	if (rule->remote_id)
		put_text_option(&out, DHCP6_OPT_REMOTE_ID, rule->remote_id_enterprise,
			rule->remote_id, host, cl->name);
	if (rule->subscriber_id)
		put_text_option(
			&out, DHCP6_OPT_SUBSCRIBER_ID, 0, rule->subscriber_id, host, cl->name);
	if (conf->relay_id.len)
		dhcp6_put_option(
			&out, DHCP6_OPT_RELAY_ID, conf->relay_id.octets, conf->relay_id.len);
	cl->forward.relayed_len = (uint16_t)out.len;
	/* RFC 8357 section 4.2: 0, because the message comes from a client, not from a relay. */
	if (conf->source_port != DHCP6_SERVER_PORT)
		dhcp6_put_u16_option(&out, DHCP6_OPT_RELAY_PORT, 0);
	assert(!out.bad);
	cl->forward.len = (uint16_t)out.len;
}

static void log_change(const struct client_link *cl, enum client_link_state before)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &cl->link_address, text, sizeof(text));
	if (before != cl->state)
		log_with(LOG_LEVEL_NOTICE,
			&(struct log_fields){.event = cl->state == CLIENT_LINK_READY
							      ? LOG_EVENT_LINK_READY
							      : LOG_EVENT_LINK_NOT_READY,
				.link = cl->name,
				.reason = *cl->reason ? cl->reason : NULL},
			"%s: %s -> %s%s%s%s%s", cl->name, state_name[before], state_name[cl->state],
			*cl->reason ? ", " : "", cl->reason,
			cl->state == CLIENT_LINK_READY ? ", link-address " : "",
			cl->state == CLIENT_LINK_READY ? text : "");
	else
		log_with(LOG_LEVEL_NOTICE, &(struct log_fields){.link = cl->name},
			"%s: link-address is now %s", cl->name, text);
}

bool client_link_update(
	struct client_link *cl, const struct relay_conf *conf, const char *host, bool log)
{
	static const struct in6_addr none = IN6ADDR_ANY_INIT;
	struct link_addresses addresses = link_addresses_of(cl->link, cl->vmacs, cl->rule);
	enum client_link_state before = cl->state;
	struct in6_addr address = addresses.link_address;
	bool moved = !IN6_ARE_ADDR_EQUAL(&address, &cl->link_address);
	bool may_forward;

	cl->state = decide_state(cl, &addresses, conf, cl->reason, sizeof(cl->reason));
	/* Not by the state alone: a message can still arrive from a link that just went down. */
	may_forward = cl->link && cl->state != CLIENT_LINK_STANDBY &&
		      (addresses.has_link_address || conf->without_address == RELAY_UNSPECIFIED);
	cl->link_address = address;
	cl->link_local = addresses.link_local ? addresses.link_local->address : none;
	cl->changes += moved;
	build_template(cl, conf, host, may_forward);
	if (cl->state != before)
		cl->since_s = time(NULL);
	if (log && (cl->state != before || (moved && cl->state == CLIENT_LINK_READY)))
		log_change(cl, before);
	return cl->state != before || moved;
}
