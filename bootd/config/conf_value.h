/* SPDX-License-Identifier: ISC */
/* The values of bootd.conf that only it has; those of both daemons are in daemon/config.h. */
#ifndef NB6_BOOTD_CONFIG_CONF_VALUE_H
#define NB6_BOOTD_CONFIG_CONF_VALUE_H

#include "bootd/rules/boot_config.h"
#include "daemon/config.h"

enum {
	CONF_NAME_MAX = 255, /* octets of a name of ours */
	CONF_ARCHS_MAX = 64, /* architectures of a group */
};

/*
 * Values, each returning 0 or -EINVAL; used for checking and for building alike.
 *
 *	arch     a name of IANA's list in our words ("x64-uefi"), or its number
 *	mac      the first 1 to 6 octets of a MAC
 *	pattern  text; a '*' at its end: what begins with it. "0x..." are octets
 *	set      "name=value"
 *	supplied the number of an option that relays may supply: none that a server makes itself
 *	addresses "stable", "none", "pool" or "proxy"
 *	pool     "2001:db8::1000-2001:db8::1fff", at most POOL_SIZE_MAX addresses
 */
int conf_arch(const char *text, uint16_t *code);
/* One of these, or all of a group of them ("uefi", "arm64"): how many; 0: it is none. */
size_t conf_archs(const char *text, uint16_t code[CONF_ARCHS_MAX]);
int conf_mac_start(const char *text, uint8_t mac[DHCP6_MAC_LEN], uint8_t *len);
int conf_pattern(const char *text, struct text_pattern *pattern); /* -ENOMEM too */
int conf_supplied(const char *text, uint16_t *code);
int conf_addresses(const char *text, enum subnet_addresses *addresses);
int conf_pool(const char *text, struct in6_addr *low, uint32_t *size);
int conf_variable(const char *text, struct host_variable *variable);

/* All of a section's `set`; false: no memory, with what there is to be freed. */
bool conf_variables(cfg_t *cfg, struct host_variable **variable, size_t *n);

#endif
