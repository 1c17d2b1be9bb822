/* SPDX-License-Identifier: ISC */
/*
 * A section of bootd.conf becomes a subnet with its classes, a boot rule, or a group. Each value
 * was checked while it was parsed (conf_expect.c).
 */
#include "bootd/config/conf_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool copy_pattern(cfg_t *cfg, const char *option, struct text_pattern *pattern)
{
	const char *text = cfg_getstr(cfg, option);

	return !text || text_pattern_read(text, pattern) == 0;
}

static enum subnet_addresses addresses_of(const char *text)
{
	enum subnet_addresses addresses = SUBNET_STABLE;

	conf_addresses(text, &addresses);
	return addresses;
}

static bool build_condition(cfg_t *cfg, const char *option, struct conditions *when)
{
	enum condition_kind kind;
	bool is_negated;

	condition_named(option, &kind, &is_negated);
	for (unsigned i = 0; i < cfg_size(cfg, option); i++)
		if (conditions_add(when, kind, cfg_getnstr(cfg, option, i), is_negated) < 0)
			return false;
	return true;
}

static bool build_conditions(cfg_t *cfg, struct conditions *when)
{
	bool is_class = strcmp(cfg_name(cfg), "class") == 0;
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

static void build_plan(cfg_t *cfg, struct address_plan *plan, uint32_t lifetime_s)
{
	plan->addresses = addresses_of(cfg_getstr(cfg, "addresses"));
	if (plan->addresses == SUBNET_POOL)
		conf_pool(cfg_getstr(cfg, "pool"), &plan->pool_low, &plan->pool_size);
	plan->lifetime_s = conf_duration_of(cfg, "lifetime", lifetime_s);
}

static bool build_class(cfg_t *cfg, struct address_class *class, uint32_t lifetime_s)
{
	class->file = config_file_name(cfg->filename);
	class->line = (unsigned)cfg->line;
	class->name = strdup(cfg_title(cfg));
	build_plan(cfg, &class->plan, lifetime_s);
	return class->name && build_conditions(cfg, &class->when) &&
	       conf_options_build(cfg, &class->options) == 0;
}

bool conf_build_subnet(cfg_t *cfg, struct subnet *subnet)
{
	unsigned classes = cfg_size(cfg, "class");

	subnet->file = config_file_name(cfg->filename);
	subnet->line = (unsigned)cfg->line;
	prefix_parse(cfg_title(cfg), &subnet->prefix);
	prefix_format(&subnet->prefix, subnet->text);
	build_plan(cfg, &subnet->plan, 0);
	if (classes > 0)
		subnet->class = calloc(classes, sizeof(*subnet->class));
	if (classes > 0 && !subnet->class)
		return false;
	for (unsigned i = 0; i < classes; i++)
		if (!build_class(cfg_getnsec(cfg, "class", i), &subnet->class[subnet->classes++],
			    subnet -> plan.lifetime_s))
			return false;
	if (cfg_getstr(cfg, "relay-id"))
		dhcp6_duid_parse(cfg_getstr(cfg, "relay-id"), &subnet->relay_id);
	return copy_pattern(cfg, "interface-id", &subnet->interface_id) &&
	       copy_pattern(cfg, "remote-id", &subnet->remote_id) &&
	       conf_copy_text(cfg, "interface", &subnet->interface) &&
	       conf_copy_text(cfg, "link", &subnet->link) &&
	       conf_options_build(cfg, &subnet->options) == 0;
}

bool conf_build_rule(cfg_t *cfg, struct boot_rule *rule)
{
	rule->file = config_file_name(cfg->filename);
	rule->line = (unsigned)cfg->line;
	rule->name = strdup(cfg_title(cfg));
	return rule->name && build_conditions(cfg, &rule->when) &&
	       conf_copy_text(cfg, "url", &rule->url) &&
	       conf_copy_list(cfg, "param", &rule->param, &rule->params);
}

static int compare_groups(const void *a, const void *b)
{
	return strcmp(((const struct boot_group *)a)->name, ((const struct boot_group *)b)->name);
}

bool conf_build_groups(cfg_t *cfg, struct boot_config *config)
{
	unsigned groups = cfg_size(cfg, "group");

	config->group = calloc(groups + 1, sizeof(*config->group));
	if (!config->group)
		return false;
	for (unsigned i = 0; i < groups; i++) {
		cfg_t *section = cfg_getnsec(cfg, "group", i);
		struct boot_group *group = &config->group[config->groups++];

		group->file = config_file_name(section->filename);
		group->line = (unsigned)section->line;
		group->name = strdup(cfg_title(section));
		if (!group->name || !conf_variables(section, &group->variable, &group->variables) ||
			conf_options_build(section, &group->options) < 0)
			return false;
	}
	qsort(config->group, config->groups, sizeof(*config->group), compare_groups);
	return true;
}
