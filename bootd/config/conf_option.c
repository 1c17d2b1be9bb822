/* SPDX-License-Identifier: ISC */
/* DHCPv6 options by name or number: checked while they are read, then built into an option_set. */
#include "bootd/config/conf_read.h"

#include <errno.h>
#include <stdio.h>

#include "daemon/config.h"

enum { VALUES_MAX = 64 };

const struct config_def conf_option_settings[] = {
	CONFIG_LIST(CONFIG_VALUE, NULL),
	CONFIG_END,
};

static unsigned read_values(struct config_section *section, const char *value[VALUES_MAX])
{
	unsigned values = config_count(section, CONFIG_VALUE);

	for (unsigned i = 0; i < values && i < VALUES_MAX; i++)
		value[i] = config_text_at(section, CONFIG_VALUE, i);
	return values < VALUES_MAX ? values : VALUES_MAX;
}

static int name_error(struct config_section *cfg, const char *name, int rc)
{
	char known[512] = "";
	size_t len = 0;

	if (rc == -EPERM)
		return config_error(
			cfg, "option \"%s\": the server makes this option itself", name);
	for (unsigned i = 0; dhcp6_option_row(i) && len < sizeof(known); i++)
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", i ? ", " : "",
			dhcp6_option_row(i)->name);
	return config_error(
		cfg, "option \"%s\": unknown; expected a number, or one of %s", name, known);
}

int conf_option_section(struct config_section *cfg, struct config_setting *setting)
{
	struct config_section *section = config_last_section(setting);
	const char *name = section->title, *value[VALUES_MAX];
	unsigned values = read_values(section, value), bad;
	struct dhcp6_option_type type;
	struct option_set set = {0};
	int rc = dhcp6_option_type_of(name, &type);

	if (rc < 0)
		return name_error(cfg, name, rc);
	rc = option_set_add(&set, &type, value, values, &bad);
	option_set_fini(&set);
	if (rc == -ENOSPC)
		return config_error(cfg, "option \"%s\": its values take more than %d octets", name,
			OPTION_SET_MAX);
	if (rc == -EINVAL && values == 0)
		return config_error(cfg, "option \"%s\": no value; expected %s", name,
			dhcp6_option_expected(&type));
	if (rc == -EINVAL)
		return config_error(cfg, "option \"%s\" = \"%s\": expected %s", name, value[bad],
			dhcp6_option_expected(&type));
	return rc;
}

int conf_options_build(struct config_section *cfg, struct option_set *set)
{
	int rc = 0;

	for (unsigned i = 0; rc >= 0 && i < config_count(cfg, "option"); i++) {
		struct config_section *section = config_section_at(cfg, "option", i);
		struct dhcp6_option_type type;
		const char *value[VALUES_MAX];
		unsigned values = read_values(section, value), bad;

		rc = dhcp6_option_type_of(section->title, &type);
		if (rc == 0)
			rc = option_set_add(set, &type, value, values, &bad);
	}
	return rc;
}
