/* SPDX-License-Identifier: ISC */
/*
 * Builds a struct boot_config from the tree of what the file says. Each value was checked while it was
 * read (conf_syntax.c), so building fails for lack of memory only.
 */
#include "bootd/config/conf_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/bindings/stable_address.h"
#include "bootd/config/conf_read.h"
#include "bootd/rules/boot_rule.h"
#include "dhcp6/option.h"

static bool copy_patterns(struct config_section *cfg, const char *option, struct link_patterns *patterns)
{
	for (unsigned i = 0; i < config_count(cfg, option); i++)
		if (link_patterns_add(patterns, config_text_at(cfg, option, i)) < 0)
			return false;
	return true;
}

static bool copy_prefixes(struct config_section *cfg, const char *option, struct prefix **out, size_t *n)
{
	unsigned size = config_count(cfg, option);

	*out = calloc(size + 1, sizeof(**out));
	for (*n = 0; *out && *n < size; (*n)++)
		prefix_parse(config_text_at(cfg, option, (unsigned)*n), &(*out)[*n]);
	return *out;
}

/* For conf_receiver: into the config `arg`. */
static int add_subnet(void *arg, struct config_section *section)
{
	struct boot_config *config = arg;

	if ((config->subnets & (config->subnets - 1)) == 0) { /* 0, 1, 2, 4, ...: it is full */
		size_t room = config->subnets ? 2 * config->subnets : 1;
		struct subnet *more = realloc(config->subnet, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		config->subnet = more;
	}
	config->subnet[config->subnets] = (struct subnet){.line = 0};
	return conf_build_subnet(section, &config->subnet[config->subnets++]) ? 0 : -ENOMEM;
}

static void set_lifetimes(struct boot_config *config, uint32_t lifetime_s)
{
	for (size_t i = 0; i < config->subnets; i++) {
		struct subnet *subnet = &config->subnet[i];

		if (subnet->plan.lifetime_s == 0)
			subnet->plan.lifetime_s = lifetime_s;
		for (size_t k = 0; k < subnet->classes; k++)
			if (subnet->class[k].plan.lifetime_s == 0)
				subnet->class[k].plan.lifetime_s = subnet->plan.lifetime_s;
	}
}

static bool build_sections(struct config_section *cfg, struct boot_config *config)
{
	unsigned rules = config_count(cfg, "boot");

	set_lifetimes(config, conf_duration_of(cfg, "lifetime", DEFAULT_LIFETIME_S));
	config->rule = calloc(rules + 1, sizeof(*config->rule));
	if (!config->rule)
		return false;
	if (subnet_index_init(&config->index, config->subnet, config->subnets) < 0)
		return false;
	for (unsigned i = 0; i < rules; i++) {
		struct boot_rule *rule = &config->rule[config->rules++];

		if (!conf_build_rule(config_section_at(cfg, "boot", i), rule))
			return false;
		boot_rule_prepare(rule);
		config->has_variables |= !rule->is_plain;
	}
	return true;
}

/* The options of all clients that have settings of their own, then those of `option`. */
static bool build_client_options(struct config_section *cfg, struct boot_config *config)
{
	static const struct {
		const char *setting;
		uint16_t code;
	} timer[] = {
		{"sol-max-rt", DHCP6_OPT_SOL_MAX_RT},
		{"inf-max-rt", DHCP6_OPT_INF_MAX_RT},
		{"information-refresh", DHCP6_OPT_INFO_REFRESH_TIME},
	};
	uint8_t octets[DOMAIN_SEARCH_MAX_WIRE];
	struct wire_out out = wire_out_of(octets, sizeof(octets));
	unsigned servers = config_count(cfg, "dns"), domains = config_count(cfg, "domain-search");
	struct in6_addr dns[DNS_SERVERS_MAX];
	int rc = 0;

	for (unsigned i = 0; i < servers && i < DNS_SERVERS_MAX; i++)
		config_address(config_text_at(cfg, "dns", i), &dns[i]);
	if (servers > 0 && servers <= DNS_SERVERS_MAX)
		rc = option_set_add_data(
			&config->options, DHCP6_OPT_DNS_SERVERS, dns, servers * sizeof(dns[0]));
	for (unsigned i = 0; i < domains; i++)
		dhcp6_put_domain(&out, config_text_at(cfg, "domain-search", i));
	if (rc == 0 && out.len > 0)
		rc = option_set_add_data(&config->options, DHCP6_OPT_DOMAIN_LIST, octets, out.len);
	for (size_t i = 0; rc == 0 && i < sizeof(timer) / sizeof(timer[0]); i++)
		rc = option_set_add_seconds(&config->options, timer[i].code,
			conf_duration_of(cfg, timer[i].setting, 0));
	return rc == 0 && conf_options_build(cfg, &config->options) == 0;
}

/* DHCPv6 settings beside addresses and boot files. */
static bool build_options(struct config_section *cfg, struct boot_config *config)
{
	unsigned supplied = config_count(cfg, "relay-supplied-options");

	daemon_settings_copy(cfg, &config->settings);
	conf_preference(config_text(cfg, "preference"), &config->preference);
	config->registration = config_bool(cfg, "registration");
	config->rapid_commit = config_bool(cfg, "rapid-commit");
	config->relay_supplied = calloc(supplied + 1, sizeof(*config->relay_supplied));
	if (!config->relay_supplied)
		return false;
	for (; config->relay_supplieds < supplied; config->relay_supplieds++)
		conf_supplied(config_text_at(cfg, "relay-supplied-options",
				      (unsigned)config->relay_supplieds),
			&config->relay_supplied[config->relay_supplieds]);
	return true;
}

/* Who is accepted, and at which rate. */
static bool build_admission(struct config_section *cfg, struct boot_config *config)
{
	config->client_rate = (uint32_t)config_number(cfg, "client-rate");
	config->link_rate = (uint32_t)config_number(cfg, "link-rate");
	return copy_prefixes(
		       cfg, "trusted-relays", &config->trusted_relay, &config->trusted_relays) &&
	       copy_prefixes(
		       cfg, "trusted-proxies", &config->trusted_proxy, &config->trusted_proxies) &&
	       copy_prefixes(cfg, "leasequery", &config->leasequery, &config->leasequeries);
}

static void build_secret(struct config_section *cfg, struct boot_config *config)
{
	const char *key = config_text(cfg, "key"), *duid = config_text(cfg, "server-duid");

	config->has_key = key != NULL;
	if (key)
		stable_address_key(key, strlen(key), config->key);
	if (duid)
		dhcp6_duid_parse(duid, &config->server_duid);
}

/* The setting `names` of a section that may be absent. */
static bool copy_names(struct config_section *cfg, const char *section, char ***out, size_t *n)
{
	return config_count(cfg, section) == 0 ||
	       conf_copy_list(config_section_at(cfg, section, 0), "names", out, n);
}

static bool build_listener(
	struct config_section *cfg, const char *section, uint16_t port, bool *has, struct sockaddr_in6 *at)
{
	*has = config_count(cfg, section) > 0;
	return !*has ||
	       config_endpoint(config_text(config_section_at(cfg, section, 0), "listen"), port, at) == 0;
}

/* The endpoints of all sections of this name. */
static bool build_endpoints(
	struct config_section *cfg, const char *section, uint16_t port, struct boot_endpoints *list)
{
	size_t n = 0;

	for (unsigned i = 0; i < config_count(cfg, section); i++)
		n += config_count(config_section_at(cfg, section, i), "listen");
	list->at = calloc(n + 1, sizeof(*list->at));
	list->where = calloc(n + 1, sizeof(*list->where));
	for (unsigned i = 0; list->at && list->where && i < config_count(cfg, section); i++) {
		struct config_section *one = config_section_at(cfg, section, i);

		for (unsigned k = 0; k < config_count(one, "listen"); k++) {
			list->where[list->count] = (struct boot_place){
				config_file_name(one->file), (unsigned)one->line};
			config_endpoint(
				config_text_at(one, "listen", k), port, &list->at[list->count++]);
		}
	}
	return list->at && list->where;
}

/* The sections of one kind are one server: a limit holds for all, and the last one that sets it
 * counts. */
static uint32_t limit_of(struct config_section *cfg, const char *section, const char *option, uint32_t otherwise)
{
	for (unsigned i = config_count(cfg, section); i-- > 0;) {
		long value = config_number(config_section_at(cfg, section, i), option);

		if (value > 0)
			return (uint32_t)value;
	}
	return otherwise;
}

static bool build_certificates(struct config_section *cfg, struct boot_config *config)
{
	size_t n = 0;

	for (unsigned i = 0; i < config_count(cfg, "https"); i++)
		n += config_count(config_section_at(cfg, "https", i), "certificate");
	config->certificate = calloc(n + 1, sizeof(*config->certificate));
	for (unsigned i = 0; config->certificate && i < config_count(cfg, "https"); i++) {
		struct config_section *section = config_section_at(cfg, "https", i);

		for (unsigned k = 0; k < config_count(section, "certificate"); k++) {
			struct boot_certificate *c = &config->certificate[config->certificates++];
			const char *key = k < config_count(section, "key")
						  ? config_text_at(section, "key", k)
						  : NULL;

			c->file = config_file_name(section->file);
			c->line = (unsigned)section->line;
			c->certificate = strdup(config_text_at(section, "certificate", k));
			c->key = key ? strdup(key) : NULL;
			if (!c->certificate || (key && !c->key))
				return false;
		}
	}
	return config->certificate;
}

/* Of http and https, which are one server. */
static uint32_t http_limit(struct config_section *cfg, const char *option, uint32_t otherwise)
{
	return limit_of(cfg, "https", option, limit_of(cfg, "http", option, otherwise));
}

static bool build_file_servers(struct config_section *cfg, struct boot_config *config)
{
	struct tftp_settings *tftp = &config->tftp_settings;
	struct http_settings *http = &config->http_settings;

	tftp->transfers = limit_of(cfg, "tftp", "transfers", 2000);
	tftp->transfers_per_client = limit_of(cfg, "tftp", "transfers-per-client", 8);
	tftp->block_size = limit_of(cfg, "tftp", "block-size", 1428);
	tftp->window_size = limit_of(cfg, "tftp", "window-size", 64);
	for (unsigned i = 0; i < config_count(cfg, "tftp"); i++) {
		struct config_section *section = config_section_at(cfg, "tftp", i);
		const char *ports = config_text(section, "ports");

		if (ports)
			conf_ports(ports, &tftp->first_port, &tftp->last_port);
		tftp->single_port |= config_bool(section, "single-port");
		tftp->windows_paths |= config_bool(section, "windows-paths");
	}
	http->connections = http_limit(cfg, "connections", 4000);
	http->connections_per_client = http_limit(cfg, "connections-per-client", 64);
	http->least_rate = http_limit(cfg, "least-rate", 1024);
	return build_endpoints(cfg, "tftp", 69, &config->tftp) &&
	       build_endpoints(cfg, "http", 80, &config->http) &&
	       build_endpoints(cfg, "https", 443, &config->https) && build_certificates(cfg, config);
}

static bool build(struct config_section *cfg, struct boot_config *config)
{
	config_endpoint(config_text(cfg, "dhcp-listen"), DHCP6_SERVER_PORT, &config->dhcp);
	build_secret(cfg, config);
	return copy_patterns(cfg, "listen", &config->listen) &&
	       conf_copy_text(cfg, "root", &config->root) &&
	       conf_copy_text(cfg, "user", &config->user) &&
	       conf_copy_text(cfg, "control", &config->control) &&
	       conf_copy_text(cfg, "key-file", &config->key_file) &&
	       conf_copy_text(cfg, "server-duid-file", &config->duid_file) &&
	       conf_copy_text(cfg, "leases", &config->leases) &&
	       conf_copy_text(cfg, "hosts-directory", &config->hosts_directory) &&
	       build_file_servers(cfg, config) &&
	       copy_names(cfg, "page", &config->page_name, &config->page_names) &&
	       copy_names(cfg, "metrics", &config->metrics_name, &config->metrics_names) &&
	       build_listener(cfg, "page", 8069, &config->has_page, &config->page) &&
	       build_listener(cfg, "metrics", 9548, &config->has_metrics, &config->metrics) &&
	       build_client_options(cfg, config) && build_options(cfg, config) &&
	       build_admission(cfg, config) && conf_build_groups(cfg, config) &&
	       build_sections(cfg, config);
}

/* --- loading ----------------------------------------------------------------- */

static int add_host(void *arg, struct config_section *cfg, struct boot_host *host)
{
	return conf_host_into_table(&((struct boot_config *)arg)->hosts, cfg, host);
}

/* Parse the text, build the config, check it as a whole. */
static int load(const char *name, const char *text, struct boot_config *config,
	struct config_problems *problems)
{
	struct conf_receiver receiver = {name, add_host, add_subnet, config};
	struct config_section *cfg = conf_syntax_new(&receiver);
	int rc = -ENOMEM;

	config->file = strdup(name);
	receiver.file = config->file;
	if (cfg && config->file)
		rc = config_parse_text(cfg, config->file, text, problems);
	if (rc == 0)
		rc = build(cfg, config) ? conf_check(config, problems) : -ENOMEM;
	config_free(cfg);
	return rc;
}

int conf_text_load(const char *name, const char *text, struct boot_config **out,
	struct config_problems *problems)
{
	struct boot_config *config = boot_config_new();
	int rc = config ? load(name, text, config, problems) : -ENOMEM;

	*out = rc == 0 ? config : NULL;
	if (rc < 0)
		boot_config_free(config);
	return rc;
}

int conf_file_load(const char *path, struct boot_config **out, struct config_problems *problems)
{
	char *text;
	int rc = config_read(path, &text, problems);

	*out = NULL;
	if (rc == 0)
		rc = conf_text_load(path, text, out, problems);
	free(text);
	return rc;
}
