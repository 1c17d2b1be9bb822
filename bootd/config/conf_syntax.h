/* SPDX-License-Identifier: ISC */
/*
 * The syntax of bootd.conf: which settings and sections there are. Every value is checked while
 * libConfuse parses, because the line is known then.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_SYNTAX_H
#define NB6_BOOTD_CONFIG_CONF_SYNTAX_H

#include "daemon/config.h"

#define CONF_STATE_DIR LOCALSTATEDIR "/lib/netboot6"

/* For config_parse_text(); to be freed with cfg_free(). NULL: no memory. */
cfg_t *conf_syntax_new(void);
/* The same for a file of hosts-directory, which has only hosts. */
cfg_t *conf_syntax_of_hosts(void);

#endif
