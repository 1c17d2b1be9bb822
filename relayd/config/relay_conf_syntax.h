/* SPDX-License-Identifier: ISC */
/*
 * The syntax of relayd.conf: settings, defaults, and the checks of sections.
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_CONF_SYNTAX_H
#define NB6_RELAYD_CONFIG_RELAY_CONF_SYNTAX_H

#include "daemon/config_tree.h"

/* A parser with all checks set, to be freed with config_free(). NULL: no memory. */
struct config_section *relay_conf_parser(void);

#endif
