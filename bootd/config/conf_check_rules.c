/* SPDX-License-Identifier: ISC */
/*
 * Checks of boot rules and of the conditions in them: can the firmware that a rule is for read its
 * URL, do the groups and hosts that it names exist, can it ever match? Errors are found first,
 * because the warnings about the order of rules need rules without errors.
 */
#include "bootd/config/conf_file.h"

#include <errno.h>
#include <string.h>

#include "bootd/client/firmware.h"
#include "bootd/config/conf_read.h"
#include "bootd/files/template.h"
#include "bootd/rules/boot_rule.h"
#include "bootd/rules/conditions.h"
#include "dhcp6/names.h"

#define PROBLEM_IN(error, section, ...)                                                            \
	config_problem(problems, error, (section)->file, (section)->line, __VA_ARGS__)

/* Plausible values, so that URLs can be checked before there is a client. */
static void make_sample(struct boot_values *values, bool for_ipxe)
{
	*values = (struct boot_values){
		.for_ipxe = for_ipxe,
		.mac = "52:54:00:12:34:56",
		.uuid = "00112233-4455-6677-8899-aabbccddeeff",
		.arch = "x64-uefi",
		.address = "2001:db8::1",
		.subnet = "2001:db8::/64",
	};
}

/* A URL with a host's variable can only be checked when it is used. */
static bool has_host_variable(const struct boot_rule *rule)
{
	struct boot_values sample;
	char name[TEMPLATE_NAME_SIZE];
	size_t pos = 0;

	make_sample(&sample, false);
	return template_next_unknown(
		       rule->url, strlen(rule->url), &pos, boot_values_lookup, &sample, name) == 1;
}

/* Can this kind of firmware read the rule's URL? */
static bool url_fits(
	const struct boot_rule *rule, enum firmware_kind kind, char why[BOOT_REASON_SIZE])
{
	struct boot_values sample;
	struct boot_choice choice;

	make_sample(&sample, kind == FIRMWARE_IPXE);
	return boot_rule_apply(rule, kind, &sample, &choice, why) == 0;
}

static bool is_for_ipxe(const struct boot_rule *rule)
{
	const struct condition_value *only =
		conditions_only_value(&rule->when, CONDITION_USER_CLASS);

	return only && !only->pattern.is_start && only->pattern.len == strlen("iPXE") &&
	       memcmp(only->pattern.text, "iPXE", strlen("iPXE")) == 0;
}

/* A rule with an architecture is for the firmware of that architecture, unless it is for iPXE. */
static enum firmware_kind kind_for(const struct boot_rule *rule, uint16_t code)
{
	return is_for_ipxe(rule) ? FIRMWARE_IPXE : firmware_of_arch(code);
}

static void report_url(const struct boot_rule *rule, uint16_t code, const char *why,
	struct config_problems *problems)
{
	const struct dhcp6_arch *arch = dhcp6_arch_of(code);

	PROBLEM_IN(true, rule, "boot \"%s\": url \"%s\" for %s: %s", rule->name, rule->url,
		arch ? arch->name : firmware_kind_name(kind_for(rule, code)), why);
}

/* With a host's variable in the URL, every architecture may be able to read it. */
static bool arch_reads_url(const struct boot_rule *rule, uint16_t code, char why[BOOT_REASON_SIZE])
{
	return has_host_variable(rule) || url_fits(rule, kind_for(rule, code), why);
}

/* An architecture that is named must read it, and at least one of all groups together. */
static void check_url(const struct boot_rule *rule, struct config_problems *problems)
{
	const struct condition *arch = &rule->when.of[CONDITION_ARCH];
	const struct condition_value *of_group = NULL;
	size_t readers = 0, positive = 0;
	char why[BOOT_REASON_SIZE], why_group[BOOT_REASON_SIZE] = "";

	for (size_t i = 0; i < arch->values; i++) {
		const struct condition_value *value = &arch->value[i];

		if (value->is_negated)
			continue;
		positive++;
		if (arch_reads_url(rule, value->arch, why)) {
			readers++;
		} else if (!value->of_group) {
			report_url(rule, value->arch, why, problems);
		} else {
			of_group = value;
			strcpy(why_group, why);
		}
	}
	if (readers == 0 && of_group)
		report_url(rule, of_group->arch, why_group, problems);
	if (positive == 0 && !has_host_variable(rule) && !url_fits(rule, FIRMWARE_IPXE, why))
		PROBLEM_IN(true, rule, "boot \"%s\": url \"%s\": %s", rule->name, rule->url, why);
}

/* Known problems of firmware that reads the URL; each is reported once per rule. */
static void check_habits(const struct boot_rule *rule, struct config_problems *problems)
{
	const struct condition *condition = &rule->when.of[CONDITION_ARCH];
	bool wants_type = false, refuses_params = false;

	for (size_t i = 0; i < condition->values; i++) {
		uint16_t code = condition->value[i].arch;
		enum firmware_kind kind = kind_for(rule, code);
		const struct dhcp6_arch *arch = dhcp6_arch_of(code);
		char why[BOOT_REASON_SIZE];
		const char *reason;

		if (condition->value[i].is_negated || !arch_reads_url(rule, code, why))
			continue;
		wants_type |= firmware_wants_content_type(kind, rule->url);
		if (refuses_params ||
			firmware_takes_params(kind, rule->param, rule->params, &reason))
			continue;
		refuses_params = true;
		PROBLEM_IN(true, rule, "boot \"%s\": param for %s: %s", rule->name,
			arch ? arch->name : firmware_kind_name(kind), reason);
	}
	if (wants_type)
		PROBLEM_IN(false, rule,
			"boot \"%s\": url \"%s\" ends neither in .efi nor .iso nor .img: UEFI HTTP "
			"Boot then needs the Content-Type application/efi",
			rule->name, rule->url);
}

static void check_urls(const struct boot_config *config, struct config_problems *problems)
{
	for (size_t i = 0; i < config->rules; i++) {
		check_url(&config->rule[i], problems);
		check_habits(&config->rule[i], problems);
	}
}

/* a matches whatever b matches, and all firmware that reads b's URL reads a's. */
static bool leaves_nothing_for(const struct boot_rule *a, const struct boot_rule *b)
{
	char why[BOOT_REASON_SIZE];

	if (!conditions_cover(&a->when, &b->when) || has_host_variable(a))
		return false;
	for (int kind = 0; kind < FIRMWARE_KINDS; kind++)
		if (url_fits(b, (enum firmware_kind)kind, why) &&
			!url_fits(a, (enum firmware_kind)kind, why))
			return false;
	return true;
}

static void check_order(const struct boot_config *config, struct config_problems *problems)
{
	char place[CONFIG_PLACE];

	for (size_t i = 1; i < config->rules; i++) {
		const struct boot_rule *rule = &config->rule[i];

		for (size_t k = 0; k < i; k++) {
			if (!leaves_nothing_for(&config->rule[k], rule))
				continue;
			PROBLEM_IN(false, rule,
				"boot \"%s\" can never match: boot \"%s\" (%s) comes first "
				"and matches all of its machines",
				rule->name, config->rule[k].name,
				config_place(config->rule[k].file, config->rule[k].line, rule->file,
					place));
			break;
		}
	}
}

static bool group_is_known(const struct boot_config *config, const char *name)
{
	if (boot_config_group(config, name))
		return true;
	for (size_t i = 0; i < config->hosts.hosts; i++)
		for (size_t k = 0; k < config->hosts.host[i]->groups; k++)
			if (strcmp(config->hosts.host[i]->group[k], name) == 0)
				return true;
	return false;
}

/*
 * A group or host that nothing defines: a rule for it never matches, one without it always does.
 * With hosts-directory a file may bring the host, and groups of hosts need no section there, so
 * that is a warning; without, it is an error.
 */
static void check_names(const struct boot_config *config, const char *what, const char *title,
	const char *file, unsigned line, const struct conditions *when,
	struct config_problems *problems)
{
	static const enum condition_kind kind[] = {CONDITION_GROUP, CONDITION_HOST};

	for (size_t i = 0; i < 2; i++) {
		const struct condition *condition = &when->of[kind[i]];

		for (size_t k = 0; k < condition->values; k++) {
			const struct text_pattern *pattern = &condition->value[k].pattern;
			char name[CONF_NAME_MAX + 1];

			if (pattern->is_start || pattern->len > CONF_NAME_MAX)
				continue;
			memcpy(name, pattern->text, pattern->len);
			name[pattern->len] = '\0';
			if (kind[i] == CONDITION_GROUP
					? group_is_known(config, name)
					: host_table_by_name(&config->hosts, name) != NULL)
				continue;
			config_problem(problems, !config->hosts_directory, file, line,
				"%s: %s \"%s\": there is no %s \"%s\"; expected the name of a "
				"section such as %s \"%s\" { ... }",
				condition_name(kind[i]), what, title, condition_name(kind[i]), name,
				condition_name(kind[i]), name);
		}
	}
}

static void check_all_names(const struct boot_config *config, struct config_problems *problems)
{
	for (size_t i = 0; i < config->rules; i++)
		check_names(config, "boot", config->rule[i].name, config->rule[i].file,
			config->rule[i].line, &config->rule[i].when, problems);
	for (size_t i = 0; i < config->subnets; i++)
		for (size_t k = 0; k < config->subnet[i].classes; k++)
			check_names(config, "class", config->subnet[i].class[k].name,
				config->subnet[i].class[k].file, config->subnet[i].class[k].line,
				&config->subnet[i].class[k].when, problems);
}

/* True if the rule has prefixes, and no subnet is inside one of them. */
static bool has_no_subnet(const struct boot_config *config, const struct boot_rule *rule)
{
	const struct condition *condition = &rule->when.of[CONDITION_SUBNET];
	bool is_for_prefix = false;

	for (size_t i = 0; i < condition->values; i++) {
		if (condition->value[i].is_negated)
			continue;
		if (subnet_index_inside(&config->index, &condition->value[i].subnet))
			return false;
		is_for_prefix = true;
	}
	return is_for_prefix;
}

static void check_reachable(const struct boot_config *config, struct config_problems *problems)
{
	for (size_t i = 0; i < config->rules; i++)
		if (has_no_subnet(config, &config->rule[i]))
			PROBLEM_IN(false, &config->rule[i],
				"boot \"%s\" can never match: there is no subnet in its prefix",
				config->rule[i].name);
}

/* iPXE reports the same architecture as the firmware that loaded it. */
static void check_loops(const struct boot_config *config, struct config_problems *problems)
{
	struct condition_value value = {
		.pattern = {.text = (char *)(uintptr_t) "iPXE", .len = strlen("iPXE")}};
	const struct conditions ipxe = {.of = {[CONDITION_USER_CLASS] = {&value, 1}}};

	for (size_t i = 0; i < config->rules; i++) {
		const struct boot_rule *rule = &config->rule[i];
		bool names_class = rule->when.of[CONDITION_USER_CLASS].values > 0;

		if (names_class && conditions_cover(&rule->when, &ipxe))
			return;
		if (!names_class &&
			(strstr(rule->url, "ipxe.efi") || strstr(rule->url, "snponly") ||
				strstr(rule->url, "undionly"))) {
			PROBLEM_IN(false, rule,
				"boot \"%s\" loads iPXE, and iPXE as well, over and over: put a "
				"rule with user-class = \"iPXE\" before it",
				rule->name);
			return;
		}
	}
}

int conf_check_rules(const struct boot_config *config, struct config_problems *problems)
{
	check_urls(config, problems);
	check_all_names(config, problems);
	if (problems->errors > 0)
		return -EINVAL;
	check_order(config, problems);
	check_reachable(config, problems);
	check_loops(config, problems);
	return 0;
}
