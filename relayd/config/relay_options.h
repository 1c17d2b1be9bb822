/* SPDX-License-Identifier: ISC */
/*
 * The command line of netboot6-relayd(8).
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_OPTIONS_H
#define NB6_RELAYD_CONFIG_RELAY_OPTIONS_H

#include <stdbool.h>

#include "daemon/config.h"
#include "frame/client_mac.h"
#include "relayd/config/relay_conf.h"

struct relay_options {
	const char *file;            /* -c or its default; unused if `text` is set */
	char *text;                  /* the configuration that -i and -s make; owned, NULL: none */
	bool check;                  /* -t */
	bool foreground;             /* -f */
	bool debug;                  /* -d */
	bool no_sandbox;             /* --no-sandbox */
	bool version;                /* -V */
	bool help;                   /* -h */
	enum client_mac_method mac_method; /* --client-mac-by */
	const char *control;         /* --control */
};

/* Returns 0, or -errno after a message on stderr. */
int relay_options_parse(struct relay_options *options, int argc, char *argv[]);
void relay_options_fini(struct relay_options *options);

/* Print the usage. */
void relay_options_help(void);

/* Read the configuration: the file, or what -i and -s make. See relay_conf_read(). */
int relay_options_read_conf(const struct relay_options *options, struct relay_conf **conf,
	struct config_problems *problems);

#endif
