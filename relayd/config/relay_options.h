/* SPDX-License-Identifier: ISC */
/*
 * The command line of netboot6-relayd(8).
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_OPTIONS_H
#define NB6_RELAYD_CONFIG_RELAY_OPTIONS_H

#include <stdbool.h>

#include "frame/client_mac.h"
#include "relayd/config/relay_conf.h"

struct relay_options {
	const char *file;            /* -c, or its default where neither -i nor -s was given */
	char *text;                  /* a configuration made of -i and -s; owned */
	bool check;                  /* -t */
	bool foreground;             /* -f */
	bool debug;                  /* -d */
	bool no_sandbox;             /* --no-sandbox */
	bool version;                /* -V */
	bool help;                   /* -h */
	enum client_mac_way mac_way; /* --client-mac-by */
	const char *control;         /* --control */
};

/* Returns 0, or -EINVAL after it has said on stderr what is wrong. */
int relay_options_parse(struct relay_options *options, int argc, char *argv[]);
void relay_options_fini(struct relay_options *options);

/* Print the usage. */
void relay_options_help(void);

/* The configuration that the options come to: of the file, or of -i and -s. */
int relay_options_read_conf(const struct relay_options *options, struct relay_conf **conf,
	struct config_problems *problems);

#endif
