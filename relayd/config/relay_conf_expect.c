/* SPDX-License-Identifier: ISC */
/*
 * One function for each setting or section of relayd.conf that checks its value, and a table that
 * names them at the end. They run while the file is read, so each error names it.
 * What only the whole file shows is checked in relay_conf_read.c.
 *
 * A message says what was found, what was expected, and gives an example:
 * "setting: 'found' ...; expected ..., for example ...".
 */
#include "relayd/config/relay_conf_expect.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/paths.h"
#include "dhcp6/dhcp6.h"
#include "dhcp6/identity.h"
#include "dhcp6/prefix.h"
#include "relayd/config/id_template.h"
#include "relayd/config/relay_conf.h"
#include "relayd/config/relay_conf_prefixes.h"

static int validate_patterns(struct config_section *cfg, struct config_setting *setting)
{
	struct link_patterns scratch = {0};
	int rc = link_patterns_add(&scratch, config_last_text(setting));

	link_patterns_fini(&scratch);
	if (rc == -EINVAL)
		return config_error(cfg,
			"%s: \"%s\" cannot match a link; expected a name or pattern of 1 to 127 "
			"characters, for example \"vlan*\" or \"!vlan99\"",
			setting->name, config_last_text(setting));
	return rc;
}

static int validate_prefixes(struct config_section *cfg, struct config_setting *setting)
{
	struct prefix prefix;

	if (prefix_parse(config_last_text(setting), &prefix) < 0)
		return config_error(cfg,
			"%s: \"%s\" is not an IPv6 prefix; expected one without host bits, for "
			"example "
			"\"2001:db8:7::/48\" or \"2001:db8::547/128\"",
			setting->name, config_last_text(setting));
	return 0;
}

static bool is_dns_label(const char *text, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_";

	return len > 0 && len < 64 && strspn(text, letters) >= len && text[0] != '-' &&
	       text[len - 1] != '-';
}

/*
 * A host name in DNS, RFC 1123 section 2.1. It must have a dot, because a name without one depends
 * on a search list. Its last label is not a number, because that would be an IPv4 address.
 */
bool relay_conf_is_dns_name(const char *text)
{
	const char *last = text;
	unsigned labels = 0;

	for (const char *label = text; *label; labels++) {
		size_t len = strcspn(label, ".");

		if (!is_dns_label(label, len))
			return false;
		last = label;
		label += len + (label[len] == '.');
	}
	last += strspn(last, "0123456789");
	return labels > 1 && strlen(text) < 254 && *last && *last != '.';
}

static bool is_link_name(const char *text)
{
	return *text && strlen(text) < IFNAMSIZ && link_pattern_is_name(text) &&
	       !strpbrk(text, "/ ");
}

static int validate_vrf(struct config_section *cfg, struct config_setting *setting)
{
	if (!is_link_name(config_last_text(setting)))
		return config_error(cfg,
			"vrf: \"%s\" is not the name of a link; expected that of a VRF, for "
			"example \"mgmt\"",
			config_last_text(setting));
	return 0;
}

static int validate_while_address(struct config_section *cfg, struct config_setting *setting)
{
	struct in6_addr address;

	if (config_address(config_last_text(setting), &address) < 0 || IN6_IS_ADDR_MULTICAST(&address) ||
		IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_V4MAPPED(&address))
		return config_error(cfg,
			"while-address: \"%s\" is not a unicast address; expected one that VRRP "
			"moves, for example \"fe80::1\"",
			config_last_text(setting));
	return 0;
}

static int validate_link_address(struct config_section *cfg, struct config_setting *setting)
{
	struct in6_addr address;

	if (config_address(config_last_text(setting), &address) < 0 || IN6_IS_ADDR_MULTICAST(&address) ||
		IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LINKLOCAL(&address))
		return config_error(cfg,
			"link-address: \"%s\" is not a global or unique local unicast address; "
			"expected one, or a suffix to the prefix of the link, for example \"::f\"",
			config_last_text(setting));
	return 0;
}

static int check_word(struct config_section *cfg, struct config_setting *setting, const char *const words[])
{
	char expected[128] = "";

	if (relay_conf_word(config_last_text(setting), words) >= 0)
		return 0;
	for (int i = 0; words[i]; i++)
		strcat(strcat(expected, i ? " or " : ""), words[i]);
	return config_error(
		cfg, "%s: \"%s\" is unknown; expected %s", setting->name, config_last_text(setting), expected);
}

static int validate_forward(struct config_section *cfg, struct config_setting *setting)
{
	return check_word(cfg, setting, relay_forward_words);
}

static int validate_without_address(struct config_section *cfg, struct config_setting *setting)
{
	return check_word(cfg, setting, relay_without_address_words);
}

static int validate_source(struct config_section *cfg, struct config_setting *setting)
{
	const char *text = config_last_text(setting);
	struct in6_addr address;

	if (strcmp(text, "auto") == 0)
		return 0;
	if (strchr(text, ':')) {
		if (config_address(text, &address) < 0 || IN6_IS_ADDR_MULTICAST(&address) ||
			IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_UNSPECIFIED(&address) ||
			IN6_IS_ADDR_V4MAPPED(&address))
			return config_error(cfg,
				"source: \"%s\" is not a global address; expected one of this "
				"router, for example \"2001:db8::1\"",
				text);
		return 0;
	}
	if (!is_link_name(text))
		return config_error(cfg,
			"source: \"%s\" is not the name of a link; expected auto, an address or a "
			"link, for example lo",
			text);
	return 0;
}

/* Templates, see id_template.h. */
static int validate_template(struct config_section *cfg, struct config_setting *setting)
{
	uint8_t scratch[ID_TEMPLATE_MAX];

	if (id_template_expand(config_last_text(setting), "h", "i", scratch) < 0)
		return config_error(cfg,
			"%s: \"%s\" is not valid; expected a text with %%h (host name) and %%i (link "
			"name) of at most %d octets, for example \"%%h:%%i\"",
			setting->name, config_last_text(setting), ID_TEMPLATE_MAX);
	return 0;
}

/* If two links had the same Interface-Id, replies could not be assigned to their link. */
static int validate_interface_id(struct config_section *cfg, struct config_setting *setting)
{
	const char *text = config_last_text(setting);

	if (strcmp(text, "none") == 0 || strcmp(text, "name") == 0)
		return 0;
	if (!strstr(text, "%i"))
		return config_error(cfg,
			"interface-id: \"%s\" is the same for all links; expected name, none, or a "
			"text with %%i (link name), for example \"%%h:%%i\"",
			text);
	return validate_template(cfg, setting);
}

static int validate_relay_id(struct config_section *cfg, struct config_setting *setting)
{
	struct dhcp6_duid duid;

	if (dhcp6_duid_parse(config_last_text(setting), &duid) < 0)
		return config_error(cfg,
			"relay-id: \"%s\" is not a DUID; expected hexadecimal digits, for example "
			"\"00030001525400123456\"",
			config_last_text(setting));
	return 0;
}

/* A comparison with (long)UINT32_MAX would be one with -1 where long has 32 bits. */
static bool is_u32(long number)
{
	return number >= 0 && (unsigned long)number <= UINT32_MAX;
}

static int validate_enterprise(struct config_section *cfg, struct config_setting *setting)
{
	long number = setting->number;

	if (number < 1 || !is_u32(number))
		return config_error(cfg,
			"enterprise-number: %ld is out of range; expected a number that IANA "
			"assigned, for example 32473",
			number);
	return 0;
}

static int validate_metrics(struct config_section *cfg, struct config_setting *setting)
{
	struct sockaddr_in6 endpoint;

	if (config_endpoint(config_last_text(setting), RELAY_METRICS_PORT, &endpoint) < 0)
		return config_error(cfg,
			"metrics: listen: \"%s\" is not an address with a port; expected for example "
			"\"[::1]:9547\"",
			config_last_text(setting));
	return 0;
}

static int validate_metrics_name(struct config_section *cfg, struct config_setting *setting)
{
	const char *text = config_last_text(setting);

	if (!is_dns_label(text, strcspn(text, ".")))
		return config_error(cfg,
			"metrics: names: \"%s\" is not a host name; expected for example "
			"\"router1.example.net\"",
			text);
	return 0;
}

static int validate_rate(struct config_section *cfg, struct config_setting *setting)
{
	long rate = setting->number;

	if (rate < 0 || rate > 1000000)
		return config_error(cfg,
			"%s: %ld is out of range; expected 0 (no limit) to 1000000 messages a "
			"second, for example 1000",
			setting->name, rate);
	return 0;
}

static int validate_source_port(struct config_section *cfg, struct config_setting *setting)
{
	long port = setting->number;

	if (port < 1 || port > 65535 || port == DHCP6_CLIENT_PORT)
		return config_error(cfg,
			"source-port: %ld is not usable; expected a UDP port other than %d, that "
			"of clients, for example 547",
			port, DHCP6_CLIENT_PORT);
	return 0;
}

static int validate_fwmark(struct config_section *cfg, struct config_setting *setting)
{
	long mark = setting->number;

	if (!is_u32(mark))
		return config_error(cfg,
			"fwmark: %ld is out of range; expected a mark that an ip rule matches, for "
			"example 0x10",
			mark);
	return 0;
}

/* A file of this name is somebody's data; the daemon would not replace it. */
static int validate_control(struct config_section *cfg, struct config_setting *setting)
{
	struct stat st;

	if (*config_last_text(setting) && lstat(config_last_text(setting), &st) == 0 && !S_ISSOCK(st.st_mode))
		return config_error(cfg,
			"control: \"%s\" is not a socket; expected the path of one that is there or "
			"is to be created, for example \"" PATH_RELAYD_CONTROL "\"",
			config_last_text(setting));
	return 0;
}

void relay_conf_expect(struct config_section *cfg)
{
	static const struct {
		const char *option;
		config_check_fn *validate;
	} validators[] = {
		{"interfaces", validate_patterns},
		{"trusted", validate_patterns},
		{"relays", validate_prefixes},
		{"server|interface", validate_patterns},
		{"server|answers-from", validate_prefixes},
		{"server|vrf", validate_vrf},
		{"link|while-address", validate_while_address},
		{"link|source", validate_source},
		{"link|interface-id", validate_interface_id},
		{"link|remote-id", validate_template},
		{"link|enterprise-number", validate_enterprise},
		{"link|subscriber-id", validate_template},
		{"link|link-address", validate_link_address},
		{"forward", validate_forward},
		{"interface-id", validate_interface_id},
		{"remote-id", validate_template},
		{"subscriber-id", validate_template},
		{"relay-id", validate_relay_id},
		{"enterprise-number", validate_enterprise},
		{"link-rate", validate_rate},
		{"client-rate", validate_rate},
		{"metrics|listen", validate_metrics},
		{"metrics|names", validate_metrics_name},
		{"source", validate_source},
		{"source-port", validate_source_port},
		{"fwmark", validate_fwmark},
		{"control", validate_control},
		{"without-address", validate_without_address},
	};

	for (size_t i = 0; i < sizeof(validators) / sizeof(validators[0]); i++)
		config_set_check(cfg, validators[i].option, validators[i].validate);
	relay_conf_expect_prefixes(cfg);
}
