/* SPDX-License-Identifier: ISC */
/*
 * One function per kind of value: from its text to the value, or -EINVAL. conf_expect.c calls them
 * to check a value and conf_file.c, conf_host.c and conf_section.c to build it, so both accept the
 * same.
 */
#include "bootd/config/conf_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/files/template.h"
#include "daemon/config.h"
#include "dhcp6/names.h"

int conf_variable(const char *text, struct host_variable *variable)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;

	if (len == 0 || len >= TEMPLATE_NAME_SIZE ||
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "0123456789_.-") != len)
		return -EINVAL;
	for (const char *c = equals + 1; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return -EINVAL;
	variable->name = strndup(text, len);
	variable->value = strdup(equals + 1);
	if (variable->name && variable->value)
		return 0;
	free(variable->name);
	free(variable->value);
	*variable = (struct host_variable){0};
	return -ENOMEM;
}

bool conf_variables(struct config_section *cfg, struct host_variable **variable, size_t *n)
{
	unsigned variables = config_count(cfg, "set");

	*variable = calloc(variables + 1, sizeof(**variable));
	for (*n = 0; *variable && *n < variables; (*n)++)
		if (conf_variable(config_text_at(cfg, "set", (unsigned)*n), &(*variable)[*n]) < 0)
			return false;
	return *variable;
}

int conf_supplied(const char *text, uint16_t *code)
{
	struct dhcp6_option_type type;

	if (dhcp6_option_type_of(text, &type) < 0)
		return -EINVAL;
	*code = type.code;
	return 0;
}

int conf_preference(const char *text, uint8_t *preference)
{
	static const struct {
		const char *word;
		uint8_t preference;
	} word[] = {{"true", UINT8_MAX}, {"yes", UINT8_MAX}, {"on", UINT8_MAX}, {"false", 0},
		{"no", 0}, {"off", 0}};
	size_t digits = strspn(text, "0123456789");
	unsigned long number;

	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (strcmp(text, word[i].word) == 0) {
			*preference = word[i].preference;
			return 0;
		}
	if (digits == 0 || digits > 3 || text[digits])
		return -EINVAL;
	number = strtoul(text, NULL, 10);
	*preference = (uint8_t)number;
	return number > UINT8_MAX ? -EINVAL : 0;
}

int conf_addresses(const char *text, enum subnet_addresses *addresses)
{
	for (int i = 0; i < SUBNET_ADDRESSES; i++) {
		*addresses = (enum subnet_addresses)i;
		if (strcmp(text, subnet_addresses_name(*addresses)) == 0)
			return 0;
	}
	return -EINVAL;
}

int conf_pool(const char *text, struct in6_addr *low, uint32_t *size)
{
	const char *dash = strchr(text, '-');
	char first[INET6_ADDRSTRLEN];
	struct in6_addr high;
	size_t len = dash ? (size_t)(dash - text) : sizeof(first);

	if (len >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, len);
	first[len] = '\0';
	if (config_address(first, low) < 0 || config_address(dash + 1, &high) < 0)
		return -EINVAL;
	*size = address_distance(low, &high);
	return (*size)++ >= POOL_SIZE_MAX ? -EINVAL : 0;
}

int conf_ports(const char *text, uint16_t *first, uint16_t *last)
{
	unsigned low, high;
	int end = 0;

	if (sscanf(text, "%5u-%5u%n", &low, &high, &end) != 2 || text[end] || low == 0 ||
		low > high || high > UINT16_MAX)
		return -EINVAL;
	*first = (uint16_t)low;
	*last = (uint16_t)high;
	return 0;
}

/* --- values of sections that were checked ------------------------------------ */

bool conf_copy_text(struct config_section *cfg, const char *option, char **out)
{
	const char *text = config_text(cfg, option);

	*out = text ? strdup(text) : NULL;
	return !text || *out;
}

bool conf_copy_list(struct config_section *cfg, const char *option, char ***out, size_t *n)
{
	unsigned size = config_count(cfg, option);

	*out = calloc(size + 1, sizeof(**out));
	for (*n = 0; *out && *n < size; (*n)++) {
		(*out)[*n] = strdup(config_text_at(cfg, option, (unsigned)*n));
		if (!(*out)[*n])
			return false;
	}
	return *out;
}

uint32_t conf_duration_of(struct config_section *cfg, const char *option, uint32_t otherwise_s)
{
	const char *text = config_text(cfg, option);
	uint32_t seconds = otherwise_s;

	if (text)
		config_duration(text, &seconds);
	return seconds;
}

/* --- options: checked while they are read, then built into an option_set ----------- */

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
