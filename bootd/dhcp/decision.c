/* SPDX-License-Identifier: ISC */
/*
 * The steps of a decision, in order: decide() makes all of them. The functions that it calls are in
 * rules/ and bindings/; nothing here changes a binding or the configuration.
 */
#include "bootd/dhcp/decision.h"

#include "bootd/rules/conditions.h"

/*
 * The client's subnet: by the link-address (RFC 9915 section 13.1); if there is none, by the
 * identifiers that the relay sends (`interface-id` of a subnet, for example); and on a link of this
 * host, directly or through an LDRA (RFC 6221), by that link.
 */
static const struct subnet *find_subnet(
	const struct boot_config *config, const struct client_facts *facts)
{
	const struct subnet *subnet = NULL;

	if (facts->relays > 0 && !IN6_IS_ADDR_UNSPECIFIED(&facts->link_address))
		return boot_config_subnet_of(config, &facts->link_address);
	if (facts->relays > 0)
		subnet = subnet_index_by_relay(&config->index, facts);
	if (!subnet && facts->link_name)
		subnet = boot_config_subnet_on(config, facts->link_name);
	for (size_t i = 0; !subnet && i < facts->on_links; i++)
		subnet = boot_config_subnet_of(config, &facts->on_link[i]);
	return subnet;
}

bool decide_place(struct decision *decision, const struct boot_config *config,
	const struct client_facts *facts)
{
	struct host_choice host;

	*decision = (struct decision){.subnet = find_subnet(config, facts)};
	if (!decision->subnet)
		return false;
	host = boot_config_choose_host(config, facts, decision->subnet);
	decision->host = host.host;
	decision->host_by = host.by;
	decision->class = subnet_choose_class(decision->subnet, facts, host.host);
	client_machine(facts, &decision->machine);
	return true;
}

const struct address_plan *decision_plan(const struct decision *decision)
{
	return decision->class ? &decision->class->plan : &decision->subnet->plan;
}

bool decide(struct decision *decision, const struct boot_config *config,
	const struct binding_table *bindings, const struct client_facts *facts, uint64_t now_ms)
{
	struct boot_values values = {0};
	struct in6_addr named;
	bool has_named = client_named_address(facts, &named);

	if (!decide_place(decision, config, facts))
		return false;
	if (decision->machine.len > 0)
		address_choose(&decision->address, config, bindings, decision->subnet,
			decision_plan(decision), decision->host, &decision->machine,
			has_named ? &named : NULL, facts->archs > 0, now_ms);
	if (decision->address.holder) {
		decision->holder = binding_machine(decision->address.holder);
		decision->is_declined = decision->address.holder->state == BINDING_DECLINED;
		decision->address.holder = NULL;
	}
	if (config->has_variables)
		boot_values_of_client(&values, config, facts, decision->subnet, decision->host,
			decision->address.given ? &decision->address.address : NULL);
	boot_rule_choose(&decision->boot, config, facts, decision->subnet, decision->host, &values);
	return true;
}
