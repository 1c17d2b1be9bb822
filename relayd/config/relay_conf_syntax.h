/* SPDX-License-Identifier: ISC */
/*
 * The syntax of relayd.conf for libConfuse: settings, defaults, and the checks of single values.
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_CONF_SYNTAX_H
#define NB6_RELAYD_CONFIG_RELAY_CONF_SYNTAX_H

#include <confuse.h>

/* A parser with all checks set, to be freed with cfg_free(). NULL: no memory. */
cfg_t *relay_conf_parser(void);

/* The words that a setting accepts, in the order of its enum, ended by NULL. */
extern const char *const relay_forward_words[];
extern const char *const relay_without_address_words[];

/* The index of `word` in `words`, -1: it is not one of them. */
int relay_conf_word(const char *word, const char *const words[]);

#endif
