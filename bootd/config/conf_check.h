/* SPDX-License-Identifier: ISC */
/*
 * Errors and warnings about a configuration as a whole, each value of which is valid: a URL that
 * the firmware of its rule cannot read, a pool that contains addresses of another subnet, a rule
 * that can never match.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_CHECK_H
#define NB6_BOOTD_CONFIG_CONF_CHECK_H

#include "bootd/rules/boot_config.h"
#include "daemon/config.h"

/* Returns 0, perhaps with warnings, or -EINVAL if there are errors. */
int conf_check(const struct boot_config *config, struct config_problems *problems);

/* The same for the boot rules; part of conf_check(). */
int conf_check_rules(const struct boot_config *config, struct config_problems *problems);

/* Warnings about one host, of bootd.conf or of a file in hosts-directory. */
void conf_check_host(const struct boot_config *config, const struct boot_host *host,
	struct config_problems *problems);

#endif
