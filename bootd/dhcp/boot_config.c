/* SPDX-License-Identifier: ISC */
/* The life of a configuration, and what is looked up in it. */
#include "bootd/dhcp/boot_config.h"

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
	free(rule->name);
	free(rule->arch);
	free(rule->user_class.text);
	free(rule->vendor_class.text);
	free(rule->interface_id.text);
	free(rule->remote_id.text);
	free(rule->host.text);
	free(rule->url);
	free_list(rule->param, rule->params);
}

void boot_config_free(struct boot_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->rules; i++)
		rule_fini(&config->rule[i]);
	for (size_t i = 0; i < config->subnets; i++)
		free(config->subnet[i].interface);
	host_table_fini(&config->hosts);
	free_list(config->listen, config->listens);
	free(config->rule);
	free(config->subnet);
	free(config->dns);
	free(config->file);
	free(config->root);
	free(config->control);
	free(config->user);
	free(config->key_file);
	free(config->duid_file);
	free(config->leases);
	free(config);
}

const struct subnet *boot_config_subnet_of(
	const struct boot_config *config, const struct in6_addr *address)
{
	const struct subnet *best = NULL;

	for (size_t i = 0; i < config->subnets; i++) {
		const struct subnet *subnet = &config->subnet[i];

		if (prefix_contains(&subnet->prefix, address) &&
			(!best || subnet->prefix.len > best->prefix.len))
			best = subnet;
	}
	return best;
}

bool boot_config_has_pool(const struct boot_config *config)
{
	for (size_t i = 0; i < config->subnets; i++)
		if (config->subnet[i].addresses == SUBNET_POOL)
			return true;
	return false;
}

const struct subnet *boot_config_subnet_on(const struct boot_config *config, const char *link_name)
{
	for (size_t i = 0; i < config->subnets; i++)
		if (config->subnet[i].interface &&
			strcmp(config->subnet[i].interface, link_name) == 0)
			return &config->subnet[i];
	return NULL;
}
