/* SPDX-License-Identifier: ISC */
/*
 * The syntax of relayd.conf for libConfuse: settings, defaults, and the checks of sections.
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_CONF_SYNTAX_H
#define NB6_RELAYD_CONFIG_RELAY_CONF_SYNTAX_H

#include <confuse.h>

/* A parser with all checks set, to be freed with cfg_free(). NULL: no memory. */
cfg_t *relay_conf_parser(void);

#endif
