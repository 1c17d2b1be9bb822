/* SPDX-License-Identifier: ISC */
/*
 * The running configuration: made and freed here, built by config/, and looked up by everybody.
 * Hosts are in two tables: those of bootd.conf, which are searched first, and those of the files in
 * hosts-directory.
 */
#include "bootd/rules/boot_config.h"

#include <stdlib.h>
#include <string.h>

#include "bootd/client/client_facts.h"

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

static void group_fini(struct boot_group *group)
{
	host_variables_free(group->variable, group->variables);
	option_set_fini(&group->options);
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
	link_patterns_fini(&config->listen);
	free(config->rule);
	free(config->group);
	subnet_index_fini(&config->index);
	free(config->subnet);
	option_set_fini(&config->options);
	free(config->relay_supplied);
	free(config->trusted_relay);
	free(config->trusted_proxy);
	free(config->leasequery);
	free(config->file);
	free(config->root);
	free(config->control);
	free(config->user);
	free(config->key_file);
	free(config->duid_file);
	free(config->leases);
	free_list(config->page_name, config->page_names);
	free_list(config->metrics_name, config->metrics_names);
	free(config->tftp.at);
	free(config->tftp.where);
	free(config->http.at);
	free(config->http.where);
	free(config->https.at);
	free(config->https.where);
	for (size_t i = 0; i < config->certificates; i++) {
		free(config->certificate[i].certificate);
		free(config->certificate[i].key);
	}
	free(config->certificate);
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

/* One function per kind of identifier; the first kind that finds a host wins. */
static const struct boot_host *by_mac(const struct host_table *table,
	const struct client_facts *facts, const struct subnet *subnet)
{
	(void)subnet;
	return facts->mac_source != CLIENT_MAC_UNKNOWN ? host_table_by_mac(table, facts->mac)
						       : NULL;
}

static const struct boot_host *by_uuid(const struct host_table *table,
	const struct client_facts *facts, const struct subnet *subnet)
{
	(void)subnet;
	return facts->has_uuid ? host_table_by_uuid(table, facts->uuid) : NULL;
}

static const struct boot_host *by_duid(const struct host_table *table,
	const struct client_facts *facts, const struct subnet *subnet)
{
	(void)subnet;
	return facts->has_client_id ? host_table_by_duid(table, &facts->duid) : NULL;
}

static const struct boot_host *by_port(const struct host_table *table,
	const struct client_facts *facts, const struct subnet *subnet)
{
	const struct relay_port port = {
		.interface_id = facts->interface_id,
		.remote_id = facts->remote_id,
		.subnet = subnet ? &subnet->prefix : NULL,
		.relay_id = facts->relay_id,
	};

	return host_table_by_port(table, &port);
}

static const struct {
	enum host_identifier by;
	const char *name;
	const struct boot_host *(*find)(const struct host_table *table,
		const struct client_facts *facts, const struct subnet *subnet);
} identifier[] = {
	{HOST_BY_MAC, "mac", by_mac},
	{HOST_BY_UUID, "uuid", by_uuid},
	{HOST_BY_DUID, "duid", by_duid},
	{HOST_BY_PORT, "port", by_port},
};

enum { HOST_IDENTIFIERS = sizeof(identifier) / sizeof(identifier[0]) };

struct host_choice boot_config_choose_host(const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet)
{
	const struct host_table *const tables[] = {&config->hosts, config->host_files};

	for (size_t i = 0; i < HOST_IDENTIFIERS; i++) {
		for (size_t k = 0; k < 2; k++) {
			const struct boot_host *host =
				tables[k] && tables[k]->hosts > 0
					? identifier[i].find(tables[k], facts, subnet)
					: NULL;

			if (host)
				return (struct host_choice){host, identifier[i].by};
		}
	}
	return (struct host_choice){NULL, HOST_NOT_FOUND};
}

const char *host_identifier_name(enum host_identifier by)
{
	for (size_t i = 0; i < HOST_IDENTIFIERS; i++)
		if (identifier[i].by == by)
			return identifier[i].name;
	return NULL;
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

void boot_config_options(const struct boot_config *config, const struct subnet *subnet,
	const struct address_class *class, const struct boot_host *host, struct option_walk *walk)
{
	*walk = (struct option_walk){0};
	if (host)
		option_walk_add(walk, &host->options);
	for (size_t i = 0; host && i < host->groups; i++) {
		const struct boot_group *group = boot_config_group(config, host->group[i]);

		/* The last places are for class, subnet and all clients. */
		if (group && walk->sets < OPTION_SCOPES_MAX - 3)
			option_walk_add(walk, &group->options);
	}
	if (class)
		option_walk_add(walk, &class->options);
	option_walk_add(walk, &subnet->options);
	option_walk_add(walk, &config->options);
}

const struct subnet *boot_config_subnet_of(
	const struct boot_config *config, const struct in6_addr *address)
{
	return subnet_index_find(&config->index, address, NULL);
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
