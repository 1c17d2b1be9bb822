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
static_assert(sizeof(struct client_link) <= 1600, "4,094 links fit into 16 MiB");

const char *client_link_state_name(enum client_link_state state)
{
	return state_name[state];
}

/* The addresses that decide the state, from the link and the macvlans above it. */
struct address_view {
	const struct link_address *own, *of_macvlan, *best; /* for the link-address */
	struct in6_addr link_address;
	bool has_link_address;
	const struct link_address *tentative;  /* duplicate address detection is running */
	const struct link_address *duplicate;  /* duplicate address detection failed */
	const struct link_address *link_local; /* usable */
	const struct link_address *unusable_link_local;
};

static bool counts(
	const struct client_link *cl, const struct link *link, const struct link_address *a)
{
	return link == cl->link || link_address_is_of_vrrp(link, a);
}

/*
 * The link's own addresses go before those of its macvlans, which move with the VRRP master,
 * unless they are deprecated.
 */
static const struct link_address *better(
	const struct link_address *own, const struct link_address *of_macvlan)
{
	bool is_deprecated = own && (own->flags & IFA_F_DEPRECATED);

	if (!own || (is_deprecated && of_macvlan && !(of_macvlan->flags & IFA_F_DEPRECATED)))
		return of_macvlan;
	return own;
}

static void view_add(
	struct address_view *view, const struct client_link *cl, const struct link *link)
{
	const struct link_address **best = link == cl->link ? &view->own : &view->of_macvlan;

	for (const struct link_address *a = link->addresses; a; a = a->next) {
		if (!counts(cl, link, a))
			continue;
		if (link_address_usable(a))
			*best = link_address_better(*best, a);
		else if (link_address_tentative(a))
			view->tentative = a;
		else if (a->flags & IFA_F_DADFAILED)
			view->duplicate = a;
	}
}

/* Of the link itself only: replies do not leave by a macvlan above it. */
static void view_add_link_local(struct address_view *view, const struct link *link)
{
	for (const struct link_address *a = link->addresses; a && !view->link_local; a = a->next) {
		if (!IN6_IS_ADDR_LINKLOCAL(&a->address))
			continue;
		if (link_address_is_settled(a))
			view->link_local = a;
		else
			view->unusable_link_local = a;
	}
}

/* The prefix of an address with the suffix `id` in place of the rest. */
static struct in6_addr combine(const struct link_address *prefix, const struct in6_addr *id)
{
	struct in6_addr address = *id;
	unsigned len = prefix->prefixlen < 64 ? prefix->prefixlen : 64;

	for (unsigned i = 0; i < len; i++)
		address.s6_addr[i / 8] |= (uint8_t)(prefix->address.s6_addr[i / 8] & 0x80 >> i % 8);
	return address;
}

/* The configured link-address or suffix, else the best address. */
static void view_set_link_address(struct address_view *view, const struct relay_link_rule *rule)
{
	static const struct in6_addr none = IN6ADDR_ANY_INIT;
	const struct in6_addr *set = rule ? &rule->link_address : &none;

	view->has_link_address = view->best != NULL;
	view->link_address = view->best ? view->best->address : none;
	if (IN6_IS_ADDR_UNSPECIFIED(set))
		return;
	if (!relay_link_rule_has_suffix(rule)) {
		view->link_address = *set;
		view->has_link_address = true;
	} else if (view->best) {
		view->link_address = combine(view->best, set);
	}
}

static struct address_view view_of(const struct client_link *cl, const struct relay_link_rule *rule)
{
	struct address_view view = {0};

	if (!cl->link)
		return view;
	view_add(&view, cl, cl->link);
	for (const struct client_link_vmac *vmac = cl->vmacs; vmac; vmac = vmac->next)
		view_add(&view, cl, vmac->link);
	view.best = better(view.own, view.of_macvlan);
	view_set_link_address(&view, rule);
	view_add_link_local(&view, cl->link);
	return view;
}

static bool has_prefix_of(const struct link *link, const struct in6_addr *address)
{
	for (const struct link_address *a = link->addresses; a; a = a->next) {
		unsigned whole = a->prefixlen / 8, mask = 0xff00u >> a->prefixlen % 8;

		if (a->prefixlen < 128 && memcmp(&a->address, address, whole) == 0 &&
			((a->address.s6_addr[whole] ^ address->s6_addr[whole]) & mask & 0xff) == 0)
			return true;
	}
	return false;
}

int client_link_ifindex_for(const struct client_link *cl, const struct in6_addr *client)
{
	const struct client_link_vmac *vmac = cl->vmacs;

	if (has_prefix_of(cl->link, client))
		return cl->link->ifindex;
	while (vmac && !has_prefix_of(vmac->link, client))
		vmac = vmac->next;
	return vmac ? vmac->link->ifindex : cl->link->ifindex;
}

/* An address like ::f, whose upper half is zero, stands for any address that ends so. */
static bool matches(const struct in6_addr *wanted, const struct in6_addr *address)
{
	static const struct in6_addr none = IN6ADDR_ANY_INIT;
	size_t from = memcmp(wanted, &none, 8) == 0 ? 8 : 0;

	return memcmp(wanted->s6_addr + from, address->s6_addr + from, 16 - from) == 0;
}

static bool link_holds(
	const struct client_link *cl, const struct link *link, const struct in6_addr *wanted)
{
	for (const struct link_address *a = link->addresses; a; a = a->next)
		if (matches(wanted, &a->address) && counts(cl, link, a) &&
			link_address_is_settled(a))
			return true;
	return false;
}

/* True if the link, or a macvlan above it, has this address and it is not tentative. */
static bool holds(const struct client_link *cl, const struct in6_addr *wanted)
{
	for (const struct client_link_vmac *vmac = cl->vmacs; vmac; vmac = vmac->next)
		if (link_holds(cl, vmac->link, wanted))
			return true;
	return link_holds(cl, cl->link, wanted);
}

/* The configured while-address if it is not assigned; NULL: it is, or none is configured. */
static const struct in6_addr *missing_address(const struct client_link *cl)
{
	const struct in6_addr *address = &cl->rule->while_address;

	return IN6_IS_ADDR_UNSPECIFIED(address) || holds(cl, address) ? NULL : address;
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
	const struct address_view *view, char *reason, size_t size)
{
	const struct link_address *a = view->unusable_link_local;
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
	const struct address_view *view, const struct relay_conf *conf, char *reason, size_t size)
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
	if (view->has_link_address || conf->without_address == RELAY_UNSPECIFIED) {
		if (!view->link_local)
			return without_link_local(view, reason, size);
		if (!view->has_link_address)
			snprintf(reason, size, "no global address: link-address is ::");
		if (view->has_link_address || !view->tentative)
			return CLIENT_LINK_READY;
	}
	if (view->tentative) {
		snprintf(reason, size, "%s is under duplicate address detection",
			inet_ntop(AF_INET6, &view->tentative->address, text, sizeof(text)));
		return CLIENT_LINK_TENTATIVE;
	}
	if (view->duplicate)
		snprintf(reason, size, "%s is a duplicate on the link",
			inet_ntop(AF_INET6, &view->duplicate->address, text, sizeof(text)));
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
			"%s: %s -> %s%s%s%s%s", cl->name, state_name[before],
			state_name[cl->state], *cl->reason ? ", " : "", cl->reason,
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
	struct address_view view = view_of(cl, cl->rule);
	enum client_link_state before = cl->state;
	struct in6_addr address = view.link_address;
	bool moved = !IN6_ARE_ADDR_EQUAL(&address, &cl->link_address);
	bool may_forward;

	cl->state = decide_state(cl, &view, conf, cl->reason, sizeof(cl->reason));
	/* Not by the state alone: a message can still arrive from a link that just went down. */
	may_forward = cl->link && cl->state != CLIENT_LINK_STANDBY &&
		      (view.has_link_address || conf->without_address == RELAY_UNSPECIFIED);
	cl->link_address = address;
	cl->link_local = view.link_local ? view.link_local->address : none;
	cl->changes += moved;
	build_template(cl, conf, host, may_forward);
	if (cl->state != before)
		cl->since_s = time(NULL);
	if (log && (cl->state != before || (moved && cl->state == CLIENT_LINK_READY)))
		log_change(cl, before);
	return cl->state != before || moved;
}
