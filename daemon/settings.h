/* SPDX-License-Identifier: ISC */
/* The settings that the configuration files of both daemons have. */
#ifndef NB6_DAEMON_SETTINGS_H
#define NB6_DAEMON_SETTINGS_H

#include <stdbool.h>

#include "daemon/log.h"

struct cfg_t;

struct daemon_settings {
	bool quiet, debug; /* -q and -d on the command line count more */
	enum log_format log_format;
};

/* For a table of cfg_opt_t; `user` is copied by the daemon. */
#define DAEMON_SETTINGS \
	CFG_BOOL("quiet", cfg_false, CFGF_NONE), CFG_BOOL("debug", cfg_false, CFGF_NONE), \
		CFG_STR("log", "text", CFGF_NONE), CFG_STR("user", NULL, CFGF_NODEFAULT)

/* Set the functions that check the values. */
void daemon_settings_expect(struct cfg_t *cfg);
void daemon_settings_copy(struct cfg_t *cfg, struct daemon_settings *settings);

#endif
