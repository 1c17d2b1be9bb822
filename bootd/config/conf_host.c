/* SPDX-License-Identifier: ISC */
/*
 * Builds hosts while the file is read: the check function of the section `host` checks the section
 * as a whole, makes a struct boot_host of it, and passes that to the receiver.
 */
#include "bootd/config/conf_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct config_def conf_host_options[] = {
	CONFIG_LIST("mac", NULL),
	CONFIG_TEXT("uuid", NULL),
	CONFIG_TEXT("duid", NULL),
	CONFIG_TEXT("interface-id", NULL),
	CONFIG_TEXT("remote-id", NULL),
	CONFIG_TEXT("subnet", NULL),
	CONFIG_TEXT("relay-id", NULL),
	CONFIG_TEXT("address", NULL),
	CONFIG_LIST("group", NULL),
	CONFIG_LIST("set", NULL),
	CONF_OPTION,
	CONFIG_END,
};

/* --- building: the values were checked when they were read ------------------------ */

static bool build_macs(struct config_section *cfg, struct boot_host *host)
{
	unsigned macs = config_count(cfg, "mac");

	host->mac = calloc(macs + 1, sizeof(*host->mac));
	for (; host->mac && host->macs < macs; host->macs++)
		dhcp6_mac_parse(
			config_text_at(cfg, "mac", (unsigned)host->macs), host->mac[host->macs]);
	return host->mac;
}

static bool build_octets(struct config_section *cfg, const char *option, uint8_t **octets, size_t *len)
{
	const char *text = config_text(cfg, option);
	struct text_pattern pattern;

	if (!text)
		return true;
	if (text_pattern_read(text, &pattern) < 0)
		return false;
	*octets = (uint8_t *)pattern.text;
	*len = pattern.len;
	return true;
}

static bool build_port(struct config_section *cfg, struct boot_host *host)
{
	const char *subnet = config_text(cfg, "subnet"), *relay_id = config_text(cfg, "relay-id");

	host->has_subnet = subnet && prefix_parse(subnet, &host->subnet) == 0;
	if (relay_id)
		dhcp6_duid_parse(relay_id, &host->relay_id);
	if (!build_octets(cfg, "interface-id", &host->interface_id, &host->interface_id_len) ||
		!build_octets(cfg, "remote-id", &host->remote_id, &host->remote_id_len))
		return false;
	host->has_port = host->interface_id || host->remote_id;
	return true;
}

static bool build_groups(struct config_section *cfg, struct boot_host *host)
{
	unsigned groups = config_count(cfg, "group");

	host->group = calloc(groups + 1, sizeof(*host->group));
	for (; host->group && host->groups < groups; host->groups++) {
		host->group[host->groups] =
			strdup(config_text_at(cfg, "group", (unsigned)host->groups));
		if (!host->group[host->groups])
			return false;
	}
	return host->group;
}

static bool build_host(struct config_section *cfg, struct boot_host *host)
{
	const char *uuid = config_text(cfg, "uuid"), *duid = config_text(cfg, "duid");
	const char *address = config_text(cfg, "address");
	const struct conf_receiver *to = config_arg(cfg);

	host->file = strcmp(cfg->file, to->file) == 0 ? to->file : config_file_name(cfg->file);
	host->line = (unsigned)cfg->line;
	host->has_uuid = uuid && dhcp6_uuid_parse(uuid, host->uuid) == 0;
	host->has_address = address && config_address(address, &host->address) == 0;
	if (duid)
		dhcp6_duid_parse(duid, &host->duid);
	host->name = strdup(cfg->title);
	return host->name && build_macs(cfg, host) && build_port(cfg, host) &&
	       build_groups(cfg, host) && conf_variables(cfg, &host->variable, &host->variables) &&
	       conf_options_build(cfg, &host->options) == 0 && boot_host_finish(host) == 0;
}

/* --- one section ------------------------------------------------------------------ */

static int check_host(struct config_section *cfg, struct config_section *section)
{
	const char *name = section->title;
	bool has_port = config_text(section, "interface-id") || config_text(section, "remote-id");

	if (!*name || strlen(name) > CONF_NAME_MAX)
		return config_error(cfg,
			"host: the name \"%s\" is not valid; expected 1 to %d octets such as "
			"\"db1\"",
			name, CONF_NAME_MAX);
	if (config_count(section, "mac") == 0 && !config_text(section, "uuid") &&
		!config_text(section, "duid") && !has_port)
		return config_error(cfg,
			"host: nothing identifies \"%s\"; expected a mac, uuid or duid, or the "
			"interface-id or remote-id of its port, such as mac = "
			"\"52:54:00:12:34:56\"",
			name);
	if (!has_port && (config_text(section, "subnet") || config_text(section, "relay-id")))
		return config_error(cfg,
			"host: \"%s\" has a subnet or relay-id without a port; expected an "
			"interface-id or remote-id too, such as interface-id = \"port7\"",
			name);
	return 0;
}

static int build_and_add(struct config_section *cfg, struct config_section *section)
{
	const struct conf_receiver *to = config_arg(cfg);
	struct boot_host *host = boot_host_new();
	int rc = host && build_host(section, host) ? 0 : -ENOMEM;

	if (rc == 0)
		rc = to->add_host(to->arg, cfg, host);
	if (rc < 0)
		boot_host_free(host);
	return rc == -EINVAL ? 0 : rc;
}

int conf_host_section(struct config_section *cfg, struct config_setting *setting)
{
	const struct conf_receiver *to = config_arg(cfg);
	struct config_section *section = config_last_section(setting);
	int rc = check_host(cfg, section);

	if (rc == 0 && to->add_host && !config_has_errors(cfg))
		rc = build_and_add(cfg, section);
	config_clear(setting);
	return rc;
}

int conf_host_into_table(void *arg, struct config_section *cfg, struct boot_host *host)
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
