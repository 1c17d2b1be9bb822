/* SPDX-License-Identifier: ISC */
/*
 * relayd.conf for libConfuse: the sections and settings with their defaults, and the checks of a
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
	cfg_t *cfg, const char *text, const struct in6_addr *address, bool has_links)
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

static int validate_server(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	const char *text = cfg_title(section);
	struct in6_addr address;

	if (config_address(text, &address) == 0) {
		if (check_server_address(cfg, text, &address, cfg_size(section, "interface") > 0) <
			0)
			return -1;
	} else if (!relay_conf_is_dns_name(text)) {
		return config_error(cfg,
			"server: \"%s\" is neither an IPv6 address nor a DNS name with a dot in it; "
			"expected for example \"2001:db8::547\" or \"dhcp.example.net\"",
			text);
	}
	if (cfg_getstr(section, "vrf") && cfg_size(section, "interface") > 0)
		return config_error(cfg,
			"server: vrf and interface exclude each other; expected interface only, "
			"because its links may be in a VRF");
	if (cfg_opt_size(opt) > RELAY_SERVERS_MAX)
		return config_error(cfg,
			"server: there are more than %d sections; expected at most %d",
			RELAY_SERVERS_MAX, RELAY_SERVERS_MAX);
	return 0;
}

static int validate_link(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1));
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

static cfg_opt_t server_options[] = {
	CFG_STR_LIST("interface", NULL, CFGF_NONE),
	CFG_STR_LIST("answers-from", NULL, CFGF_NONE),
	CFG_STR("vrf", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

/* A setting that a section leaves out has its value of the whole file. */
static cfg_opt_t link_options[] = {
	CFG_BOOL("relay", cfg_true, CFGF_NONE),
	CFG_STR("while-address", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("servers", NULL, CFGF_NODEFAULT),
	CFG_STR("source", NULL, CFGF_NODEFAULT),
	CFG_STR("interface-id", NULL, CFGF_NODEFAULT),
	CFG_STR("remote-id", NULL, CFGF_NODEFAULT),
	CFG_INT("enterprise-number", 0, CFGF_NODEFAULT),
	CFG_STR("subscriber-id", NULL, CFGF_NODEFAULT),
	CFG_STR("link-address", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t metrics_options[] = {
	CFG_STR("listen", "[::1]:9547", CFGF_NONE),
	CFG_BOOL("per-link", cfg_true, CFGF_NONE),
	CFG_STR_LIST("names", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t relay_options[] = {
	CFG_STR_LIST("interfaces", NULL, CFGF_NONE),
	CFG_STR_LIST("trusted", NULL, CFGF_NONE),
	CFG_STR_LIST("relays", NULL, CFGF_NONE),
	CFG_SEC("server", server_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_SEC("link", link_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_STR_LIST("servers", NULL, CFGF_NODEFAULT),
	CFG_SEC("metrics", metrics_options, CFGF_NODEFAULT),
	CFG_STR("forward", "all", CFGF_NONE),
	CFG_BOOL("relay-supplied-options", cfg_true, CFGF_NONE),
	CFG_BOOL("client-mac", cfg_true, CFGF_NONE),
	CFG_STR("interface-id", "name", CFGF_NONE),
	CFG_STR("remote-id", NULL, CFGF_NODEFAULT),
	CFG_INT("enterprise-number", 0, CFGF_NODEFAULT),
	CFG_STR("subscriber-id", NULL, CFGF_NODEFAULT),
	CFG_STR("relay-id", NULL, CFGF_NODEFAULT),
	CFG_INT("link-rate", 0, CFGF_NONE),
	CFG_INT("client-rate", 0, CFGF_NONE),
	CFG_STR("source", "auto", CFGF_NONE),
	CFG_INT("source-port", DHCP6_SERVER_PORT, CFGF_NONE),
	CFG_INT("fwmark", 0, CFGF_NONE),
	CFG_STR("without-address", "drop", CFGF_NONE),
	DAEMON_SETTINGS,
	CFG_STR("control", PATH_RELAYD_CONTROL, CFGF_NONE),
	CFG_END(),
};

cfg_t *relay_conf_parser(void)
{
	cfg_t *cfg = cfg_init(relay_options, CFGF_NONE);

	if (cfg) {
		relay_conf_expect(cfg);
		cfg_set_validate_func(cfg, "server", validate_server);
		cfg_set_validate_func(cfg, "link", validate_link);
		daemon_settings_expect(cfg);
	}
	return cfg;
}
