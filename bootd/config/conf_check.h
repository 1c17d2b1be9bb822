/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a configuration as a whole, though each value is right:
 * two hosts with one MAC, a URL that the firmware of its rule cannot read, a rule that never
 * comes to its turn.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_CHECK_H
#define NB6_BOOTD_CONFIG_CONF_CHECK_H

#include "bootd/rules/boot_config.h"
#include "daemon/config.h"

/* Returns 0 (there may be warnings), or -EINVAL where there are errors. */
int conf_check(const struct boot_config *config, struct config_problems *problems);

/* What is odd about a host, in bootd.conf or in a file of its directory: warnings only. */
void conf_check_host(const struct boot_config *config, const struct boot_host *host,
	struct config_problems *problems);

#endif
