/* SPDX-License-Identifier: ISC */
/* Types of values that only bootd.conf has; those of both daemons are in daemon/config.h. */
#ifndef NB6_BOOTD_CONFIG_CONF_VALUE_H
#define NB6_BOOTD_CONFIG_CONF_VALUE_H

#include "bootd/rules/boot_config.h"
#include "daemon/config.h"

enum {
	CONF_NAME_MAX = 255, /* octets of the name of a host */
};

/*
 * Values, each returning 0 or -EINVAL; used for checking and for building alike.
 *
 *	set      "name=value"
 *	supplied the number of an option that relays may supply: none that only the server may send
 *	preference "0" to "255"; "true" is 255 and "false" 0
 *	addresses "stable", "none", "pool" or "proxy"
 *	ports    "40000-40999", the first not above the last
 *	pool     "2001:db8::1000-2001:db8::1fff", at most POOL_SIZE_MAX addresses
 */
int conf_supplied(const char *text, uint16_t *code);
int conf_preference(const char *text, uint8_t *preference);
int conf_addresses(const char *text, enum subnet_addresses *addresses);
int conf_ports(const char *text, uint16_t *first, uint16_t *last);
int conf_pool(const char *text, struct in6_addr *low, uint32_t *size);
int conf_variable(const char *text, struct host_variable *variable);

/* All of a section's `set`; false: no memory, with what there is to be freed. */
bool conf_variables(cfg_t *cfg, struct host_variable **variable, size_t *n);

/*
 * Values of a section that was checked. The copies are the caller's, also those of a list that was
 * cut short; false: no memory. A text that is not set becomes NULL.
 */
bool conf_copy_text(cfg_t *cfg, const char *option, char **out);
bool conf_copy_list(cfg_t *cfg, const char *option, char ***out, size_t *n);
uint32_t conf_duration_of(cfg_t *cfg, const char *option, uint32_t otherwise_s);

#endif
