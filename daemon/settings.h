/* SPDX-License-Identifier: ISC */
/* The settings that the configuration files of both daemons have. */
#ifndef NB6_DAEMON_SETTINGS_H
#define NB6_DAEMON_SETTINGS_H

#include <stdbool.h>

#include "daemon/log.h"

struct config_section;

struct daemon_settings {
	bool quiet, debug; /* -q and -d on the command line count more */
	enum log_format log_format;
};

/* For a table of struct config_def; `user` is copied by the daemon. */
#define DAEMON_SETTINGS \
	CONFIG_BOOL("quiet", false), CONFIG_BOOL("debug", false), \
		CONFIG_TEXT("log", "text"), CONFIG_TEXT("user", NULL)

/* Set the functions that check the values. */
void daemon_settings_expect(struct config_section *cfg);
void daemon_settings_copy(struct config_section *cfg, struct daemon_settings *settings);

#endif
