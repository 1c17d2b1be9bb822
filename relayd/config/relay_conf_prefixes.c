/* SPDX-License-Identifier: ISC */
/*
 * Checking and copying the settings of prefix delegation. The checks run while the file is read,
 * like those of relay_conf_expect.c.
 */
#include "relayd/config/relay_conf_prefixes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/paths.h"

static int validate_pools(struct config_section *cfg, struct config_setting *setting)
{
	struct prefix prefix;

	if (prefix_parse(config_last_text(setting), &prefix) < 0 || prefix.len < 8 || prefix.len > 64)
		return config_error(cfg,
			"prefix-pools: \"%s\" is not a prefix that a server delegates from; expected "
			"one of length 8 to 64 without host bits, for example "
			"\"2001:db8:f000::/36\"",
			config_last_text(setting));
	return 0;
}

static int validate_prefix_limit(struct config_section *cfg, struct config_setting *setting)
{
	long limit = setting->number;

	if (limit < 1 || limit > RELAY_PREFIXES_MAX)
		return config_error(cfg,
			"%s: %ld is out of range; expected 1 to %d delegated prefixes, for example "
			"%d",
			setting->name, limit, RELAY_PREFIXES_MAX,
			strcmp(setting->name, "prefixes-per-client") == 0 ? RELAY_PREFIXES_PER_CLIENT
								      : RELAY_PREFIXES_PER_LINK);
	return 0;
}

/* The kernel, radvd and boot scripts use the lower ones; 255 does not fit all programs. */
static int validate_route_protocol(struct config_section *cfg, struct config_setting *setting)
{
	long protocol = setting->number;

	if (protocol < 5 || protocol > 254)
		return config_error(cfg,
			"route-protocol: %ld is out of range; expected 5 to 254, and a number that "
			"no other program uses (ip-route(8), rt_protos), for example %d",
			protocol, RELAY_ROUTE_PROTOCOL);
	return 0;
}

static int validate_state(struct config_section *cfg, struct config_setting *setting)
{
	const char *path = config_last_text(setting);
	struct stat st;

	if (*path != '/' || (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
		return config_error(cfg,
			"state: \"%s\" cannot hold the delegated prefixes; expected the absolute path "
			"of a file, for example \"" PATH_RELAYD_STATE "\"",
			path);
	return 0;
}

void relay_conf_expect_prefixes(struct config_section *cfg)
{
	static const struct {
		const char *option;
		config_check_fn *validate;
	} validators[] = {
		{"link|prefixes-per-client", validate_prefix_limit},
		{"link|prefixes-per-link", validate_prefix_limit},
		{"prefixes-per-client", validate_prefix_limit},
		{"prefixes-per-link", validate_prefix_limit},
		{"prefix-pools", validate_pools},
		{"route-protocol", validate_route_protocol},
		{"state", validate_state},
	};

	for (size_t i = 0; i < sizeof(validators) / sizeof(validators[0]); i++)
		config_set_check(cfg, validators[i].option, validators[i].validate);
}

/* The section if it has the setting, else the file. */
static struct config_section *who_says(struct config_section *section, struct config_section *cfg, const char *setting)
{
	return section && config_is_set(section, setting) ? section : cfg;
}

static uint32_t limit_of(struct config_section *section, struct config_section *cfg, const char *setting)
{
	return (uint32_t)config_number(who_says(section, cfg, setting), setting);
}

void relay_conf_copy_link_prefixes(struct relay_link_rule *rule, struct config_section *section, struct config_section *cfg)
{
	rule->routes = config_bool(who_says(section, cfg, "routes"), "routes");
	rule->prefixes_per_client = limit_of(section, cfg, "prefixes-per-client");
	rule->prefixes_per_link = limit_of(section, cfg, "prefixes-per-link");
}

int relay_conf_copy_prefixes(struct relay_conf *conf, struct config_section *cfg)
{
	unsigned n = config_count(cfg, "prefix-pools");

	conf->route_protocol = (uint8_t)config_number(cfg, "route-protocol");
	conf->state = strdup(config_text(cfg, "state"));
	conf->pools = calloc(n ? n : 1, sizeof(*conf->pools));
	if (!conf->state || !conf->pools)
		return -ENOMEM;
	for (; conf->n_pools < n; conf->n_pools++)
		prefix_parse(config_text_at(cfg, "prefix-pools", (unsigned)conf->n_pools),
			&conf->pools[conf->n_pools]);
	return 0;
}
