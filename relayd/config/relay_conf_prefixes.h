/* SPDX-License-Identifier: ISC */
/*
 * The settings of prefix delegation in relayd.conf: routes, prefixes-per-client, prefixes-per-link,
 * prefix-pools, route-protocol, state.
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_CONF_PREFIXES_H
#define NB6_RELAYD_CONFIG_RELAY_CONF_PREFIXES_H

#include "daemon/config.h"
#include "relayd/config/relay_conf.h"

/* Sets the functions that check the values. */
void relay_conf_expect_prefixes(struct config_section *cfg);

/* Copies what a section `link` says, and what the file says if it does not; `section` may be NULL. */
void relay_conf_copy_link_prefixes(struct relay_link_rule *rule, struct config_section *section, struct config_section *cfg);

/* Copies the settings of the whole file. Returns 0 or -ENOMEM. */
int relay_conf_copy_prefixes(struct relay_conf *conf, struct config_section *cfg);

#endif
