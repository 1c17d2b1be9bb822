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

/* Only the server itself sends identifiers, addresses and boot files. */
static bool is_servers(unsigned long code)
{
	return code <= DHCP6_OPT_INTERFACE_ID || code == DHCP6_OPT_RECONF_MSG ||
	       code == DHCP6_OPT_RECONF_ACCEPT || code == DHCP6_OPT_IA_PD ||
	       code == DHCP6_OPT_IAPREFIX || code == DHCP6_OPT_RELAY_ID ||
	       (code >= DHCP6_OPT_BOOTFILE_URL && code <= DHCP6_OPT_NII) ||
	       code == DHCP6_OPT_RSOO || code == DHCP6_OPT_RELAY_PORT;
}

int conf_supplied(const char *text, uint16_t *code)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long number;

	if (digits == 0 || digits > 5 || text[digits])
		return -EINVAL;
	number = strtoul(text, NULL, 10);
	*code = (uint16_t)number;
	return number > UINT16_MAX || is_servers(number) ? -EINVAL : 0;
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
