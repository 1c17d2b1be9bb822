/* SPDX-License-Identifier: ISC */
/*
 * The syntax of relayd.conf for libConfuse: options, defaults, and the checks
 * of single values, which say their file and line.
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_CONF_SYNTAX_H
#define NB6_RELAYD_CONFIG_RELAY_CONF_SYNTAX_H

#include <confuse.h>

/* A parser with all checks set; free with cfg_free(). NULL: no memory. */
cfg_t *relay_conf_parser(void);

/* The words that a setting can have, in the order of its enum; NULL ends them. */
extern const char *const relay_forward_words[];
extern const char *const relay_without_address_words[];

/* The place of `word` among `words`, -1: none of them. */
int relay_conf_word(const char *word, const char *const words[]);

#endif
