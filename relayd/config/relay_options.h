/* SPDX-License-Identifier: ISC */
/*
 * The command line of netboot6-relayd(8).
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_OPTIONS_H
#define NB6_RELAYD_CONFIG_RELAY_OPTIONS_H

#include <getopt.h>

#include "daemon/config.h"
#include "daemon/paths.h"
#include "frame/client_mac.h"
#include "relayd/config/relay_conf.h"

struct relay_options {
	char *text; /* the configuration that -i and -s make; owned, NULL: none */
	enum client_mac_method mac_method; /* --client-mac-by */
	const char *control;               /* --control; NULL: as configured */
};

#define RELAY_OPTIONS_FILE PATH_RELAYD_CONFIG

/* For struct daemon_ops. */
extern const struct option relay_options_long[];
extern const char relay_options_letters[], relay_options_usage[];

/* An option of the table, its value in optarg. Returns 0, or -errno after a message on stderr. */
int relay_options_read(struct relay_options *options, int option);
void relay_options_fini(struct relay_options *options);

/* Read the configuration: `file`, or what -i and -s make. See relay_conf_read(). */
int relay_options_read_conf(const struct relay_options *options, const char *file,
	struct relay_conf **conf, struct config_problems *problems);

#endif
