/* SPDX-License-Identifier: ISC */
/*
 * DHCPv6 options in bootd.conf, in any scope:
 *
 *	option "ntp-servers" = {"2001:db8::123"}
 *	option "136" = "https://[2001:db8::1]/"
 *
 * libConfuse has no such syntax, so the text is rewritten, within its lines, before it is
 * parsed: option "ntp-servers" { value = {"2001:db8::123"} }
 */
#ifndef NB6_BOOTD_CONFIG_CONF_OPTION_H
#define NB6_BOOTD_CONFIG_CONF_OPTION_H

#include <confuse.h>

#include "bootd/rules/option_set.h"

/* The text that libConfuse parses, to be freed; NULL: no memory. */
char *conf_option_rewrite(const char *text);

/* The section, for cfg_opt_t tables of each scope. */
extern cfg_opt_t conf_option_settings[];
#define CONF_OPTION CFG_SEC("option", conf_option_settings, CFGF_MULTI | CFGF_TITLE)

/* libConfuse's validator of that section. */
int conf_option_section(cfg_t *cfg, cfg_opt_t *opt);

/* Adds all options of a scope to the set. Returns 0 or -ENOMEM; what they are is checked. */
int conf_options_build(cfg_t *cfg, struct option_set *set);

#endif
