/* SPDX-License-Identifier: ISC */
/*
 * One checker per type of value, and a table that names for each setting its checker and what is
 * expected. A new setting needs a row there, and a checker only if its type is new.
 */
#include "bootd/config/conf_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/leases/lease_store.h"
#include "dhcp6/names.h"
#include "dhcp6/option.h"

enum { KEY_TEXT_MIN = 16 };

/* --- one checker per kind of value ------------------------------------------ */

static int is_port_id(const char *text)
{
	struct text_pattern pattern;
	int rc = text_pattern_read(text, &pattern);

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

	return dhcp6_mac_parse(text, mac) < 0 || !dhcp6_mac_is_identity(mac) ? -EINVAL : 0;
}

static int is_uuid(const char *text)
{
	uint8_t uuid[DHCP6_UUID_LEN];

	return dhcp6_uuid_parse(text, uuid) < 0 || !dhcp6_uuid_is_identity(uuid) ? -EINVAL : 0;
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

	return prefix_parse(text, &prefix);
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

static int is_preference(const char *text)
{
	uint8_t preference;

	return conf_preference(text, &preference);
}

static int is_addresses(const char *text)
{
	enum subnet_addresses addresses;

	return conf_addresses(text, &addresses);
}

static int is_link_pattern(const char *text)
{
	struct link_patterns scratch = {0};
	int rc = link_patterns_add(&scratch, text);

	link_patterns_fini(&scratch);
	return rc;
}

static int is_name(const char *text)
{
	return *text ? 0 : -EINVAL;
}

/* conf_check() reports a build without libpq. */
static int is_leases(const char *text)
{
	const struct lease_driver *driver = lease_driver_of(text);
	char why[LEASE_STORE_WHY];
	int rc = is_name(text);

	if (rc == 0 && driver->check)
		rc = driver->check(text, why);
	return rc == -ENOSYS ? 0 : rc;
}

static int is_ports(const char *text)
{
	uint16_t first, last;

	return conf_ports(text, &first, &last);
}

static int is_pool(const char *text)
{
	struct in6_addr low;
	uint32_t size;

	return conf_pool(text, &low, &size);
}

/* --- the table --------------------------------------------------------------- */

#define EXPECT_UUID                                                                                \
	"a UUID of one machine such as \"00112233-4455-6677-8899-aabbccddeeff\", and none of the " \
	"defaults that many machines have"
#define EXPECT_DUID "a DUID in hexadecimal such as \"00030001525400123456\""
#define EXPECT_PATTERN                                                                             \
	"a text, the start of one with \"*\" at its end, or octets such as \"0x00ff\""
#define EXPECT_PORT_ID "a text or octets such as \"0x00ff\", of 255 octets at most"
#define EXPECT_VARIABLE "\"name=value\" with letters, digits, \"_\", \".\" or \"-\" in the name"
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
	{"", "listen", is_link_pattern,
		"a name or pattern of 1 to 127 characters such as \"eth0\", \"vlan*\" or "
		"\"!vlan99\""},
	{"", "dhcp-listen", is_endpoint, EXPECT_ENDPOINT},
	{"", "root", is_name, "a directory"},
	{"", "dns", is_address, "an IPv6 address"},
	{"", "domain-search", is_domain, "a domain name"},
	{"", "preference", is_preference, "a number from 0 to 255"},
	{"", "lifetime", is_lifetime, EXPECT_LIFETIME},
	{"", "leasequery", is_prefix, "a prefix such as \"2001:db8:1::/64\""},
	{"", "trusted-proxies", is_prefix, "a prefix such as \"2001:db8::80/128\""},
	{"", "trusted-relays", is_prefix, "a prefix such as \"2001:db8:1::/64\""},
	{"", "information-refresh", is_refresh, "a time between 10m and 365d"},
	{"", "sol-max-rt", is_max_rt, "a time between 60s and 1d"},
	{"", "inf-max-rt", is_max_rt, "a time between 60s and 1d"},
	{"", "relay-supplied-options", is_supplied,
		"an option that the server does not make itself, by number or name, such as 65"},
	{"", "key", is_key, "a secret of 16 characters or more"},
	{"", "key-file", is_name, "a file"},
	{"", "server-duid", is_duid, EXPECT_DUID},
	{"", "server-duid-file", is_name, "a file"},
	{"", "hosts-directory", is_name, "a directory"},
	{"", "leases", is_leases, EXPECT_LEASES},
	{"tftp", "listen", is_endpoint, EXPECT_ENDPOINT},
	{"tftp", "ports", is_ports, "a range of ports such as \"40000-40999\""},
	{"http", "listen", is_endpoint, EXPECT_ENDPOINT},
	{"https", "listen", is_endpoint, "an address and a port such as \"[::]:443\""},
	{"https", "certificate", is_name, "a PEM file such as \"/etc/netboot6/tls/server.crt\""},
	{"https", "key", is_name, "a PEM file such as \"/etc/netboot6/tls/server.key\""},
	{"page", "listen", is_endpoint, EXPECT_ENDPOINT},
	{"page", "names", is_name, "the name of this host in URLs such as \"boot.example.org\""},
	{"metrics", "listen", is_endpoint, EXPECT_ENDPOINT},
	{"subnet", "addresses", is_addresses, "stable, pool, none or proxy", true},
	{"subnet", "pool", is_pool, EXPECT_POOL, true},
	{"subnet", "lifetime", is_lifetime, EXPECT_LIFETIME, true},
	{"subnet", "interface", is_name, "the name of a link"},
	{"subnet", "interface-id", is_port_id, EXPECT_PORT_ID},
	{"subnet", "remote-id", is_port_id, EXPECT_PORT_ID},
	{"subnet", "relay-id", is_duid, EXPECT_DUID},
	{"subnet", "link", is_name, "a name that subnets of one link share"},
	{"host", "mac", is_mac, "a MAC address of one machine such as \"52:54:00:12:34:56\""},
	{"host", "uuid", is_uuid, EXPECT_UUID},
	{"host", "duid", is_duid, EXPECT_DUID},
	{"host", "interface-id", is_port_id, EXPECT_PORT_ID},
	{"host", "remote-id", is_port_id, EXPECT_PORT_ID},
	{"host", "subnet", is_prefix, EXPECT_PREFIX},
	{"host", "relay-id", is_duid, EXPECT_DUID},
	{"host", "group", is_name, "the name of a group"},
	{"host", "address", is_host_address, "an IPv6 address that a host can have"},
	{"host", "set", is_variable, EXPECT_VARIABLE},
	{"group", "set", is_variable, EXPECT_VARIABLE},
	{"boot", "url", is_name, "a URL"},
	{"boot", "param", is_name, "a text that is not empty"},
};

static bool is_of(size_t i, const char *section)
{
	return strcmp(value[i].section, section) == 0 ||
	       (value[i].in_class && strcmp(section, "class") == 0);
}

/* Firmware has small buffers for these lists. */
static int check_lengths(struct config_section *cfg, struct config_setting *setting)
{
	uint8_t wire[DOMAIN_SEARCH_MAX_WIRE];
	struct wire_out out = wire_out_of(wire, sizeof(wire));

	if (strcmp(setting->name, "dns") == 0 && setting->count > DNS_SERVERS_MAX)
		return config_error(cfg,
			"dns: there are more than %d addresses; expected at most %d, because more "
			"do not fit in what firmware accepts",
			DNS_SERVERS_MAX, DNS_SERVERS_MAX);
	if (strcmp(setting->name, "domain-search") != 0)
		return 0;
	for (unsigned i = 0; i < setting->count; i++)
		dhcp6_put_domain(&out, setting->text[i]);
	if (out.bad)
		return config_error(cfg,
			"domain-search: the names are too long; expected names of at most %d "
			"octets in all, because more do not fit in what firmware accepts",
			DOMAIN_SEARCH_MAX_WIRE);
	return 0;
}

static int check_value(struct config_section *cfg, struct config_setting *setting)
{
	const char *text = config_last_text(setting);

	for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
		int rc;

		if (strcmp(value[i].option, setting->name) != 0 || !is_of(i, cfg->name))
			continue;
		rc = value[i].check(text);
		if (rc == -ENOMEM)
			return rc;
		if (rc < 0)
			return config_error(cfg, "%s: \"%s\" is not valid; expected %s",
				setting->name, text, value[i].expected);
	}
	return check_lengths(cfg, setting);
}

/* condition_syntax() has what a condition of a rule or class expects. */
static int check_condition(struct config_section *cfg, struct config_setting *setting)
{
	struct conditions when = {0};
	const char *text = config_last_text(setting);
	enum condition_kind kind;
	bool is_negated;
	int rc;

	condition_named(setting->name, &kind, &is_negated);
	rc = conditions_add(&when, kind, text, is_negated);
	if (rc < 0 && rc != -ENOMEM)
		config_error(cfg, "%s: \"%s\" is not valid; expected %s%s", setting->name, text,
			condition_syntax(kind),
			is_negated ? "" : ", or '!' and one for all but those");
	conditions_fini(&when);
	return rc == -ENOMEM ? rc : 0;
}

static void expect_conditions(struct config_section *cfg)
{
	static const char *const prefix[] = {"", "not-"};
	char path[64];

	for (int i = 0; i < CONDITION_KINDS; i++) {
		const char *name = condition_name((enum condition_kind)i);

		for (size_t k = 0; k < 2; k++) {
			snprintf(path, sizeof(path), "boot|%s%s", prefix[k], name);
			config_set_check(cfg, path, check_condition);
			if (!condition_is_in_class((enum condition_kind)i))
				continue;
			snprintf(path, sizeof(path), "subnet|class|%s%s", prefix[k], name);
			config_set_check(cfg, path, check_condition);
		}
	}
}

void conf_expect(struct config_section *cfg, const char *section)
{
	char path[64];

	if (!section)
		expect_conditions(cfg);

	for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
		bool at_top = !*value[i].section;

		if (section && strcmp(value[i].section, section) != 0)
			continue;
		strcpy(path, at_top ? "" : value[i].section);
		if (!at_top)
			strcat(path, "|");
		strcat(path, value[i].option);
		config_set_check(cfg, path, check_value);
		if (!value[i].in_class)
			continue;
		strcat(strcpy(path, "subnet|class|"), value[i].option);
		config_set_check(cfg, path, check_value);
	}
}
