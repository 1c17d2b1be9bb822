/* SPDX-License-Identifier: ISC */
/*
 * The sections and settings with their defaults, and the checks of a
 * section as a whole. relay_conf_expect.c checks each value.
 */
#include "relayd/config/relay_conf_syntax.h"

#include <errno.h>

#include "daemon/config.h"
#include "daemon/paths.h"
#include "daemon/settings.h"
#include "dhcp6/dhcp6.h"
#include "relayd/config/relay_conf.h"
#include "relayd/config/relay_conf_expect.h"

/* A server that routing reaches, or a group that servers have joined, which needs uplinks. */
static int check_server_address(
	struct config_section *cfg, const char *text, const struct in6_addr *address, bool has_links)
{
	if (IN6_IS_ADDR_UNSPECIFIED(address))
		return config_error(cfg,
			"server: \"%s\" is not the address of a host; "
			"expected one like \"2001:db8::547\"",
			text);
	if (IN6_IS_ADDR_LINKLOCAL(address) || IN6_IS_ADDR_LOOPBACK(address) ||
		IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_MC_NODELOCAL(address))
		return config_error(cfg,
			"server: \"%s\" cannot be reached through routers; expected a global or "
			"unique local address, for example \"2001:db8::547\"",
			text);
	if (IN6_IS_ADDR_MULTICAST(address) && !has_links)
		return config_error(cfg,
			"server: \"%s\" is a multicast address and needs uplinks; expected "
			"interface = {\"core*\"} in the braces",
			text);
	return 0;
}

static int validate_server(struct config_section *cfg, struct config_setting *setting)
{
	struct config_section *section = config_last_section(setting);
	const char *text = section->title;
	struct in6_addr address;

	if (config_address(text, &address) == 0) {
		if (check_server_address(cfg, text, &address, config_count(section, "interface") > 0) <
			0)
			return -1;
	} else if (!relay_conf_is_dns_name(text)) {
		return config_error(cfg,
			"server: \"%s\" is neither an IPv6 address nor a DNS name with a dot in it; "
			"expected for example \"2001:db8::547\" or \"dhcp.example.net\"",
			text);
	}
	if (config_text(section, "vrf") && config_count(section, "interface") > 0)
		return config_error(cfg,
			"server: vrf and interface exclude each other; expected interface only, "
			"because its links may be in a VRF");
	if (setting->count > RELAY_SERVERS_MAX)
		return config_error(cfg,
			"server: there are more than %d sections; expected at most %d",
			RELAY_SERVERS_MAX, RELAY_SERVERS_MAX);
	return 0;
}

static int validate_link(struct config_section *cfg, struct config_setting *setting)
{
	const char *text = config_last_section(setting)->title;
	struct link_patterns scratch = {0};
	int rc = *text == '!' ? -EINVAL : link_patterns_add(&scratch, text);

	link_patterns_fini(&scratch);
	if (rc == -EINVAL)
		return config_error(cfg,
			"link: \"%s\" cannot match a link; expected a name or pattern of 1 to 127 "
			"characters, for example \"vlan*\"",
			text);
	return rc;
}

static const struct config_def server_options[] = {
	CONFIG_LIST("interface", NULL),
	CONFIG_LIST("answers-from", NULL),
	CONFIG_TEXT("vrf", NULL),
	CONFIG_END,
};

/* A setting that a section leaves out has its value of the whole file. */
static const struct config_def link_options[] = {
	CONFIG_BOOL("relay", true),
	CONFIG_TEXT("while-address", NULL),
	CONFIG_LIST("servers", NULL),
	CONFIG_TEXT("source", NULL),
	CONFIG_TEXT("interface-id", NULL),
	CONFIG_TEXT("remote-id", NULL),
	CONFIG_NUMBER("enterprise-number", 0),
	CONFIG_TEXT("subscriber-id", NULL),
	CONFIG_TEXT("link-address", NULL),
	CONFIG_BOOL("routes", false),
	CONFIG_NUMBER("prefixes-per-client", 0),
	CONFIG_NUMBER("prefixes-per-link", 0),
	CONFIG_END,
};

static const struct config_def metrics_options[] = {
	CONFIG_TEXT("listen", "[::1]:9547"),
	CONFIG_BOOL("per-link", true),
	CONFIG_LIST("names", NULL),
	CONFIG_END,
};

static const struct config_def relay_options[] = {
	CONFIG_LIST("interfaces", NULL),
	CONFIG_LIST("trusted", NULL),
	CONFIG_LIST("relays", NULL),
	CONFIG_SECTION("server", server_options, CONFIG_SEVERAL | CONFIG_TITLED),
	CONFIG_SECTION("link", link_options, CONFIG_SEVERAL | CONFIG_TITLED),
	CONFIG_LIST("servers", NULL),
	CONFIG_SECTION("metrics", metrics_options, 0),
	CONFIG_TEXT("forward", "all"),
	CONFIG_BOOL("relay-supplied-options", true),
	CONFIG_BOOL("client-mac", true),
	CONFIG_TEXT("interface-id", "name"),
	CONFIG_TEXT("remote-id", NULL),
	CONFIG_NUMBER("enterprise-number", 0),
	CONFIG_TEXT("subscriber-id", NULL),
	CONFIG_TEXT("relay-id", NULL),
	CONFIG_NUMBER("link-rate", 0),
	CONFIG_NUMBER("client-rate", 0),
	CONFIG_TEXT("source", "auto"),
	CONFIG_NUMBER("source-port", DHCP6_SERVER_PORT),
	CONFIG_NUMBER("fwmark", 0),
	CONFIG_TEXT("without-address", "drop"),
	CONFIG_BOOL("routes", false),
	CONFIG_NUMBER("prefixes-per-client", RELAY_PREFIXES_PER_CLIENT),
	CONFIG_NUMBER("prefixes-per-link", RELAY_PREFIXES_PER_LINK),
	CONFIG_LIST("prefix-pools", NULL),
	CONFIG_NUMBER("route-protocol", RELAY_ROUTE_PROTOCOL),
	CONFIG_TEXT("state", PATH_RELAYD_STATE),
	DAEMON_SETTINGS,
	CONFIG_TEXT("control", PATH_RELAYD_CONTROL),
	CONFIG_END,
};

struct config_section *relay_conf_parser(void)
{
	struct config_section *cfg = config_new(relay_options);

	if (cfg) {
		relay_conf_expect(cfg);
		config_set_check(cfg, "server", validate_server);
		config_set_check(cfg, "link", validate_link);
		daemon_settings_expect(cfg);
	}
	return cfg;
}
