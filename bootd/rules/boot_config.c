/* SPDX-License-Identifier: ISC */
/* The life of a configuration, and what is looked up in it. */
#include "bootd/rules/boot_config.h"

#include <stdlib.h>
#include <string.h>

struct boot_config *boot_config_new(void)
{
	return calloc(1, sizeof(struct boot_config));
}

static void free_list(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

static void rule_fini(struct boot_rule *rule)
{
	conditions_fini(&rule->when);
	free(rule->name);
	free(rule->url);
	free_list(rule->param, rule->params);
}

static void subnet_fini(struct subnet *subnet)
{
	for (size_t i = 0; i < subnet->classes; i++) {
		conditions_fini(&subnet->class[i].when);
		free(subnet->class[i].name);
	}
	free(subnet->class);
	free(subnet->interface);
}

static void group_fini(struct boot_group *group)
{
	host_variables_free(group->variable, group->variables);
	free(group->name);
}

void boot_config_free(struct boot_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->rules; i++)
		rule_fini(&config->rule[i]);
	for (size_t i = 0; i < config->subnets; i++)
		subnet_fini(&config->subnet[i]);
	for (size_t i = 0; i < config->groups; i++)
		group_fini(&config->group[i]);
	host_table_fini(&config->hosts);
	free_list(config->listen, config->listens);
	free(config->rule);
	free(config->group);
	subnet_index_fini(&config->index);
	free(config->subnet);
	free(config->dns);
	free(config->relay_supplied);
	free(config->trusted_relay);
	free(config->leasequery);
	free(config->file);
	free(config->root);
	free(config->control);
	free(config->user);
	free(config->key_file);
	free(config->duid_file);
	free(config->leases);
	free(config->hosts_directory);
	free(config);
}

const struct boot_host *boot_config_host_at(
	const struct boot_config *config, const struct in6_addr *address)
{
	const struct boot_host *host = host_table_by_address(&config->hosts, address);

	return host || !config->host_files ? host
					   : host_table_by_address(config->host_files, address);
}

const struct boot_host *boot_config_host_named(const struct boot_config *config, const char *name)
{
	const struct boot_host *host = host_table_by_name(&config->hosts, name);

	return host || !config->host_files ? host : host_table_by_name(config->host_files, name);
}

size_t boot_config_hosts(const struct boot_config *config)
{
	return config->hosts.hosts + (config->host_files ? config->host_files->hosts : 0);
}

const struct boot_host *boot_config_host(const struct boot_config *config, size_t i)
{
	return i < config->hosts.hosts ? config->hosts.host[i]
				       : config->host_files->host[i - config->hosts.hosts];
}

static int compare_name(const void *name, const void *group)
{
	return strcmp(name, ((const struct boot_group *)group)->name);
}

const struct boot_group *boot_config_group(const struct boot_config *config, const char *name)
{
	return config->groups > 0 ? bsearch(name, config->group, config->groups,
					    sizeof(*config->group), compare_name)
				  : NULL;
}

const char *boot_config_variable(
	const struct boot_config *config, const struct boot_host *host, const char *name)
{
	const char *value = host_variable_find(host->variable, host->variables, name);

	for (size_t i = 0; !value && i < host->groups; i++) {
		const struct boot_group *group = boot_config_group(config, host->group[i]);

		if (group)
			value = host_variable_find(group->variable, group->variables, name);
	}
	return value;
}

const struct subnet *boot_config_subnet_of(
	const struct boot_config *config, const struct in6_addr *address)
{
	return subnet_index_find(&config->index, address, NULL);
}

const struct address_plan *subnet_plan(const struct subnet *subnet, size_t i)
{
	return i == 0 ? &subnet->plan : i <= subnet->classes ? &subnet->class[i - 1].plan : NULL;
}

const char *subnet_addresses_name(enum subnet_addresses addresses)
{
	static const char *const name[SUBNET_ADDRESSES] = {
		[SUBNET_STABLE] = "stable",
		[SUBNET_NONE] = "none",
		[SUBNET_POOL] = "pool",
		[SUBNET_PROXY] = "proxy",
	};

	return name[addresses];
}

bool boot_config_has(const struct boot_config *config, enum subnet_addresses addresses)
{
	const struct address_plan *plan;

	for (size_t i = 0; i < config->subnets; i++)
		for (size_t k = 0; (plan = subnet_plan(&config->subnet[i], k)); k++)
			if (plan->addresses == addresses)
				return true;
	return false;
}

const struct subnet *boot_config_subnet_on(const struct boot_config *config, const char *link_name)
{
	return subnet_index_on(&config->index, link_name);
}
