/* SPDX-License-Identifier: ISC */
/*
 * The life of a daemon, the same for relayd and bootd:
 *
 *	options -> configuration -> (-t ends here) -> sockets -> privileges dropped -> sandbox
 *	-> ready -> loop, with reloads on SIGHUP -> stop
 *
 * A daemon is a table of functions, struct daemon_ops. This module parses the options that both
 * have, opens the log, raises the limit of descriptors, drops privileges, notifies systemd and
 * feeds its watchdog.
 *
 * Exit status: 0; 78 (EX_CONFIG) for a bad configuration or command line; 1 for all else.
 */
#ifndef NB6_DAEMON_DAEMON_H
#define NB6_DAEMON_DAEMON_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/settings.h"

struct config_problems;
struct loop;

enum { DAEMON_SUMMARY = 160 };

/* The options that both daemons have. */
struct daemon_options {
	const char *config;
	bool check, foreground, quiet, debug, no_sandbox;
};

struct daemon_ops {
	const char *name;             /* of the program */
	const char *usage;            /* the text of --help */
	const char *config;           /* default of -c */
	const struct option *options; /* its own, ended by a NULL name; or NULL */
	const char *letters;          /* its own short ones, "i:s:"; or "" */
	/* One of its own options; its value is optarg. 0, or -EINVAL after a message. */
	int (*option)(void *arg, int option);
	/*
	 * Read and check the configuration. 0, or -errno with `problems` saying why. It may
	 * be called without `start` after it: `stop` frees what it made.
	 */
	int (*read)(
		void *arg, struct daemon_options *options, struct config_problems *problems);
	/* What -t looks at besides. 0, or -errno after saying why. NULL: nothing. */
	int (*check)(void *arg, struct config_problems *problems);
	const struct daemon_settings *(*settings)(void *arg);
	const char *(*user)(void *arg); /* to run as; NULL: as now */
	/* Open sockets. 0, or -errno with the reason in the log. */
	int (*start)(void *arg, struct loop *loop);
	const int *(*capabilities)(void *arg); /* to keep, ended by -1 */
	/* "3 subnets, 20 hosts": of the configuration if it is not started, else of its state. */
	void (*summary)(void *arg, char text[DAEMON_SUMMARY]);
	/* Begin to read the configuration again; daemon_reloaded() is called when it has ended. */
	void (*reload)(void *arg);
	void (*stop)(void *arg); /* frees all */
};

/* Returns what the process exits with. */
int daemon_main(const struct daemon_ops *ops, void *arg, int argc, char *argv[]);

/* A reload that ops.reload() began has ended, well or not. */
void daemon_reloaded(void);

/* Log as this configuration and the command line say: at the start and after a reload. */
void daemon_apply_settings(const struct daemon_settings *settings);

/*
 * The limit of descriptors of this process: the soft one raised to the hard one, but to no more
 * than `max`, which bounds what the kernel and libraries allocate for each. Returns it.
 */
unsigned daemon_raise_descriptors(unsigned max);

#endif
