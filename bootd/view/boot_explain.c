/* SPDX-License-Identifier: ISC */
/*
 * The client that the question describes (explain_question.h) goes through the same decision as the
 * client of a message (dhcp/decision.h). The rest of this file shows the decision as JSON: for each
 * class and rule that was passed over, the condition that the client does not meet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/client/firmware.h"
#include "bootd/dhcp/proxy.h"
#include "bootd/rules/conditions.h"
#include "bootd/view/boot_view.h"
#include "bootd/view/explain_question.h"
#include "daemon/loop.h"
#include "dhcp6/names.h"

/* The text if all octets are printable, else "0x..."; null if there are none. */
static json_t *octets_json(const struct wire_in *view)
{
	size_t len = wire_left(view);
	char *text = malloc(2 * len + 3);
	json_t *json;
	bool is_text = true;

	if (!text || len == 0) {
		free(text);
		return json_null();
	}
	for (size_t i = 0; i < len; i++)
		is_text &= view->pos[i] >= ' ' && view->pos[i] <= '~';
	if (is_text) {
		json = json_stringn((const char *)view->pos, len);
	} else {
		dhcp6_hex_format(view->pos, len, stpcpy(text, "0x"));
		json = json_string(text);
	}
	free(text);
	return json;
}

static json_t *archs_json(const struct client_facts *facts)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < facts->archs; i++) {
		const struct dhcp6_arch *arch = dhcp6_arch_of(facts->arch[i]);

		json_array_append_new(
			all, arch ? json_string(arch->name) : json_integer(facts->arch[i]));
	}
	return all;
}

static json_t *user_classes_json(const struct client_facts *facts)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < facts->user_classes; i++)
		json_array_append_new(all, octets_json(&facts->user_class[i]));
	return all;
}

static json_t *vendor_classes_json(const struct client_facts *facts)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < facts->vendor_classes; i++)
		json_array_append_new(all, octets_json(&facts->vendor_class[i].text));
	return all;
}

/* The identifiers of the client, and where it is. */
static json_t *client_json(const struct client_facts *facts)
{
	bool has_mac = facts->mac_source != CLIENT_MAC_UNKNOWN;
	char mac[DHCP6_MAC_TEXT], uuid[DHCP6_UUID_TEXT], duid[DHCP6_DUID_TEXT];
	static const struct wire_in nothing;

	return json_pack("{s:s? s:s? s:s? s:s? s:s? s:o s:o s:o s:o s:i s:o s:o s:o s:o s:o}",
		"message", dhcp6_message_name(facts->type), "mac",
		has_mac ? dhcp6_mac_format(facts->mac, mac) : NULL, "mac-from",
		client_mac_source_name(facts->mac_source), "uuid",
		facts->has_uuid ? dhcp6_uuid_format(facts->uuid, uuid) : NULL, "duid",
		facts->has_client_id ? dhcp6_duid_format(&facts->duid, duid) : NULL, "archs",
		archs_json(facts), "user-classes", user_classes_json(facts), "vendor-class",
		octets_json(facts->vendor_classes > 0 ? &facts->vendor_class[0].text : &nothing),
		"vendor-classes", vendor_classes_json(facts), "relays", (int)facts->relays,
		"link-address", boot_view_address(facts->relays > 0, &facts->link_address),
		"peer-address",
		boot_view_address(
			!IN6_IS_ADDR_UNSPECIFIED(&facts->peer_address), &facts->peer_address),
		"interface-id", octets_json(&facts->interface_id), "remote-id",
		octets_json(&facts->remote_id), "relay-id", octets_json(&facts->relay_id));
}

/* The classes up to the one that the client is in. */
static json_t *classes_json(const struct client_facts *facts, const struct decision *decision)
{
	const struct subnet *subnet = decision->subnet;
	json_t *all = json_array();

	for (size_t i = 0; i < subnet->classes; i++) {
		const struct address_class *class = &subnet->class[i];
		const char *unmet =
			conditions_unmet(&class->when, facts, &subnet->prefix, decision->host);

		json_array_append_new(
			all, json_pack("{s:s s:i s:b s:s?}", "class", class->name, "line",
				     (int)class->line, "matches", !unmet, "unmet", unmet));
		if (!unmet)
			break;
	}
	return all;
}

/* "matches", or the condition that is not met, or why its URL is not for this firmware. */
static json_t *rules_json(const struct boot_config *config, const struct client_facts *facts,
	const struct decision *decision)
{
	json_t *all = json_array();
	char why[BOOT_REASON_SIZE];
	const struct prefix *subnet = decision->subnet ? &decision->subnet->prefix : NULL;
	struct boot_choice choice;
	struct boot_values values;

	boot_values_of_client(&values, config, facts, decision->subnet, decision->host,
		decision->address.given ? &decision->address.address : NULL);
	for (size_t i = 0; i < config->rules; i++) {
		const struct boot_rule *rule = &config->rule[i];
		const char *unmet = conditions_unmet(&rule->when, facts, subnet, decision->host);
		bool applies = !unmet && boot_rule_apply(rule, firmware_of(facts), &values, &choice,
						 why) == 0;

		json_array_append_new(
			all, json_pack("{s:s s:i s:b s:s? s:s?}", "rule", rule->name, "line",
				     (int)rule->line, "matches", applies, "unmet", unmet, "why",
				     !unmet && !applies ? why : NULL));
		if (applies)
			break;
	}
	return all;
}

enum { HOST_WHY = MACHINE_TEXT + 80 };

/* Does the answer have the URL? As answer_put_boot() and proxy.c decide. */
static bool has_url(const struct client_facts *facts, const struct decision *decision)
{
	bool is_proxied = decision_plan(decision)->addresses == SUBNET_PROXY;

	if (!decision->boot.rule)
		return false;
	if (facts->archs == 0 && wire_left(&facts->options) > 0 &&
		!client_asks_for(facts, DHCP6_OPT_BOOTFILE_URL))
		return false;
	return decision->address.given || is_proxied || facts->type == DHCP6_INFORMATION_REQUEST;
}

/* Why the client does not get the address of its host; NULL: it gets it, or there is none. */
static const char *why_not_hosts(const struct decision *decision, char why[HOST_WHY])
{
	const struct boot_host *host = decision->host;
	char machine[MACHINE_TEXT];

	if (!host || !host->has_address || decision->address.is_fixed)
		return NULL;
	if (decision_plan(decision)->addresses == SUBNET_PROXY)
		return "another server gives the addresses of this subnet";
	if (decision->holder.len == 0)
		return "it is not in this subnet";
	snprintf(why, HOST_WHY, "%s %s",
		decision->is_declined ? "it is in use by another node, as reported in a Decline by"
				      : "it is held by",
		machine_format(&decision->holder, machine));
	return why;
}

static json_t *decision_json(const struct boot_config *config, const struct client_facts *facts,
	const struct decision *decision)
{
	const struct boot_host *host = decision->host;
	const struct boot_rule *rule = decision->boot.rule;
	char firmware[FIRMWARE_TEXT], why[HOST_WHY];

	return json_pack("{s:o s:s s:s? s:s s:s? s:s? s:s? s:o s:o s:s? s:o s:o s:s? s:I s:s? s:s? "
			 "s:s? s:b s:s? s:o}",
		"client", client_json(facts), "firmware", firmware_format(facts, firmware),
		"firmware-note", firmware_note(facts), "subnet", decision->subnet->text, "host",
		host ? host->name : NULL, "host-by", host_identifier_name(decision->host_by),
		"host-file", host ? host->file : NULL, "host-line",
		host ? json_integer((json_int_t)host->line) : json_null(), "groups",
		boot_view_groups(host), "class", decision->class ? decision->class->name : NULL,
		"classes", classes_json(facts, decision), "address",
		boot_view_address(decision->address.given, &decision->address.address),
		"address-why", decision->address.why, "lifetime",
		(json_int_t)decision->address.valid_s, "rule", rule ? rule->name : NULL, "url",
		has_url(facts, decision) ? decision->boot.url : NULL, "host-address-why",
		why_not_hosts(decision, why), "params", (int)decision->boot.with_params, "proxy",
		proxy_explain(decision_plan(decision), facts, &decision->boot), "rules",
		rules_json(config, facts, decision));
}

json_t *boot_explain(const struct boot_config *config, const struct binding_table *bindings, int n,
	char *const words[])
{
	struct explain_question q;
	json_t *wrong = explain_question_read(&q, n, words);
	struct decision decision;

	if (wrong)
		return wrong;
	if (q.facts.relays == 0 && config->subnets == 1)
		explain_question_set_subnet(&q, config->subnet[0].text);
	if (q.facts.relays == 0 && !q.has_message && config->subnets > 1)
		return json_pack("{s:o s:n s:s}", "client", client_json(&q.facts), "subnet", "why",
			"several subnets fit: give --subnet, the prefix or an address of the "
			"client's link");
	if (!decide(&decision, config, bindings, &q.facts, loop_now_ms()))
		return json_pack("{s:o s:n s:s}", "client", client_json(&q.facts), "subnet", "why",
			"no subnet of the configuration contains the client's link: it gets no "
			"answer");
	return decision_json(config, &q.facts, &decision);
}
