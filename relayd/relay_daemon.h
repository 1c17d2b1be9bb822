/* SPDX-License-Identifier: ISC */
/*
 * The relay as a daemon: command line, configuration file, start, reload, control socket, stop.
 * main() only calls relay_daemon_main().
 */
#ifndef NB6_RELAYD_RELAY_DAEMON_H
#define NB6_RELAYD_RELAY_DAEMON_H

#include "relayd/config/relay_options.h"
#include "relayd/relay.h"
#include "relayd/view/relay_control.h"

struct metrics_server;

struct relay_daemon {
	struct relay_options options;
	const char *file;        /* of the configuration */
	struct relay_conf *conf; /* read and not started with yet; owned */
	struct relay relay;
	bool is_started;
	struct loop *loop;
	struct control *control;
	struct relay_control commands;  /* what the control socket's commands work on */
	struct metrics_server *metrics; /* NULL: metrics are not served by HTTP */
};

/* Returns the exit status of the process. */
int relay_daemon_main(int argc, char *argv[]);

#endif
