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
/*
 * From now on each subnet goes to `add` as soon as it is parsed, and libConfuse's copy is freed:
 * libConfuse compares each title with all before it, which is quadratic. NULL: subnets stay in the
 * cfg_t. `add` returns 0 or -errno.
 */
typedef int conf_subnet_add_fn(void *arg, cfg_t *section);
void conf_syntax_begin(conf_subnet_add_fn *add, void *arg);
/* Returns 0, or the -errno of `add`. */
int conf_syntax_end(void);

/* The same for a file of hosts-directory, which has only hosts. */
cfg_t *conf_syntax_of_hosts(void);

#endif
