/* SPDX-License-Identifier: ISC */
/*
 * What each setting of bootd.conf expects: how its text is checked, and the message if it is not
 * valid. conf_syntax.c checks sections as a whole.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_EXPECT_H
#define NB6_BOOTD_CONFIG_CONF_EXPECT_H

#include "daemon/config.h"

/*
 * Make libConfuse check each value while it parses: those of one section, or of all sections if
 * `section` is NULL. `cfg` must have these sections and settings.
 */
void conf_expect(cfg_t *cfg, const char *section);

#endif
