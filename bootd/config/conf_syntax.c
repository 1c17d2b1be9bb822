/* SPDX-License-Identifier: ISC */
/*
 * libConfuse's tables, and one table of our own that says for each option how its
 * text is read and what is expected of it.
 */
#include "bootd/config/conf_syntax.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/config/conf_host.h"
#include "bootd/config/conf_value.h"
#include "bootd/leases/postgresql_store.h"
#include "dhcp6/names.h"
#include "dhcp6/option.h"

enum { KEY_TEXT_MIN = 16, SUBNET_LEN_MAX = 120 };

/* --- one checker per kind of value ------------------------------------------ */

static int is_arch(const char *text)
{
	uint16_t code[CONF_ARCHS_MAX];

	return conf_archs(text, code) > 0 ? 0 : -EINVAL;
}

static int is_mac_start(const char *text)
{
	uint8_t mac[DHCP6_MAC_LEN], len;

	return conf_mac_start(text, mac, &len);
}

static int is_pattern(const char *text)
{
	struct text_pattern pattern;
	int rc = conf_pattern(text, &pattern);

	free(pattern.text);
	return rc;
}

static int is_port_id(const char *text)
{
	struct text_pattern pattern;
	int rc = conf_pattern(text, &pattern);

	if (rc == 0 && (pattern.is_start || pattern.len > PORT_ID_MAX))
		rc = -EINVAL;
	free(pattern.text);
	return rc;
}

static int is_variable(const char *text)
{
	struct host_variable variable = {0};
	int rc = conf_variable(text, &variable);

	free(variable.name);
	free(variable.value);
	return rc;
}

static int is_mac(const char *text)
{
	uint8_t mac[DHCP6_MAC_LEN];

	return dhcp6_mac_parse(text, mac);
}

static int is_uuid(const char *text)
{
	uint8_t uuid[DHCP6_UUID_LEN];

	return dhcp6_uuid_parse(text, uuid);
}

static int is_duid(const char *text)
{
	struct dhcp6_duid duid;

	return dhcp6_duid_parse(text, &duid);
}

static int is_address(const char *text)
{
	struct in6_addr address;

	return config_address(text, &address);
}

static int is_host_address(const char *text)
{
	struct in6_addr address;

	return config_address(text, &address) < 0 || IN6_IS_ADDR_MULTICAST(&address) ||
			       IN6_IS_ADDR_LINKLOCAL(&address) ||
			       IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LOOPBACK(&address)
		       ? -EINVAL
		       : 0;
}

static int is_endpoint(const char *text)
{
	struct sockaddr_in6 endpoint;

	return config_endpoint(text, 1, &endpoint);
}

static int is_prefix(const char *text)
{
	struct prefix prefix;

	return config_prefix(text, &prefix.address, &prefix.len);
}

static int is_between(const char *text, uint32_t least_s, uint32_t most_s)
{
	uint32_t seconds;

	return config_duration(text, &seconds) < 0 || seconds < least_s || seconds > most_s
		       ? -EINVAL
		       : 0;
}

static int is_lifetime(const char *text)
{
	return is_between(text, 60, 365 * 86400u);
}

static int is_refresh(const char *text)
{
	return is_between(text, 600, 365 * 86400u);
}

static int is_max_rt(const char *text)
{
	return is_between(text, 60, 86400);
}

static int is_supplied(const char *text)
{
	uint16_t code;

	return conf_supplied(text, &code);
}

static int is_domain(const char *text)
{
	uint8_t wire[256];
	struct wire_out out = wire_out_of(wire, sizeof(wire));

	return dhcp6_put_domain(&out, text);
}

static int is_key(const char *text)
{
	return strlen(text) < KEY_TEXT_MIN ? -EINVAL : 0;
}

static int is_addresses(const char *text)
{
	enum subnet_addresses addresses;

	return conf_addresses(text, &addresses);
}

static int is_name(const char *text)
{
	return *text ? 0 : -EINVAL;
}

/* That there is no libpq is said by conf_check(). */
static int is_leases(const char *text)
{
	char name[POSTGRESQL_NAME], why[POSTGRESQL_WHY];
	int rc = is_name(text);

	if (rc == 0 && postgresql_is_url(text))
		rc = postgresql_url_check(text, name, why);
	return rc == -ENOSYS ? 0 : rc;
}

static int is_pool(const char *text)
{
	struct in6_addr low;
	uint32_t size;

	return conf_pool(text, &low, &size);
}

#define EXPECT_UUID "a UUID such as \"00112233-4455-6677-8899-aabbccddeeff\""
#define EXPECT_DUID "a DUID in hexadecimal such as \"00030001525400123456\""
#define EXPECT_PATTERN "a text, the start of one with '*' at its end, or octets such as \"0x00ff\""
#define EXPECT_PORT_ID "a text or octets such as \"0x00ff\", of 255 octets at most"
#define EXPECT_VARIABLE "\"name=value\" with letters, digits, '_', '.', '-' in the name"
#define EXPECT_PREFIX "a prefix such as \"2001:db8:1::/64\""
#define EXPECT_LIFETIME "a time such as \"10m\", \"1h\" or \"7d\", between 1m and 365d"
#define EXPECT_POOL                                                                                \
	"a range such as \"2001:db8:1::1000-2001:db8:1::1fff\", the lower address first, of at "   \
	"most "                                                                                    \
	"16777216 addresses"
#define EXPECT_LEASES                                                                              \
	"a file, or a URI such as \"postgresql://netboot6@[2001:db8::5]/netboot6\" with an "       \
	"address, or a socket's directory, for each host"
#define EXPECT_ENDPOINT "an address and a port such as \"[::]:69\""

static const struct {
	const char *section, *option;
	int (*check)(const char *text);
	const char *expected;
	bool in_class; /* an option of a subnet's class as well */
} value[] = {
	{"root", "listen", is_name, "the name of a link"},
	{"root", "dhcp-listen", is_endpoint, EXPECT_ENDPOINT},
	{"root", "root", is_name, "a directory"},
	{"root", "dns", is_address, "an IPv6 address"},
	{"root", "domain-search", is_domain, "a domain name"},
	{"root", "lifetime", is_lifetime, EXPECT_LIFETIME},
	{"root", "leasequery", is_prefix, "a prefix such as \"2001:db8:1::/64\""},
	{"root", "trusted-relays", is_prefix, "a prefix such as \"2001:db8:1::/64\""},
	{"root", "information-refresh", is_refresh, "a time between 10m and 365d"},
	{"root", "sol-max-rt", is_max_rt, "a time between 60s and 1d"},
	{"root", "inf-max-rt", is_max_rt, "a time between 60s and 1d"},
	{"root", "relay-supplied-options", is_supplied,
		"the number of an option that is not the server's own to make"},
	{"root", "key", is_key, "a secret of 16 characters or more"},
	{"root", "key-file", is_name, "a file"},
	{"root", "server-duid", is_duid, EXPECT_DUID},
	{"root", "server-duid-file", is_name, "a file"},
	{"root", "hosts-directory", is_name, "a directory"},
	{"root", "leases", is_leases, EXPECT_LEASES},
	{"tftp", "listen", is_endpoint, EXPECT_ENDPOINT},
	{"http", "listen", is_endpoint, EXPECT_ENDPOINT},
	{"page", "listen", is_endpoint, EXPECT_ENDPOINT},
	{"metrics", "listen", is_endpoint, EXPECT_ENDPOINT},
	{"subnet", "addresses", is_addresses, "stable, pool, none or proxy", true},
	{"subnet", "pool", is_pool, EXPECT_POOL, true},
	{"subnet", "lifetime", is_lifetime, EXPECT_LIFETIME, true},
	{"subnet", "interface", is_name, "the name of a link"},
	{"host", "mac", is_mac, "a MAC address such as \"52:54:00:12:34:56\""},
	{"host", "uuid", is_uuid, EXPECT_UUID},
	{"host", "duid", is_duid, EXPECT_DUID},
	{"host", "interface-id", is_port_id, EXPECT_PORT_ID},
	{"host", "remote-id", is_port_id, EXPECT_PORT_ID},
	{"host", "subnet", is_prefix, EXPECT_PREFIX},
	{"host", "relay-id", is_duid, EXPECT_DUID},
	{"host", "group", is_name, "the name of a group"},
	{"host", "address", is_host_address, "an IPv6 address that a host can have"},
	{"host", "set", is_variable, EXPECT_VARIABLE},
	{"boot", "arch", is_arch,
		"an architecture such as x64-uefi, x64-http, arm64-uefi or x86-bios, its number, "
		"or a group such as uefi, http, bios, x64 or arm64",
		true},
	{"boot", "user-class", is_pattern, EXPECT_PATTERN, true},
	{"boot", "vendor-class", is_pattern, EXPECT_PATTERN, true},
	{"group", "set", is_variable, EXPECT_VARIABLE},
	{"boot", "group", is_pattern,
		"the name of a group, or the start of one with '*' at its end", true},
	{"boot", "host", is_pattern, "the name of a host, or the start of one with '*' at its end",
		true},
	{"boot", "interface-id", is_pattern, EXPECT_PATTERN, true},
	{"boot", "remote-id", is_pattern, EXPECT_PATTERN, true},
	{"boot", "mac", is_mac_start, "the first octets of a MAC address such as \"52:54:00\"",
		true},
	{"boot", "uuid", is_uuid, EXPECT_UUID, true},
	{"boot", "subnet", is_prefix, EXPECT_PREFIX},
	{"boot", "url", is_name, "a URL"},
	{"boot", "param", is_name, "a text that is not empty"},
};

static int check_rate(cfg_t *cfg, cfg_opt_t *opt)
{
	long rate = cfg_opt_getnint(opt, 0);

	if (rate < 0 || rate > 1000000)
		return config_error(cfg,
			"%s = %ld: expected messages a second from 1 to 1000000, or 0 for no limit",
			opt->name, rate);
	return 0;
}

static bool is_of(size_t i, const char *section)
{
	return strcmp(value[i].section, section) == 0 ||
	       (value[i].in_class && strcmp(section, "class") == 0);
}

static int check_value(cfg_t *cfg, cfg_opt_t *opt)
{
	for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
		if (strcmp(value[i].option, opt->name) != 0 || !is_of(i, cfg_name(cfg)))
			continue;
		for (unsigned k = 0; k < cfg_opt_size(opt); k++) {
			const char *text = cfg_opt_getnstr(opt, k);

			if (text && value[i].check(text) < 0)
				return config_error(cfg, "%s = \"%s\": expected %s", opt->name,
					text, value[i].expected);
		}
	}
	return 0;
}

static int check_pool(cfg_t *cfg, cfg_t *section, const struct prefix *prefix)
{
	const char *pool = cfg_getstr(section, "pool");
	bool wanted = strcmp(cfg_getstr(section, "addresses"), "pool") == 0;
	struct in6_addr low, high;
	uint32_t size;

	if (wanted != (pool != NULL))
		return config_error(cfg,
			"%s \"%s\": expected addresses = pool and pool = \"FIRST-LAST\", both",
			cfg_name(section), cfg_title(section));
	if (!pool || conf_pool(pool, &low, &size) < 0)
		return 0; /* said already */
	high = address_after(&low, size - 1);
	if (!prefix_contains(prefix, &low) || !prefix_contains(prefix, &high))
		return config_error(cfg, "%s \"%s\": pool = \"%s\": expected a range inside %s",
			cfg_name(section), cfg_title(section), pool,
			strcmp(cfg_name(section), "subnet") == 0 ? "it" : "the subnet");
	return 0;
}

static int check_subnet(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct prefix prefix;

	if (config_prefix(cfg_title(section), &prefix.address, &prefix.len) < 0)
		return config_error(cfg,
			"subnet \"%s\": expected a prefix such as \"2001:db8:1::/64\"",
			cfg_title(section));
	if (prefix.len == 0 || prefix.len > SUBNET_LEN_MAX)
		return config_error(cfg, "subnet \"%s\": expected a length of 1 to %d",
			cfg_title(section), SUBNET_LEN_MAX);
	return check_pool(cfg, section, &prefix);
}

/* `cfg` is the subnet, whose own title is judged when it ends. */
static int check_class(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct prefix prefix;

	return config_prefix(cfg_title(cfg), &prefix.address, &prefix.len) < 0
		       ? 0
		       : check_pool(cfg, section, &prefix);
}

static int check_boot(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);

	if (!cfg_getstr(section, "url"))
		return config_error(cfg, "boot \"%s\": expected a url", cfg_title(section));
	if (cfg_size(section, "param") > BOOT_PARAMS_MAX)
		return config_error(cfg, "boot \"%s\": expected at most %d texts in param",
			cfg_title(section), BOOT_PARAMS_MAX);
	return 0;
}

/* Of one section, or of all where `section` is NULL. */
static void set_validators(cfg_t *cfg, const char *section)
{
	char path[64];

	for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
		bool at_top = strcmp(value[i].section, "root") == 0;

		if (section && strcmp(value[i].section, section) != 0)
			continue;
		strcpy(path, at_top ? "" : value[i].section);
		if (!at_top)
			strcat(path, "|");
		strcat(path, value[i].option);
		cfg_set_validate_func(cfg, path, check_value);
		if (!value[i].in_class)
			continue;
		strcat(strcpy(path, "subnet|class|"), value[i].option);
		cfg_set_validate_func(cfg, path, check_value);
	}
	cfg_set_validate_func(cfg, "host", conf_host_section);
	if (section)
		return;
	cfg_set_validate_func(cfg, "client-rate", check_rate);
	cfg_set_validate_func(cfg, "link-rate", check_rate);
	cfg_set_validate_func(cfg, "subnet", check_subnet);
	cfg_set_validate_func(cfg, "subnet|class", check_class);
	cfg_set_validate_func(cfg, "boot", check_boot);
}

#define CONDITIONS                                                                                 \
	CFG_STR_LIST("arch", NULL, CFGF_NODEFAULT), CFG_STR("user-class", NULL, CFGF_NODEFAULT),   \
		CFG_STR("vendor-class", NULL, CFGF_NODEFAULT),                                     \
		CFG_STR("host", NULL, CFGF_NODEFAULT), CFG_STR("group", NULL, CFGF_NODEFAULT),     \
		CFG_STR("mac", NULL, CFGF_NODEFAULT), CFG_STR("uuid", NULL, CFGF_NODEFAULT),       \
		CFG_STR("interface-id", NULL, CFGF_NODEFAULT),                                     \
		CFG_STR("remote-id", NULL, CFGF_NODEFAULT)
#define PLAN                                                                                       \
	CFG_STR("addresses", "stable", CFGF_NONE), CFG_STR("pool", NULL, CFGF_NODEFAULT),          \
		CFG_STR("lifetime", NULL, CFGF_NODEFAULT)

cfg_t *conf_syntax_new(void)
{
	static char supplied[] = "{65}"; /* libConfuse parses it, and wants it writable */
	cfg_opt_t tftp[] = {CFG_STR("listen", "[::]:69", CFGF_NONE), CFG_END()};
	cfg_opt_t http[] = {CFG_STR("listen", "[::]:80", CFGF_NONE), CFG_END()};
	cfg_opt_t class[] = {CONDITIONS, PLAN, CFG_END()};
	cfg_opt_t page[] = {CFG_STR("listen", "[::1]:8069", CFGF_NONE), CFG_END()};
	cfg_opt_t metrics[] = {CFG_STR("listen", "[::1]:9548", CFGF_NONE), CFG_END()};
	cfg_opt_t subnet[] = {
		PLAN,
		CFG_SEC("class", class, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_STR("interface", NULL, CFGF_NODEFAULT),
		CFG_END(),
	};
	cfg_opt_t group[] = {
		CFG_STR_LIST("set", NULL, CFGF_NODEFAULT),
		CFG_END(),
	};
	cfg_opt_t boot[] = {
		CONDITIONS,
		CFG_STR("subnet", NULL, CFGF_NODEFAULT),
		CFG_STR("url", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("param", NULL, CFGF_NODEFAULT),
		CFG_END(),
	};
	cfg_opt_t top[] = {
		CFG_STR_LIST("listen", NULL, CFGF_NODEFAULT),
		CFG_STR("dhcp-listen", "[::]:547", CFGF_NONE),
		CFG_STR("root", NULL, CFGF_NODEFAULT),
		CFG_SEC("tftp", tftp, CFGF_NODEFAULT),
		CFG_SEC("http", http, CFGF_NODEFAULT),
		CFG_SEC("page", page, CFGF_NODEFAULT),
		CFG_SEC("metrics", metrics, CFGF_NODEFAULT),
		CFG_STR_LIST("dns", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("domain-search", NULL, CFGF_NODEFAULT),
		CFG_BOOL("preference", cfg_true, CFGF_NONE),
		CFG_BOOL("registration", cfg_true, CFGF_NONE),
		CFG_STR_LIST("trusted-relays", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("leasequery", NULL, CFGF_NODEFAULT),
		CFG_INT("client-rate", 50, CFGF_NONE),
		CFG_INT("link-rate", 20000, CFGF_NONE),
		CFG_BOOL("rapid-commit", cfg_false, CFGF_NONE),
		CFG_STR("information-refresh", NULL, CFGF_NODEFAULT),
		CFG_STR("sol-max-rt", NULL, CFGF_NODEFAULT),
		CFG_STR("inf-max-rt", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("relay-supplied-options", supplied, CFGF_NONE),
		CFG_STR("lifetime", NULL, CFGF_NODEFAULT),
		CFG_STR("control", RUNSTATEDIR "/netboot6/bootd.sock", CFGF_NONE),
		CFG_STR("user", NULL, CFGF_NODEFAULT),
		CFG_STR("key", NULL, CFGF_NODEFAULT),
		CFG_STR("key-file", CONF_STATE_DIR "/bootd.key", CFGF_NONE),
		CFG_STR("server-duid", NULL, CFGF_NODEFAULT),
		CFG_STR("server-duid-file", CONF_STATE_DIR "/bootd.duid", CFGF_NONE),
		CFG_STR("hosts-directory", NULL, CFGF_NODEFAULT),
		CFG_STR("leases", CONF_STATE_DIR "/leases.db", CFGF_NONE),
		CFG_SEC("subnet", subnet, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_SEC("group", group, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_SEC("host", conf_host_options, CFGF_MULTI | CFGF_TITLE),
		CFG_SEC("boot", boot, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_END(),
	};
	cfg_t *cfg = cfg_init(top, CFGF_NONE);

	if (cfg)
		set_validators(cfg, NULL);
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
