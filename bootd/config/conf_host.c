/* SPDX-License-Identifier: ISC */
/*
 * Builds hosts while libConfuse parses: the validator of the section `host` checks the section as a
 * whole, makes a struct boot_host of it, and passes that to a receiver. libConfuse passes no
 * argument of the caller to validators, so the receiver is static for the duration of one parse.
 */
#include "bootd/config/conf_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

cfg_opt_t conf_host_options[] = {
	CFG_STR_LIST("mac", NULL, CFGF_NODEFAULT),
	CFG_STR("uuid", NULL, CFGF_NODEFAULT),
	CFG_STR("duid", NULL, CFGF_NODEFAULT),
	CFG_STR("interface-id", NULL, CFGF_NODEFAULT),
	CFG_STR("remote-id", NULL, CFGF_NODEFAULT),
	CFG_STR("subnet", NULL, CFGF_NODEFAULT),
	CFG_STR("relay-id", NULL, CFGF_NODEFAULT),
	CFG_STR("address", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("group", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("set", NULL, CFGF_NODEFAULT),
	CONF_OPTION,
	CFG_END(),
};

static struct {
	const char *file;
	conf_host_add_fn *add;
	void *arg;
	int rc;
} now;

void conf_host_begin(const char *file, conf_host_add_fn *add, void *arg)
{
	now.file = file;
	now.add = add;
	now.arg = arg;
	now.rc = 0;
}

int conf_host_end(void)
{
	now.add = NULL;
	return now.rc;
}

/* --- building: the values were checked when they were read ------------------------ */

static bool build_macs(cfg_t *cfg, struct boot_host *host)
{
	unsigned macs = cfg_size(cfg, "mac");

	host->mac = calloc(macs + 1, sizeof(*host->mac));
	for (; host->mac && host->macs < macs; host->macs++)
		dhcp6_mac_parse(
			cfg_getnstr(cfg, "mac", (unsigned)host->macs), host->mac[host->macs]);
	return host->mac;
}

static bool build_octets(cfg_t *cfg, const char *option, uint8_t **octets, size_t *len)
{
	const char *text = cfg_getstr(cfg, option);
	struct text_pattern pattern;

	if (!text)
		return true;
	if (text_pattern_read(text, &pattern) < 0)
		return false;
	*octets = (uint8_t *)pattern.text;
	*len = pattern.len;
	return true;
}

static bool build_port(cfg_t *cfg, struct boot_host *host)
{
	const char *subnet = cfg_getstr(cfg, "subnet"), *relay_id = cfg_getstr(cfg, "relay-id");

	host->has_subnet = subnet && prefix_parse(subnet, &host->subnet) == 0;
	if (relay_id)
		dhcp6_duid_parse(relay_id, &host->relay_id);
	if (!build_octets(cfg, "interface-id", &host->interface_id, &host->interface_id_len) ||
		!build_octets(cfg, "remote-id", &host->remote_id, &host->remote_id_len))
		return false;
	host->has_port = host->interface_id || host->remote_id;
	return true;
}

static bool build_groups(cfg_t *cfg, struct boot_host *host)
{
	unsigned groups = cfg_size(cfg, "group");

	host->group = calloc(groups + 1, sizeof(*host->group));
	for (; host->group && host->groups < groups; host->groups++) {
		host->group[host->groups] =
			strdup(cfg_getnstr(cfg, "group", (unsigned)host->groups));
		if (!host->group[host->groups])
			return false;
	}
	return host->group;
}

static bool build_host(cfg_t *cfg, struct boot_host *host)
{
	const char *uuid = cfg_getstr(cfg, "uuid"), *duid = cfg_getstr(cfg, "duid");
	const char *address = cfg_getstr(cfg, "address");

	host->file =
		strcmp(cfg->filename, now.file) == 0 ? now.file : config_file_name(cfg->filename);
	host->line = (unsigned)cfg->line;
	host->has_uuid = uuid && dhcp6_uuid_parse(uuid, host->uuid) == 0;
	host->has_address = address && config_address(address, &host->address) == 0;
	if (duid)
		dhcp6_duid_parse(duid, &host->duid);
	host->name = strdup(cfg_title(cfg));
	return host->name && build_macs(cfg, host) && build_port(cfg, host) &&
	       build_groups(cfg, host) && conf_variables(cfg, &host->variable, &host->variables) &&
	       conf_options_build(cfg, &host->options) == 0 && boot_host_finish(host) == 0;
}

/* --- one section ------------------------------------------------------------------ */

static int check_host(cfg_t *cfg, cfg_t *section)
{
	const char *name = cfg_title(section);
	bool has_port = cfg_getstr(section, "interface-id") || cfg_getstr(section, "remote-id");

	if (!*name || strlen(name) > CONF_NAME_MAX)
		return config_error(cfg,
			"host: the name \"%s\" is not valid; expected 1 to %d octets such as "
			"\"db1\"",
			name, CONF_NAME_MAX);
	if (cfg_size(section, "mac") == 0 && !cfg_getstr(section, "uuid") &&
		!cfg_getstr(section, "duid") && !has_port)
		return config_error(cfg,
			"host: nothing identifies \"%s\"; expected a mac, uuid or duid, or the "
			"interface-id or remote-id of its port, such as mac = "
			"\"52:54:00:12:34:56\"",
			name);
	if (!has_port && (cfg_getstr(section, "subnet") || cfg_getstr(section, "relay-id")))
		return config_error(cfg,
			"host: \"%s\" has a subnet or relay-id without a port; expected an "
			"interface-id or remote-id too, such as interface-id = \"port7\"",
			name);
	return 0;
}

static int build_and_add(cfg_t *cfg, cfg_t *section)
{
	struct boot_host *host = boot_host_new();
	int rc = host && build_host(section, host) ? 0 : -ENOMEM;

	if (rc == 0)
		rc = now.add(now.arg, cfg, host);
	if (rc < 0)
		boot_host_free(host);
	if (rc < 0 && rc != -EINVAL)
		now.rc = rc;
	return rc < 0 ? -1 : 0;
}

int conf_host_section(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	int rc = check_host(cfg, section);

	if (rc == 0 && now.add && !config_has_errors())
		rc = build_and_add(cfg, section);
	cfg_free_value(opt);
	return rc;
}

int conf_host_into_table(void *arg, cfg_t *cfg, struct boot_host *host)
{
	const struct boot_host *other;
	char place[CONFIG_PLACE];
	const char *what;
	int rc = host_table_add(arg, host, &other, &what);

	if (rc != -EEXIST)
		return rc;
	config_error(cfg, "host \"%s\" has the same %s as host \"%s\" (%s)", host->name, what,
		other->name, config_place(other->file, other->line, host->file, place));
	return -EINVAL;
}
