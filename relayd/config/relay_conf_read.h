/* SPDX-License-Identifier: ISC */
/*
 * Reading netboot6-relayd.conf(5).
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_CONF_READ_H
#define NB6_RELAYD_CONFIG_RELAY_CONF_READ_H

#include "daemon/config.h"
#include "relayd/config/relay_conf.h"

/*
 * Read `path`. Returns 0 and *conf, to be freed with relay_conf_free(); or -errno, and `problems`
 * says what is wrong, each with its file and line.
 */
int relay_conf_read(const char *path, struct relay_conf **conf, struct config_problems *problems);
/* The same for a text, called `name` in messages: for -i and -s, tests and fuzzers. */
int relay_conf_read_text(const char *name, const char *text, struct relay_conf **conf,
	struct config_problems *problems);

#endif
