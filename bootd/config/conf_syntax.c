/* SPDX-License-Identifier: ISC */
/*
 * The settings and sections of bootd.conf: the tables with the defaults, at the end of the file,
 * and the checks of sections as a whole. conf_expect.c checks each value. A new setting is a row
 * here and one there.
 */
#include "bootd/config/conf_read.h"

#include <stdio.h>
#include <string.h>

#include "daemon/paths.h"

enum { SUBNET_LEN_MAX = 120 };

static int check_rate(struct config_section *cfg, struct config_setting *setting)
{
	long rate = setting->number;

	if (rate < 0 || rate > 1000000)
		return config_error(cfg,
			"%s: %ld is not valid; expected messages a second from 1 to 1000000 such "
			"as 50, or 0 for no limit",
			setting->name, rate);
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
	{"subnet", "tftp-block-size", 512, 65464, 1200},
	{"tftp", "window-size", 1, 64, 16},
	{"http", "connections", 1, 100000, 4000},
	{"http", "connections-per-client", 1, 100000, 64},
	{"http", "least-rate", 1, 1000000000, 1024},
	{"https", "connections", 1, 100000, 4000},
	{"https", "connections-per-client", 1, 100000, 64},
	{"https", "least-rate", 1, 1000000000, 1024},
};

static int check_limit(struct config_section *cfg, struct config_setting *setting)
{
	long value = setting->number;

	for (size_t i = 0; i < sizeof(limit) / sizeof(limit[0]); i++)
		if (strcmp(limit[i].section, cfg->name) == 0 &&
			strcmp(limit[i].option, setting->name) == 0 &&
			(value < limit[i].least || value > limit[i].most))
			return config_error(cfg,
				"%s: %ld is not valid; expected %ld to %ld, such as %s = %ld",
				setting->name, value, limit[i].least, limit[i].most, setting->name,
				limit[i].such_as);
	return 0;
}

static void set_limit_validators(struct config_section *cfg)
{
	char path[64];

	for (size_t i = 0; i < sizeof(limit) / sizeof(limit[0]); i++) {
		snprintf(path, sizeof(path), "%s|%s", limit[i].section, limit[i].option);
		config_set_check(cfg, path, check_limit);
	}
}

static int check_pool(struct config_section *cfg, struct config_section *section, const struct prefix *prefix)
{
	const char *pool = config_text(section, "pool");
	bool wanted = strcmp(config_text(section, "addresses"), "pool") == 0;
	struct in6_addr low, high;
	uint32_t size;

	if (wanted != (pool != NULL) && !config_has_syntax_errors(cfg))
		return config_error(cfg,
			"pool: %s \"%s\" has only one of addresses = pool and pool; expected "
			"both, such as addresses = pool pool = "
			"\"2001:db8:1::1000-2001:db8:1::1fff\"",
			section->name, section->title);
	if (!pool || conf_pool(pool, &low, &size) < 0)
		return 0; /* conf_expect.c has reported it */
	high = address_after(&low, size - 1);
	if (!prefix_contains(prefix, &low) || !prefix_contains(prefix, &high))
		return config_error(cfg,
			"pool: \"%s\" is not inside the subnet of %s \"%s\"; expected a range such "
			"as \"2001:db8:1::1000-2001:db8:1::1fff\"",
			pool, section->name, section->title);
	return 0;
}

static int hand_over_subnet(struct config_section *cfg, struct config_setting *setting)
{
	const struct conf_receiver *to = config_arg(cfg);
	int rc = 0;

	if (!to->add_subnet)
		return 0;
	if (!config_has_errors(cfg))
		rc = to->add_subnet(to->arg, config_last_section(setting));
	config_clear(setting);
	return rc;
}

static int check_subnet(struct config_section *cfg, struct config_setting *setting)
{
	struct config_section *section = config_last_section(setting);
	struct prefix prefix;

	if (prefix_parse(section->title, &prefix) < 0)
		return config_error(cfg,
			"subnet: \"%s\" is not valid; expected a prefix such as "
			"\"2001:db8:1::/64\"",
			section->title);
	if (prefix.len == 0 || prefix.len > SUBNET_LEN_MAX)
		return config_error(cfg,
			"subnet: the length of \"%s\" is not valid; expected 1 to %d, such as "
			"\"2001:db8:1::/64\"",
			section->title, SUBNET_LEN_MAX);
	if (check_pool(cfg, section, &prefix) < 0)
		return -1;
	return hand_over_subnet(cfg, setting);
}

/* `cfg` is the subnet; its own title is checked when the section ends. */
static int check_class(struct config_section *cfg, struct config_setting *setting)
{
	struct config_section *section = config_last_section(setting);
	struct prefix prefix;

	return prefix_parse(cfg->title, &prefix) < 0 ? 0 : check_pool(cfg, section, &prefix);
}

static int check_https(struct config_section *cfg, struct config_setting *setting)
{
	struct config_section *section = config_last_section(setting);
	unsigned certificates = config_count(section, "certificate"), keys = config_count(section, "key");

	if (config_has_syntax_errors(cfg))
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

static int check_boot(struct config_section *cfg, struct config_setting *setting)
{
	struct config_section *section = config_last_section(setting);

	if (!config_text(section, "url") && !config_has_syntax_errors(cfg))
		return config_error(cfg,
			"url: boot \"%s\" has none; expected one such as "
			"\"tftp://[2001:db8::69]/ipxe.efi\"",
			section->title);
	if (config_count(section, "param") > BOOT_PARAMS_MAX)
		return config_error(cfg,
			"param: boot \"%s\" has %u; expected at most %d, such as param = {\"700\"}",
			section->title, config_count(section, "param"), BOOT_PARAMS_MAX);
	return 0;
}

/* For one section, or for all if `section` is NULL. */
static void set_validators(struct config_section *cfg, const char *section)
{
	conf_expect(cfg, section);
	config_set_check(cfg, "host", conf_host_section);
	config_set_check(cfg, "host|option", conf_option_section);
	if (section)
		return;
	config_set_check(cfg, "option", conf_option_section);
	config_set_check(cfg, "group|option", conf_option_section);
	config_set_check(cfg, "subnet|option", conf_option_section);
	config_set_check(cfg, "subnet|class|option", conf_option_section);
	set_limit_validators(cfg);
	config_set_check(cfg, "client-rate", check_rate);
	config_set_check(cfg, "link-rate", check_rate);
	config_set_check(cfg, "subnet", check_subnet);
	config_set_check(cfg, "subnet|class", check_class);
	config_set_check(cfg, "https", check_https);
	config_set_check(cfg, "boot", check_boot);
}

/* --- the tables ---------------------------------------------------------------- */

/* A section with conditions: both names of each condition, then its other settings. */
enum { NEGATED_NAME = 32, SECTION_OPTIONS_MAX = 2 * CONDITION_KINDS + 8 };

#define PLAN                                                                                       \
	CONFIG_TEXT("addresses", "stable"), CONFIG_TEXT("pool", NULL),          \
		CONFIG_TEXT("lifetime", NULL)

static const struct config_def tftp_options[] = {
	CONFIG_LIST("listen", "[::]:69"),
	CONFIG_NUMBER("transfers", 0),
	CONFIG_NUMBER("transfers-per-client", 0),
	CONFIG_NUMBER("block-size", 0),
	CONFIG_NUMBER("window-size", 0),
	CONFIG_TEXT("ports", NULL),
	CONFIG_BOOL("single-port", false),
	CONFIG_BOOL("windows-paths", false),
	CONFIG_END,
};

static const struct config_def http_options[] = {
	CONFIG_LIST("listen", "[::]:80"),
	CONFIG_NUMBER("connections", 0),
	CONFIG_NUMBER("connections-per-client", 0),
	CONFIG_NUMBER("least-rate", 0),
	CONFIG_END,
};

static const struct config_def https_options[] = {
	CONFIG_LIST("listen", "[::]:443"),
	CONFIG_LIST("certificate", NULL),
	CONFIG_LIST("key", NULL),
	CONFIG_NUMBER("connections", 0),
	CONFIG_NUMBER("connections-per-client", 0),
	CONFIG_NUMBER("least-rate", 0),
	CONFIG_END,
};

static const struct config_def page_options[] = {
	CONFIG_TEXT("listen", "[::1]:8069"),
	CONFIG_LIST("names", NULL),
	CONFIG_END,
};

static const struct config_def metrics_options[] = {
	CONFIG_TEXT("listen", "[::1]:9548"),
	CONFIG_LIST("names", NULL),
	CONFIG_END,
};

static const struct config_def group_options[] = {
	CONFIG_LIST("set", NULL),
	CONF_OPTION,
	CONFIG_END,
};

/* add_conditions() fills these two in. */
static struct config_def class_options[SECTION_OPTIONS_MAX], boot_options[SECTION_OPTIONS_MAX];

static const struct config_def class_others[] = {PLAN, CONF_OPTION, CONFIG_END};

static const struct config_def boot_others[] = {
	CONFIG_TEXT("url", NULL),
	CONFIG_LIST("param", NULL),
	CONFIG_END,
};

static const struct config_def subnet_options[] = {
	PLAN,
	CONFIG_SECTION("class", class_options, CONFIG_SEVERAL | CONFIG_TITLED),
	CONFIG_TEXT("interface", NULL),
	CONFIG_TEXT("link", NULL),
	CONFIG_NUMBER("tftp-block-size", 0),
	CONFIG_TEXT("interface-id", NULL),
	CONFIG_TEXT("remote-id", NULL),
	CONFIG_TEXT("relay-id", NULL),
	CONF_OPTION,
	CONFIG_END,
};

static const struct config_def file_options[] = {
	CONFIG_LIST("listen", NULL),
	CONFIG_TEXT("dhcp-listen", "[::]:547"),
	CONFIG_TEXT("root", NULL),
	CONFIG_SECTION("tftp", tftp_options, CONFIG_SEVERAL),
	CONFIG_SECTION("http", http_options, CONFIG_SEVERAL),
	CONFIG_SECTION("https", https_options, CONFIG_SEVERAL),
	CONFIG_SECTION("page", page_options, 0),
	CONFIG_SECTION("metrics", metrics_options, 0),
	CONFIG_LIST("dns", NULL),
	CONFIG_LIST("domain-search", NULL),
	CONF_OPTION,
	CONFIG_TEXT("preference", "0"),
	CONFIG_BOOL("registration", true),
	CONFIG_LIST("trusted-proxies", NULL),
	CONFIG_LIST("trusted-relays", NULL),
	CONFIG_LIST("leasequery", NULL),
	CONFIG_NUMBER("client-rate", 50),
	CONFIG_NUMBER("link-rate", 20000),
	CONFIG_BOOL("rapid-commit", false),
	CONFIG_TEXT("information-refresh", NULL),
	CONFIG_TEXT("sol-max-rt", NULL),
	CONFIG_TEXT("inf-max-rt", NULL),
	CONFIG_LIST("relay-supplied-options", "65"),
	CONFIG_TEXT("lifetime", NULL),
	CONFIG_TEXT("control", PATH_BOOTD_CONTROL),
	DAEMON_SETTINGS,
	CONFIG_TEXT("key", NULL),
	CONFIG_TEXT("key-file", CONF_STATE_DIR "/bootd.key"),
	CONFIG_TEXT("server-duid", NULL),
	CONFIG_TEXT("server-duid-file", CONF_STATE_DIR "/bootd.duid"),
	CONFIG_TEXT("hosts-directory", NULL),
	CONFIG_TEXT("leases", CONF_STATE_DIR "/leases.db"),
	CONFIG_SECTION("subnet", subnet_options, CONFIG_SEVERAL | CONFIG_TITLED),
	CONFIG_SECTION("group", group_options, CONFIG_SEVERAL | CONFIG_TITLED),
	CONFIG_SECTION("host", conf_host_options, CONFIG_SEVERAL | CONFIG_TITLED | CONFIG_SAME_TITLE),
	CONFIG_SECTION("boot", boot_options, CONFIG_SEVERAL | CONFIG_TITLED),
	CONFIG_END,
};

/* `others` ends with CONFIG_END, as the result does. */
static void add_conditions(struct config_def *to, bool in_class, const struct config_def *others, size_t n)
{
	static char negated[CONDITION_KINDS][NEGATED_NAME];

	for (int i = 0; i < CONDITION_KINDS; i++) {
		enum condition_kind kind = (enum condition_kind)i;

		if (in_class && !condition_is_in_class(kind))
			continue;
		snprintf(negated[i], NEGATED_NAME, "not-%s", condition_name(kind));
		*to++ = (struct config_def)CONFIG_LIST(condition_name(kind), NULL);
		*to++ = (struct config_def)CONFIG_LIST(negated[i], NULL);
	}
	memcpy(to, others, n * sizeof(*others));
}

struct config_section *conf_syntax_new(struct conf_receiver *receiver)
{
	struct config_section *cfg;

	add_conditions(
		class_options, true, class_others, sizeof(class_others) / sizeof(class_others[0]));
	add_conditions(
		boot_options, false, boot_others, sizeof(boot_others) / sizeof(boot_others[0]));
	cfg = config_new(file_options);
	if (cfg) {
		config_set_arg(cfg, receiver);
		set_validators(cfg, NULL);
		daemon_settings_expect(cfg);
	}
	return cfg;
}

struct config_section *conf_syntax_of_hosts(struct conf_receiver *receiver)
{
	static const struct config_def top[] = {
		CONFIG_SECTION("host", conf_host_options,
			CONFIG_SEVERAL | CONFIG_TITLED | CONFIG_SAME_TITLE),
		CONFIG_END,
	};
	struct config_section *cfg = config_new(top);

	if (cfg) {
		config_set_arg(cfg, receiver);
		set_validators(cfg, "host");
	}
	return cfg;
}
