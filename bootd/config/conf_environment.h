/* SPDX-License-Identifier: ISC */
/*
 * Checks of a configuration against the machine that it is for: a valid file can still name files
 * that are not there. Separate from conf_check.h, which looks at nothing but the configuration.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_ENVIRONMENT_H
#define NB6_BOOTD_CONFIG_CONF_ENVIRONMENT_H

#include "bootd/rules/boot_config.h"
#include "daemon/config.h"

/*
 * An error if `root` cannot be opened; a warning for each boot rule whose URL leads to this server
 * and names a file that is not there, that `user` cannot read, or that firmware will refuse: an
 * empty one, an EFI program that was cut off, or one for another processor. Returns 0 or -EINVAL.
 */
int conf_check_files(const struct boot_config *config, struct config_problems *problems);

/* A warning for each name in `listen` and `interface` that no link of this host has now. */
void conf_check_links(const struct boot_config *config, struct config_problems *problems);

#endif
