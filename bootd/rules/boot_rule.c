/* SPDX-License-Identifier: ISC */
/* From the rule that matches to the URL that is given. */
#include "bootd/rules/boot_rule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootd/files/template.h"
#include "bootd/rules/conditions.h"

void boot_rule_prepare(struct boot_rule *rule)
{
	const char *why;

	if (!rule->url)
		return; /* an error of the configuration, to be told */
	rule->is_plain = !strchr(rule->url, '$') && strlen(rule->url) < BOOT_URL_SIZE;
	for (int kind = 0; kind < FIRMWARE_KINDS; kind++)
		rule->taken_by |=
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

int boot_rule_apply(const struct boot_rule *rule, enum firmware_kind kind,
	struct boot_values *values, struct boot_choice *choice, char why[BOOT_REASON_SIZE])
{
	char culprit[TEMPLATE_NAME_SIZE];
	const char *reason;
	ssize_t len;

	if (rule->is_plain && rule->taken_by >> kind & 1) {
		strcpy(choice->url, rule->url);
		choose(choice, rule, kind);
		return 0;
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
	enum firmware_kind kind = firmware_of(facts);
	char why[BOOT_REASON_SIZE];

	*choice = (struct boot_choice){.kind = kind};
	for (size_t i = 0; i < config->rules; i++)
		if (!conditions_unmet(&config->rule[i].when, facts, subnet, host) &&
			boot_rule_apply(&config->rule[i], kind, values, choice, why) == 0)
			return;
	choice->url[0] = '\0';
}
