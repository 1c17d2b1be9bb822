/* SPDX-License-Identifier: ISC */
/*
 * Sections of bootd.conf, from what libConfuse has parsed and the validators have checked. Each
 * function returns false if there is no memory; what it has built by then belongs to the result.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_SECTION_H
#define NB6_BOOTD_CONFIG_CONF_SECTION_H

#include "bootd/rules/boot_config.h"
#include "daemon/config.h"

/* Lifetimes that are not set stay 0: the one of the whole file may follow. */
bool conf_build_subnet(cfg_t *cfg, struct subnet *subnet);
bool conf_build_rule(cfg_t *cfg, struct boot_rule *rule);
/* All groups of the file, sorted by name. */
bool conf_build_groups(cfg_t *cfg, struct boot_config *config);

#endif
