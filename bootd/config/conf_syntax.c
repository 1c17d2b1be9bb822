/* SPDX-License-Identifier: ISC */
/*
 * The settings and sections of bootd.conf: libConfuse's tables with the defaults, at the end of the
 * file, and the checks of sections as a whole. conf_expect.c checks each value. A new setting is a
 * row here and one there.
 */
#include "bootd/config/conf_read.h"

#include <stdio.h>
#include <string.h>

#include "daemon/paths.h"

enum { SUBNET_LEN_MAX = 120 };

static int check_rate(cfg_t *cfg, cfg_opt_t *opt)
{
	long rate = cfg_opt_getnint(opt, 0);

	if (rate < 0 || rate > 1000000)
		return config_error(cfg,
			"%s: %ld is not valid; expected messages a second from 1 to 1000000 such "
			"as 50, or 0 for no limit",
			opt->name, rate);
	return 0;
}

/* Limits of the file servers; NODEFAULT: one that is not set has no value to check. */
static const struct {
	const char *section, *option;
	long least, most, such_as;
} limit[] = {
	{"tftp", "transfers", 1, 100000, 2000},
	{"tftp", "transfers-per-client", 1, 100000, 8},
	{"tftp", "block-size", 512, 65464, 1428},
	{"tftp", "window-size", 1, 64, 16},
	{"http", "connections", 1, 100000, 4000},
	{"http", "connections-per-client", 1, 100000, 64},
	{"http", "least-rate", 1, 1000000000, 1024},
	{"https", "connections", 1, 100000, 4000},
	{"https", "connections-per-client", 1, 100000, 64},
	{"https", "least-rate", 1, 1000000000, 1024},
};

static int check_limit(cfg_t *cfg, cfg_opt_t *opt)
{
	long value = cfg_opt_getnint(opt, 0);

	for (size_t i = 0; i < sizeof(limit) / sizeof(limit[0]); i++)
		if (strcmp(limit[i].section, cfg_name(cfg)) == 0 &&
			strcmp(limit[i].option, opt->name) == 0 &&
			(value < limit[i].least || value > limit[i].most))
			return config_error(cfg,
				"%s: %ld is not valid; expected %ld to %ld, such as %s = %ld",
				opt->name, value, limit[i].least, limit[i].most, opt->name,
				limit[i].such_as);
	return 0;
}

static void set_limit_validators(cfg_t *cfg)
{
	char path[64];

	for (size_t i = 0; i < sizeof(limit) / sizeof(limit[0]); i++) {
		snprintf(path, sizeof(path), "%s|%s", limit[i].section, limit[i].option);
		cfg_set_validate_func(cfg, path, check_limit);
	}
}

static int check_pool(cfg_t *cfg, cfg_t *section, const struct prefix *prefix)
{
	const char *pool = cfg_getstr(section, "pool");
	bool wanted = strcmp(cfg_getstr(section, "addresses"), "pool") == 0;
	struct in6_addr low, high;
	uint32_t size;

	if (wanted != (pool != NULL) && !config_has_syntax_errors())
		return config_error(cfg,
			"pool: %s \"%s\" has only one of addresses = pool and pool; expected "
			"both, such as addresses = pool pool = "
			"\"2001:db8:1::1000-2001:db8:1::1fff\"",
			cfg_name(section), cfg_title(section));
	if (!pool || conf_pool(pool, &low, &size) < 0)
		return 0; /* conf_expect.c has reported it */
	high = address_after(&low, size - 1);
	if (!prefix_contains(prefix, &low) || !prefix_contains(prefix, &high))
		return config_error(cfg,
			"pool: \"%s\" is not inside the subnet of %s \"%s\"; expected a range such "
			"as \"2001:db8:1::1000-2001:db8:1::1fff\"",
			pool, cfg_name(section), cfg_title(section));
	return 0;
}

/* Static for the duration of one parse: libConfuse passes no argument of the caller to validators.
 */
static struct {
	conf_subnet_add_fn *add;
	void *arg;
	int rc;
} subnets;

void conf_syntax_begin(conf_subnet_add_fn *add, void *arg)
{
	subnets.add = add;
	subnets.arg = arg;
	subnets.rc = 0;
}

int conf_syntax_end(void)
{
	subnets.add = NULL;
	return subnets.rc;
}

static int hand_over_subnet(cfg_opt_t *opt, cfg_t *section)
{
	if (!subnets.add)
		return 0;
	if (subnets.rc == 0 && !config_has_errors())
		subnets.rc = subnets.add(subnets.arg, section);
	cfg_free_value(opt);
	return subnets.rc < 0 ? -1 : 0;
}

static int check_subnet(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct prefix prefix;

	if (prefix_parse(cfg_title(section), &prefix) < 0)
		return config_error(cfg,
			"subnet: \"%s\" is not valid; expected a prefix such as "
			"\"2001:db8:1::/64\"",
			cfg_title(section));
	if (prefix.len == 0 || prefix.len > SUBNET_LEN_MAX)
		return config_error(cfg,
			"subnet: the length of \"%s\" is not valid; expected 1 to %d, such as "
			"\"2001:db8:1::/64\"",
			cfg_title(section), SUBNET_LEN_MAX);
	if (check_pool(cfg, section, &prefix) < 0)
		return -1;
	return hand_over_subnet(opt, section);
}

/* `cfg` is the subnet; its own title is checked when the section ends. */
static int check_class(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct prefix prefix;

	return prefix_parse(cfg_title(cfg), &prefix) < 0 ? 0 : check_pool(cfg, section, &prefix);
}

static int check_https(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	unsigned certificates = cfg_size(section, "certificate"), keys = cfg_size(section, "key");

	if (config_has_syntax_errors())
		return 0;
	if (certificates == 0)
		return config_error(cfg,
			"certificate: https has none; expected a PEM file such as certificate = "
			"\"/etc/netboot6/tls/server.crt\"");
	if (keys > 0 && keys != certificates)
		return config_error(cfg,
			"key: https has %u for %u certificates; expected one for each in the same "
			"order, or none if the keys are in the files of the certificates, such as "
			"key = \"/etc/netboot6/tls/server.key\"",
			keys, certificates);
	return 0;
}

static int check_boot(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);

	if (!cfg_getstr(section, "url") && !config_has_syntax_errors())
		return config_error(cfg,
			"url: boot \"%s\" has none; expected one such as "
			"\"tftp://[2001:db8::69]/ipxe.efi\"",
			cfg_title(section));
	if (cfg_size(section, "param") > BOOT_PARAMS_MAX)
		return config_error(cfg,
			"param: boot \"%s\" has %u; expected at most %d, such as param = {\"700\"}",
			cfg_title(section), cfg_size(section, "param"), BOOT_PARAMS_MAX);
	return 0;
}

/* For one section, or for all if `section` is NULL. */
static void set_validators(cfg_t *cfg, const char *section)
{
	conf_expect(cfg, section);
	cfg_set_validate_func(cfg, "host", conf_host_section);
	cfg_set_validate_func(cfg, "host|option", conf_option_section);
	if (section)
		return;
	cfg_set_validate_func(cfg, "option", conf_option_section);
	cfg_set_validate_func(cfg, "group|option", conf_option_section);
	cfg_set_validate_func(cfg, "subnet|option", conf_option_section);
	cfg_set_validate_func(cfg, "subnet|class|option", conf_option_section);
	set_limit_validators(cfg);
	cfg_set_validate_func(cfg, "client-rate", check_rate);
	cfg_set_validate_func(cfg, "link-rate", check_rate);
	cfg_set_validate_func(cfg, "subnet", check_subnet);
	cfg_set_validate_func(cfg, "subnet|class", check_class);
	cfg_set_validate_func(cfg, "https", check_https);
	cfg_set_validate_func(cfg, "boot", check_boot);
}

/* --- the tables ---------------------------------------------------------------- */

/* A section with conditions: both names of each condition, then its other settings. */
enum { NEGATED_NAME = 32, SECTION_OPTIONS_MAX = 2 * CONDITION_KINDS + 8 };

#define PLAN                                                                                       \
	CFG_STR("addresses", "stable", CFGF_NONE), CFG_STR("pool", NULL, CFGF_NODEFAULT),          \
		CFG_STR("lifetime", NULL, CFGF_NODEFAULT)

/* libConfuse parses the defaults of lists in place, so they are not constant. */
static char default_supplied[] = "{65}";
static char default_tftp[] = "{\"[::]:69\"}", default_http[] = "{\"[::]:80\"}";
static char default_https[] = "{\"[::]:443\"}";

static cfg_opt_t tftp_options[] = {
	CFG_STR_LIST("listen", default_tftp, CFGF_NONE),
	CFG_INT("transfers", 0, CFGF_NODEFAULT),
	CFG_INT("transfers-per-client", 0, CFGF_NODEFAULT),
	CFG_INT("block-size", 0, CFGF_NODEFAULT),
	CFG_INT("window-size", 0, CFGF_NODEFAULT),
	CFG_STR("ports", NULL, CFGF_NODEFAULT),
	CFG_BOOL("single-port", cfg_false, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t http_options[] = {
	CFG_STR_LIST("listen", default_http, CFGF_NONE),
	CFG_INT("connections", 0, CFGF_NODEFAULT),
	CFG_INT("connections-per-client", 0, CFGF_NODEFAULT),
	CFG_INT("least-rate", 0, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t https_options[] = {
	CFG_STR_LIST("listen", default_https, CFGF_NONE),
	CFG_STR_LIST("certificate", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("key", NULL, CFGF_NODEFAULT),
	CFG_INT("connections", 0, CFGF_NODEFAULT),
	CFG_INT("connections-per-client", 0, CFGF_NODEFAULT),
	CFG_INT("least-rate", 0, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t page_options[] = {
	CFG_STR("listen", "[::1]:8069", CFGF_NONE),
	CFG_STR_LIST("names", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t metrics_options[] = {
	CFG_STR("listen", "[::1]:9548", CFGF_NONE),
	CFG_STR_LIST("names", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t group_options[] = {
	CFG_STR_LIST("set", NULL, CFGF_NODEFAULT),
	CONF_OPTION,
	CFG_END(),
};

/* add_conditions() fills these two in. */
static cfg_opt_t class_options[SECTION_OPTIONS_MAX], boot_options[SECTION_OPTIONS_MAX];

static const cfg_opt_t class_others[] = {PLAN, CONF_OPTION, CFG_END()};

static const cfg_opt_t boot_others[] = {
	CFG_STR("url", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("param", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t subnet_options[] = {
	PLAN,
	CFG_SEC("class", class_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_STR("interface", NULL, CFGF_NODEFAULT),
	CFG_STR("link", NULL, CFGF_NODEFAULT),
	CFG_STR("interface-id", NULL, CFGF_NODEFAULT),
	CFG_STR("remote-id", NULL, CFGF_NODEFAULT),
	CFG_STR("relay-id", NULL, CFGF_NODEFAULT),
	CONF_OPTION,
	CFG_END(),
};

static cfg_opt_t file_options[] = {
	CFG_STR_LIST("listen", NULL, CFGF_NODEFAULT),
	CFG_STR("dhcp-listen", "[::]:547", CFGF_NONE),
	CFG_STR("root", NULL, CFGF_NODEFAULT),
	CFG_SEC("tftp", tftp_options, CFGF_MULTI),
	CFG_SEC("http", http_options, CFGF_MULTI),
	CFG_SEC("https", https_options, CFGF_MULTI),
	CFG_SEC("page", page_options, CFGF_NODEFAULT),
	CFG_SEC("metrics", metrics_options, CFGF_NODEFAULT),
	CFG_STR_LIST("dns", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("domain-search", NULL, CFGF_NODEFAULT),
	CONF_OPTION,
	CFG_STR("preference", "0", CFGF_NONE),
	CFG_BOOL("registration", cfg_true, CFGF_NONE),
	CFG_STR_LIST("trusted-relays", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("leasequery", NULL, CFGF_NODEFAULT),
	CFG_INT("client-rate", 50, CFGF_NONE),
	CFG_INT("link-rate", 20000, CFGF_NONE),
	CFG_BOOL("rapid-commit", cfg_false, CFGF_NONE),
	CFG_STR("information-refresh", NULL, CFGF_NODEFAULT),
	CFG_STR("sol-max-rt", NULL, CFGF_NODEFAULT),
	CFG_STR("inf-max-rt", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("relay-supplied-options", default_supplied, CFGF_NONE),
	CFG_STR("lifetime", NULL, CFGF_NODEFAULT),
	CFG_STR("control", PATH_BOOTD_CONTROL, CFGF_NONE),
	DAEMON_SETTINGS,
	CFG_STR("key", NULL, CFGF_NODEFAULT),
	CFG_STR("key-file", CONF_STATE_DIR "/bootd.key", CFGF_NONE),
	CFG_STR("server-duid", NULL, CFGF_NODEFAULT),
	CFG_STR("server-duid-file", CONF_STATE_DIR "/bootd.duid", CFGF_NONE),
	CFG_STR("hosts-directory", NULL, CFGF_NODEFAULT),
	CFG_STR("leases", CONF_STATE_DIR "/leases.db", CFGF_NONE),
	CFG_SEC("subnet", subnet_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_SEC("group", group_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_SEC("host", conf_host_options, CFGF_MULTI | CFGF_TITLE),
	CFG_SEC("boot", boot_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_END(),
};

/* `others` ends with CFG_END(), as the result does. */
static void add_conditions(cfg_opt_t *to, bool in_class, const cfg_opt_t *others, size_t n)
{
	static char negated[CONDITION_KINDS][NEGATED_NAME];

	for (int i = 0; i < CONDITION_KINDS; i++) {
		enum condition_kind kind = (enum condition_kind)i;

		if (in_class && !condition_is_in_class(kind))
			continue;
		snprintf(negated[i], NEGATED_NAME, "not-%s", condition_name(kind));
		*to++ = (cfg_opt_t)CFG_STR_LIST(condition_name(kind), NULL, CFGF_NODEFAULT);
		*to++ = (cfg_opt_t)CFG_STR_LIST(negated[i], NULL, CFGF_NODEFAULT);
	}
	memcpy(to, others, n * sizeof(*others));
}

cfg_t *conf_syntax_new(void)
{
	cfg_t *cfg;

	add_conditions(
		class_options, true, class_others, sizeof(class_others) / sizeof(class_others[0]));
	add_conditions(
		boot_options, false, boot_others, sizeof(boot_others) / sizeof(boot_others[0]));
	cfg = cfg_init(file_options, CFGF_NONE);
	if (cfg) {
		set_validators(cfg, NULL);
		daemon_settings_expect(cfg);
	}
	return cfg;
}

cfg_t *conf_syntax_of_hosts(void)
{
	cfg_opt_t top[] = {
		CFG_SEC("host", conf_host_options, CFGF_MULTI | CFGF_TITLE),
		CFG_END(),
	};
	cfg_t *cfg = cfg_init(top, CFGF_NONE);

	if (cfg)
		set_validators(cfg, "host");
	return cfg;
}
