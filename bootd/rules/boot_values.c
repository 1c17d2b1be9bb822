/* SPDX-License-Identifier: ISC */
/* What ${name} stands for. */
#include "bootd/rules/boot_values.h"

#include <stdio.h>
#include <string.h>

#include "bootd/client/firmware.h"
#include "dhcp6/names.h"

static void put_arch(struct boot_values *values, uint16_t code)
{
	const struct dhcp6_arch *arch = dhcp6_arch_of(code);

	if (arch)
		stpncpy(values->arch, arch->name, sizeof(values->arch) - 1);
	else
		snprintf(values->arch, sizeof(values->arch), "%u", code);
}

void boot_values_of_client(struct boot_values *values, const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet, const struct boot_host *host,
	const struct in6_addr *address)
{
	*values = (struct boot_values){
		.for_ipxe = firmware_of(facts) == FIRMWARE_IPXE,
		.config = config,
		.host = host,
	};
	if (facts->mac_source != CLIENT_MAC_UNKNOWN)
		dhcp6_mac_format(facts->mac, values->mac);
	if (facts->has_uuid)
		dhcp6_uuid_format(facts->uuid, values->uuid);
	if (facts->archs > 0)
		put_arch(values, facts->arch[0]);
	if (address)
		dhcp6_address_format(address, values->address);
	if (subnet)
		memcpy(values->subnet, subnet->text, sizeof(values->subnet));
}

const char *boot_values_lookup(void *ctx, const char *name)
{
	const struct boot_values *values = ctx;
	const struct {
		const char *name, *value;
	} known[] = {
		{"mac", values->mac},
		{"uuid", values->uuid},
		{"host", values->host ? values->host->name : ""},
		{"arch", values->arch},
		{"address", values->address},
		{"subnet", values->subnet},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return *known[i].value || !values->for_ipxe ? known[i].value : NULL;
	return values->host ? boot_config_variable(values->config, values->host, name) : NULL;
}
