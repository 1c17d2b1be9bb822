/* SPDX-License-Identifier: ISC */
/*
 * The values of ${name} for one machine, in boot URLs and in iPXE scripts:
 *
 *	mac uuid host arch address subnet    what is known of it
 *	anything else                        the variables of its host and of that one's groups
 *(`set`)
 *
 * Names of ours win over those of a host. A name without a value is left as it
 * stands for iPXE, which may know it itself (${mac}, ${uuid}), and is empty for all others.
 */
#ifndef NB6_BOOTD_RULES_BOOT_VALUES_H
#define NB6_BOOTD_RULES_BOOT_VALUES_H

#include "bootd/client/client_facts.h"
#include "bootd/rules/boot_config.h"

struct boot_values {
	bool for_ipxe;
	const struct boot_config *config;
	const struct boot_host *host; /* or NULL */
	char mac[DHCP6_MAC_TEXT];     /* each "" where not known */
	char uuid[DHCP6_UUID_TEXT];
	char arch[24];
	char address[INET6_ADDRSTRLEN];
	char subnet[PREFIX_TEXT];
};

/* subnet, host and address may be NULL. */
void boot_values_of_client(struct boot_values *values, const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet, const struct boot_host *host,
	const struct in6_addr *address);

/* For template_expand(); ctx is the struct. */
const char *boot_values_lookup(void *ctx, const char *name);

#endif
