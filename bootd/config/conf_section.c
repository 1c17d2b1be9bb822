/* SPDX-License-Identifier: ISC */
/*
 * A section of bootd.conf becomes a subnet with its classes, a boot rule, or a group. Each value
 * was checked while it was parsed (conf_expect.c).
 */
#include "bootd/config/conf_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool copy_pattern(struct config_section *cfg, const char *option, struct text_pattern *pattern)
{
	const char *text = config_text(cfg, option);

	return !text || text_pattern_read(text, pattern) == 0;
}

static enum subnet_addresses addresses_of(const char *text)
{
	enum subnet_addresses addresses = SUBNET_STABLE;

	conf_addresses(text, &addresses);
	return addresses;
}

static bool build_condition(struct config_section *cfg, const char *option, struct conditions *when)
{
	enum condition_kind kind;
	bool is_negated;

	condition_named(option, &kind, &is_negated);
	for (unsigned i = 0; i < config_count(cfg, option); i++)
		if (conditions_add(when, kind, config_text_at(cfg, option, i), is_negated) < 0)
			return false;
	return true;
}

static bool build_conditions(struct config_section *cfg, struct conditions *when)
{
	bool is_class = strcmp(cfg->name, "class") == 0;
	char negated[32];

	for (int i = 0; i < CONDITION_KINDS; i++) {
		const char *name = condition_name((enum condition_kind)i);

		snprintf(negated, sizeof(negated), "not-%s", name);
		if (is_class && !condition_is_in_class((enum condition_kind)i))
			continue;
		if (!build_condition(cfg, name, when) || !build_condition(cfg, negated, when))
			return false;
	}
	return true;
}

static void build_plan(struct config_section *cfg, struct address_plan *plan, uint32_t lifetime_s)
{
	plan->addresses = addresses_of(config_text(cfg, "addresses"));
	if (plan->addresses == SUBNET_POOL)
		conf_pool(config_text(cfg, "pool"), &plan->pool_low, &plan->pool_size);
	plan->lifetime_s = conf_duration_of(cfg, "lifetime", lifetime_s);
}

static bool build_class(struct config_section *cfg, struct address_class *class, uint32_t lifetime_s)
{
	class->file = config_file_name(cfg->file);
	class->line = (unsigned)cfg->line;
	class->name = strdup(cfg->title);
	build_plan(cfg, &class->plan, lifetime_s);
	return class->name && build_conditions(cfg, &class->when) &&
	       conf_options_build(cfg, &class->options) == 0;
}

bool conf_build_subnet(struct config_section *cfg, struct subnet *subnet)
{
	unsigned classes = config_count(cfg, "class");

	subnet->file = config_file_name(cfg->file);
	subnet->line = (unsigned)cfg->line;
	prefix_parse(cfg->title, &subnet->prefix);
	prefix_format(&subnet->prefix, subnet->text);
	build_plan(cfg, &subnet->plan, 0);
	subnet->tftp_block_size = (uint16_t)config_number(cfg, "tftp-block-size");
	if (classes > 0)
		subnet->class = calloc(classes, sizeof(*subnet->class));
	if (classes > 0 && !subnet->class)
		return false;
	for (unsigned i = 0; i < classes; i++)
		if (!build_class(config_section_at(cfg, "class", i), &subnet->class[subnet->classes++],
			    subnet->plan.lifetime_s))
			return false;
	if (config_text(cfg, "relay-id"))
		dhcp6_duid_parse(config_text(cfg, "relay-id"), &subnet->relay_id);
	return copy_pattern(cfg, "interface-id", &subnet->interface_id) &&
	       copy_pattern(cfg, "remote-id", &subnet->remote_id) &&
	       conf_copy_text(cfg, "interface", &subnet->interface) &&
	       conf_copy_text(cfg, "link", &subnet->link) &&
	       conf_options_build(cfg, &subnet->options) == 0;
}

bool conf_build_rule(struct config_section *cfg, struct boot_rule *rule)
{
	rule->file = config_file_name(cfg->file);
	rule->line = (unsigned)cfg->line;
	rule->name = strdup(cfg->title);
	return rule->name && build_conditions(cfg, &rule->when) &&
	       conf_copy_text(cfg, "url", &rule->url) &&
	       conf_copy_list(cfg, "param", &rule->param, &rule->params);
}

static int compare_groups(const void *a, const void *b)
{
	return strcmp(((const struct boot_group *)a)->name, ((const struct boot_group *)b)->name);
}

bool conf_build_groups(struct config_section *cfg, struct boot_config *config)
{
	unsigned groups = config_count(cfg, "group");

	config->group = calloc(groups + 1, sizeof(*config->group));
	if (!config->group)
		return false;
	for (unsigned i = 0; i < groups; i++) {
		struct config_section *section = config_section_at(cfg, "group", i);
		struct boot_group *group = &config->group[config->groups++];

		group->file = config_file_name(section->file);
		group->line = (unsigned)section->line;
		group->name = strdup(section->title);
		if (!group->name || !conf_variables(section, &group->variable, &group->variables) ||
			conf_options_build(section, &group->options) < 0)
			return false;
	}
	qsort(config->group, config->groups, sizeof(*config->group), compare_groups);
	return true;
}
