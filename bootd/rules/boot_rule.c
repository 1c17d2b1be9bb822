/* SPDX-License-Identifier: ISC */
/*
 * The values of ${name} for one client, and the choice of its boot rule: the first one whose
 * conditions it meets and whose URL, with the values filled in, its firmware can read.
 */
#include "bootd/rules/boot_rule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootd/files/template.h"
#include "bootd/rules/conditions.h"
#include "dhcp6/names.h"

/* --- values ---------------------------------------------------------------------- */

static void put_arch(struct boot_values *values, uint16_t code)
{
	const struct dhcp6_arch *arch = dhcp6_arch_of(code);

	if (arch)
		stpncpy(values->arch, arch->name, sizeof(values->arch) - 1);
	else
		snprintf(values->arch, sizeof(values->arch), "%u", code);
}

void boot_values_of_client(struct boot_values *values, const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet, const struct boot_host *host,
	const struct in6_addr *address)
{
	*values = (struct boot_values){
		.for_ipxe = firmware_of(facts) == FIRMWARE_IPXE,
		.config = config,
		.host = host,
	};
	if (facts->mac_source != CLIENT_MAC_UNKNOWN)
		dhcp6_mac_format(facts->mac, values->mac);
	if (facts->has_uuid)
		dhcp6_uuid_format(facts->uuid, values->uuid);
	if (facts->archs > 0)
		put_arch(values, facts->arch[0]);
	if (address)
		dhcp6_address_format(address, values->address);
	if (subnet)
		memcpy(values->subnet, subnet->text, sizeof(values->subnet));
}

const char *boot_values_lookup(void *ctx, const char *name)
{
	const struct boot_values *values = ctx;
	const struct {
		const char *name, *value;
	} known[] = {
		{"mac", values->mac},
		{"uuid", values->uuid},
		{"host", values->host ? values->host->name : ""},
		{"arch", values->arch},
		{"address", values->address},
		{"subnet", values->subnet},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return *known[i].value || !values->for_ipxe ? known[i].value : NULL;
	return values->host ? boot_config_variable(values->config, values->host, name) : NULL;
}

/* --- rules ----------------------------------------------------------------------- */

void boot_rule_prepare(struct boot_rule *rule)
{
	const char *why;

	if (!rule->url)
		return; /* conf_syntax.c reports it */
	rule->is_plain = !strchr(rule->url, '$') && strlen(rule->url) < BOOT_URL_SIZE;
	for (int kind = 0; kind < FIRMWARE_KINDS; kind++)
		rule->readable_by |=
			(unsigned)firmware_takes_url((enum firmware_kind)kind, rule->url, &why)
			<< kind;
}

static void choose(
	struct boot_choice *choice, const struct boot_rule *rule, enum firmware_kind kind)
{
	const char *why;

	choice->rule = rule;
	choice->kind = kind;
	choice->with_params =
		rule->params > 0 && firmware_takes_params(kind, rule->param, rule->params, &why);
}

static bool has_unknown(
	const struct boot_rule *rule, struct boot_values *values, char name[TEMPLATE_NAME_SIZE])
{
	size_t pos = 0;

	return template_next_unknown(
		       rule->url, strlen(rule->url), &pos, boot_values_lookup, values, name) == 1;
}

int boot_rule_apply(const struct boot_rule *rule, enum firmware_kind kind,
	struct boot_values *values, struct boot_choice *choice, char why[BOOT_REASON_SIZE])
{
	char culprit[TEMPLATE_NAME_SIZE];
	const char *reason;
	ssize_t len;

	if (rule->is_plain && rule->readable_by >> kind & 1) {
		strcpy(choice->url, rule->url);
		choose(choice, rule, kind);
		return 0;
	}
	if (!values->for_ipxe && has_unknown(rule, values, choice->without)) {
		snprintf(why, BOOT_REASON_SIZE, "${%s} has no value for this machine",
			choice->without);
		return -ENOENT;
	}
	len = template_expand(rule->url, strlen(rule->url), boot_values_lookup, values, choice->url,
		sizeof(choice->url), culprit);
	if (len < 0)
		reason = len == -EINVAL ? "a variable's value has a control character"
					: "its URL is too long";
	else if (firmware_takes_url(kind, choice->url, &reason)) {
		choose(choice, rule, kind);
		return 0;
	}
	snprintf(why, BOOT_REASON_SIZE, "%s", reason);
	return -EINVAL;
}

void boot_rule_choose(struct boot_choice *choice, const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet, const struct boot_host *host,
	struct boot_values *values)
{
	const struct prefix *prefix = subnet ? &subnet->prefix : NULL;
	enum firmware_kind kind = firmware_of(facts);
	char why[BOOT_REASON_SIZE], without[TEMPLATE_NAME_SIZE];

	*choice = (struct boot_choice){.kind = kind};
	for (size_t i = 0; i < config->rules; i++) {
		const struct boot_rule *rule = &config->rule[i];
		int rc;

		if (conditions_unmet(&rule->when, facts, prefix, host))
			continue;
		rc = boot_rule_apply(rule, kind, values, choice, why);
		if (rc == -ENOENT && !choice->passed_over) {
			choice->passed_over = rule;
			strcpy(without, choice->without);
		}
		if (rc == 0)
			break;
	}
	if (!choice->rule)
		choice->url[0] = '\0';
	strcpy(choice->without, choice->passed_over ? without : "");
}
