/* SPDX-License-Identifier: ISC */
/*
 * Builds a struct boot_config from what libConfuse has parsed. Each value was checked while it was
 * parsed (conf_syntax.c), so building fails for lack of memory only.
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

static bool copy_patterns(cfg_t *cfg, const char *option, struct link_patterns *patterns)
{
	for (unsigned i = 0; i < cfg_size(cfg, option); i++)
		if (link_patterns_add(patterns, cfg_getnstr(cfg, option, i)) < 0)
			return false;
	return true;
}

static bool copy_prefixes(cfg_t *cfg, const char *option, struct prefix **out, size_t *n)
{
	unsigned size = cfg_size(cfg, option);

	*out = calloc(size + 1, sizeof(**out));
	for (*n = 0; *out && *n < size; (*n)++)
		prefix_parse(cfg_getnstr(cfg, option, (unsigned)*n), &(*out)[*n]);
	return *out;
}

/* For conf_syntax_begin(): the subnet is appended to the config `arg`. */
static int add_subnet(void *arg, cfg_t *section)
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

static bool build_sections(cfg_t *cfg, struct boot_config *config)
{
	unsigned rules = cfg_size(cfg, "boot");

	set_lifetimes(config, conf_duration_of(cfg, "lifetime", DEFAULT_LIFETIME_S));
	config->rule = calloc(rules + 1, sizeof(*config->rule));
	if (!config->rule)
		return false;
	if (subnet_index_init(&config->index, config->subnet, config->subnets) < 0)
		return false;
	for (unsigned i = 0; i < rules; i++) {
		struct boot_rule *rule = &config->rule[config->rules++];

		if (!conf_build_rule(cfg_getnsec(cfg, "boot", i), rule))
			return false;
		boot_rule_prepare(rule);
		config->has_variables |= !rule->is_plain;
	}
	return true;
}

/* The options of all clients that have settings of their own, then those of `option`. */
static bool build_client_options(cfg_t *cfg, struct boot_config *config)
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
	unsigned servers = cfg_size(cfg, "dns"), domains = cfg_size(cfg, "domain-search");
	struct in6_addr dns[DNS_SERVERS_MAX];
	int rc = 0;

	for (unsigned i = 0; i < servers && i < DNS_SERVERS_MAX; i++)
		config_address(cfg_getnstr(cfg, "dns", i), &dns[i]);
	if (servers > 0 && servers <= DNS_SERVERS_MAX)
		rc = option_set_add_data(
			&config->options, DHCP6_OPT_DNS_SERVERS, dns, servers * sizeof(dns[0]));
	for (unsigned i = 0; i < domains; i++)
		dhcp6_put_domain(&out, cfg_getnstr(cfg, "domain-search", i));
	if (rc == 0 && out.len > 0)
		rc = option_set_add_data(&config->options, DHCP6_OPT_DOMAIN_LIST, octets, out.len);
	for (size_t i = 0; rc == 0 && i < sizeof(timer) / sizeof(timer[0]); i++)
		rc = option_set_add_seconds(&config->options, timer[i].code,
			conf_duration_of(cfg, timer[i].setting, 0));
	return rc == 0 && conf_options_build(cfg, &config->options) == 0;
}

/* DHCPv6 settings beside addresses and boot files. */
static bool build_options(cfg_t *cfg, struct boot_config *config)
{
	unsigned supplied = cfg_size(cfg, "relay-supplied-options");

	daemon_settings_copy(cfg, &config->settings);
	conf_preference(cfg_getstr(cfg, "preference"), &config->preference);
	config->registration = cfg_getbool(cfg, "registration");
	config->rapid_commit = cfg_getbool(cfg, "rapid-commit");
	config->relay_supplied = calloc(supplied + 1, sizeof(*config->relay_supplied));
	if (!config->relay_supplied)
		return false;
	for (; config->relay_supplieds < supplied; config->relay_supplieds++)
		conf_supplied(cfg_getnstr(cfg, "relay-supplied-options",
				      (unsigned)config->relay_supplieds),
			&config->relay_supplied[config->relay_supplieds]);
	return true;
}

/* Who is accepted, and at which rate. */
static bool build_admission(cfg_t *cfg, struct boot_config *config)
{
	config->client_rate = (uint32_t)cfg_getint(cfg, "client-rate");
	config->link_rate = (uint32_t)cfg_getint(cfg, "link-rate");
	return copy_prefixes(
		       cfg, "trusted-relays", &config->trusted_relay, &config->trusted_relays) &&
	       copy_prefixes(cfg, "leasequery", &config->leasequery, &config->leasequeries);
}

static void build_secret(cfg_t *cfg, struct boot_config *config)
{
	const char *key = cfg_getstr(cfg, "key"), *duid = cfg_getstr(cfg, "server-duid");

	config->has_key = key != NULL;
	if (key)
		stable_address_key(key, strlen(key), config->key);
	if (duid)
		dhcp6_duid_parse(duid, &config->server_duid);
}

/* The setting `names` of a section that may be absent. */
static bool copy_names(cfg_t *cfg, const char *section, char ***out, size_t *n)
{
	return cfg_size(cfg, section) == 0 ||
	       conf_copy_list(cfg_getsec(cfg, section), "names", out, n);
}

static bool build_listener(
	cfg_t *cfg, const char *section, uint16_t port, bool *has, struct sockaddr_in6 *at)
{
	*has = cfg_size(cfg, section) > 0;
	return !*has ||
	       config_endpoint(cfg_getstr(cfg_getsec(cfg, section), "listen"), port, at) == 0;
}

/* The endpoints of all sections of this name. */
static bool build_endpoints(
	cfg_t *cfg, const char *section, uint16_t port, struct boot_endpoints *list)
{
	size_t n = 0;

	for (unsigned i = 0; i < cfg_size(cfg, section); i++)
		n += cfg_size(cfg_getnsec(cfg, section, i), "listen");
	list->at = calloc(n + 1, sizeof(*list->at));
	list->where = calloc(n + 1, sizeof(*list->where));
	for (unsigned i = 0; list->at && list->where && i < cfg_size(cfg, section); i++) {
		cfg_t *one = cfg_getnsec(cfg, section, i);

		for (unsigned k = 0; k < cfg_size(one, "listen"); k++) {
			list->where[list->count] = (struct boot_place){
				config_file_name(one->filename), (unsigned)one->line};
			config_endpoint(
				cfg_getnstr(one, "listen", k), port, &list->at[list->count++]);
		}
	}
	return list->at && list->where;
}

/* The sections of one kind are one server: a limit holds for all, and the last one that sets it
 * counts. */
static uint32_t limit_of(cfg_t *cfg, const char *section, const char *option, uint32_t otherwise)
{
	for (unsigned i = cfg_size(cfg, section); i-- > 0;) {
		long value = cfg_getint(cfg_getnsec(cfg, section, i), option);

		if (value > 0)
			return (uint32_t)value;
	}
	return otherwise;
}

static bool build_certificates(cfg_t *cfg, struct boot_config *config)
{
	size_t n = 0;

	for (unsigned i = 0; i < cfg_size(cfg, "https"); i++)
		n += cfg_size(cfg_getnsec(cfg, "https", i), "certificate");
	config->certificate = calloc(n + 1, sizeof(*config->certificate));
	for (unsigned i = 0; config->certificate && i < cfg_size(cfg, "https"); i++) {
		cfg_t *section = cfg_getnsec(cfg, "https", i);

		for (unsigned k = 0; k < cfg_size(section, "certificate"); k++) {
			struct boot_certificate *c = &config->certificate[config->certificates++];
			const char *key = k < cfg_size(section, "key")
						  ? cfg_getnstr(section, "key", k)
						  : NULL;

			c->file = config_file_name(section->filename);
			c->line = (unsigned)section->line;
			c->certificate = strdup(cfg_getnstr(section, "certificate", k));
			c->key = key ? strdup(key) : NULL;
			if (!c->certificate || (key && !c->key))
				return false;
		}
	}
	return config->certificate;
}

/* Of http and https, which are one server. */
static uint32_t http_limit(cfg_t *cfg, const char *option, uint32_t otherwise)
{
	return limit_of(cfg, "https", option, limit_of(cfg, "http", option, otherwise));
}

static bool build_file_servers(cfg_t *cfg, struct boot_config *config)
{
	struct tftp_settings *tftp = &config->tftp_settings;
	struct http_settings *http = &config->http_settings;

	tftp->transfers = limit_of(cfg, "tftp", "transfers", 2000);
	tftp->transfers_per_client = limit_of(cfg, "tftp", "transfers-per-client", 8);
	tftp->block_size = limit_of(cfg, "tftp", "block-size", 1428);
	tftp->window_size = limit_of(cfg, "tftp", "window-size", 64);
	for (unsigned i = 0; i < cfg_size(cfg, "tftp"); i++) {
		cfg_t *section = cfg_getnsec(cfg, "tftp", i);
		const char *ports = cfg_getstr(section, "ports");

		if (ports)
			conf_ports(ports, &tftp->first_port, &tftp->last_port);
		tftp->single_port |= cfg_getbool(section, "single-port") == cfg_true;
	}
	http->connections = http_limit(cfg, "connections", 4000);
	http->connections_per_client = http_limit(cfg, "connections-per-client", 64);
	http->least_rate = http_limit(cfg, "least-rate", 1024);
	return build_endpoints(cfg, "tftp", 69, &config->tftp) &&
	       build_endpoints(cfg, "http", 80, &config->http) &&
	       build_endpoints(cfg, "https", 443, &config->https) && build_certificates(cfg, config);
}

static bool build(cfg_t *cfg, struct boot_config *config)
{
	config_endpoint(cfg_getstr(cfg, "dhcp-listen"), DHCP6_SERVER_PORT, &config->dhcp);
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

/* Parse the text, build the config, check it as a whole. */
static int load(cfg_t *cfg, const char *name, const char *text, struct boot_config *config,
	struct config_problems *problems)
{
	char *rewritten;
	int rc, failed;

	config->file = strdup(name);
	if (!config->file)
		return -ENOMEM;
	conf_host_begin(config->file, conf_host_into_table, &config->hosts);
	conf_syntax_begin(add_subnet, config);
	rewritten = conf_option_rewrite(text);
	rc = rewritten ? config_parse_text(cfg, name, rewritten, problems) : -ENOMEM;
	free(rewritten);
	failed = conf_host_end();
	if (failed == 0)
		failed = conf_syntax_end();
	else
		conf_syntax_end();
	if (rc < 0)
		return failed < 0 ? failed : rc;
	return build(cfg, config) ? conf_check(config, problems) : -ENOMEM;
}

int conf_text_load(const char *name, const char *text, struct boot_config **out,
	struct config_problems *problems)
{
	cfg_t *cfg = conf_syntax_new();
	struct boot_config *config = cfg ? boot_config_new() : NULL;
	int rc = config ? load(cfg, name, text, config, problems) : -ENOMEM;

	*out = NULL;
	if (rc == 0)
		*out = config;
	else
		boot_config_free(config);
	if (cfg)
		cfg_free(cfg);
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
