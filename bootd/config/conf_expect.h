/* SPDX-License-Identifier: ISC */
/*
 * What is expected of each option of bootd.conf: how its text is read, and the words for the
 * operator where it cannot be. What a section as a whole must have is conf_syntax.c's.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_EXPECT_H
#define NB6_BOOTD_CONFIG_CONF_EXPECT_H

#include "daemon/config.h"

/*
 * From now on libConfuse has each value checked while it reads it: those of one section, or of
 * all where `section` is NULL. Such sections and options must be in `cfg`.
 */
void conf_expect(cfg_t *cfg, const char *section);

#endif
