/* SPDX-License-Identifier: ISC */
/*
 * Registration of addresses that a machine has generated itself or that were configured by hand
 * (RFC 9686). An Addr-reg-inform is sent from the address itself. The binding table
 * notes the address as the machine's for its valid lifetime, and the Addr-reg-reply confirms
 * that the message was received.
 *
 * This serves three purposes: bootd knows which machine fetches a file from the address, no pool
 * gives the address to another machine, and the log shows who used it and when.
 */
#include "bootd/dhcp/request.h"

/* The one IA Address of the message, as octets and decoded. */
static bool read_address(
	const struct client_facts *facts, struct wire_in *data, struct dhcp6_iaaddr *own)
{
	struct wire_in options = facts->options;
	struct dhcp6_option option;
	unsigned found = 0;

	while (dhcp6_option_next(&options, &option)) {
		if (option.code != DHCP6_OPT_IAADDR)
			continue;
		*data = option.data;
		found++;
	}
	return found == 1 && dhcp6_get_iaaddr(*data, own) == 0;
}

/* Has DHCPv6 assigned it, to this machine or another? */
static bool is_assigned(const struct binding *binding)
{
	return binding && binding->state != BINDING_REGISTERED &&
	       binding->state != BINDING_OFFERED && binding->state != BINDING_EXPIRED;
}

/* An address that the configuration gives to another host is not the machine's to register. */
static bool is_of_other_host(const struct request *r, const struct in6_addr *address)
{
	const struct boot_host *host = boot_config_host_at(r->exchange->config, address);

	return host && host != r->decision.host;
}

/* Section 4.2.1: the messages that are discarded. */
static enum exchange_drop check(const struct request *r, const struct dhcp6_iaaddr *own)
{
	if (!r->exchange->config->registration)
		return DROP_NOT_FOR_SERVERS;
	if (r->facts.has_oro)
		return DROP_WITH_ORO;
	if (!IN6_ARE_ADDR_EQUAL(&own->address, &r->facts.peer_address))
		return DROP_NOT_ITS_OWN;
	if (!prefix_contains(&r->decision.subnet->prefix, &own->address))
		return DROP_NOT_ON_LINK;
	if (is_of_other_host(r, &own->address))
		return DROP_ASSIGNED;
	if (is_assigned(binding_table_find_address(&r->exchange->bindings, &own->address)))
		return DROP_ASSIGNED;
	return EXCHANGE_ANSWERED;
}

/* A lifetime of 0 says that the machine no longer uses the address (section 4.6). */
static bool note_address(struct request *r, const struct dhcp6_iaaddr *own)
{
	struct binding_table *bindings = &r->exchange->bindings;
	struct binding *binding = binding_table_find_address(bindings, &own->address);

	r->event.taken_over = binding && binding->state == BINDING_REGISTERED &&
			      !binding_is_of(binding, &r->decision.machine);
	if (own->valid_s == 0) {
		if (binding && binding->state == BINDING_REGISTERED && !r->event.taken_over)
			binding_table_remove(bindings, binding);
		r->event.taken_over = false;
		return true;
	}
	binding = binding_table_register(
		bindings, &r->decision.subnet->prefix, &r->decision.machine, &own->address);
	if (!binding)
		return false;
	binding->mac_source = r->facts.mac_source;
	binding_set_duid(binding, &r->facts.duid);
	binding_table_set_state(bindings, binding, BINDING_REGISTERED, r->now_ms, own->valid_s);
	return true;
}

enum exchange_drop respond_registration(struct request *r, struct wire_out *out)
{
	struct dhcp6_iaaddr own;
	struct wire_in data;
	enum exchange_drop drop;

	if (!read_address(&r->facts, &data, &own))
		return DROP_NOT_ITS_OWN;
	drop = check(r, &own);
	if (drop)
		return drop;
	if (!note_address(r, &own))
		return DROP_NO_MEMORY;
	dhcp6_put_option(out, DHCP6_OPT_IAADDR, data.pos, wire_left(&data));
	r->decision.address.address = own.address;
	r->decision.address.valid_s = own.valid_s;
	r->event.with_address = true;
	return EXCHANGE_ANSWERED;
}
