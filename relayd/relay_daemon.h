/* SPDX-License-Identifier: ISC */
/*
 * The relay as a daemon: command line, configuration file, start, reload,
 * control socket, stop. main() is nothing but a call of this.
 */
#ifndef NB6_RELAYD_RELAY_DAEMON_H
#define NB6_RELAYD_RELAY_DAEMON_H

#include "daemon/control.h"
#include "relayd/config/relay_options.h"
#include "relayd/relay.h"

struct metrics_server;

struct relay_daemon {
	struct relay_options options;
	struct relay relay;
	struct loop *loop;
	struct control *control;
	struct metrics_server *metrics; /* NULL: only the control socket gives them */
};

/* Returns what the process exits with. */
int relay_daemon_main(int argc, char *argv[]);

/*
 * Read the configuration again and, where it is good, go on with it. Returns
 * 0, or -errno with `problems` saying what is wrong; then nothing has changed.
 */
int relay_daemon_reload(struct relay_daemon *daemon, struct config_problems *problems);

#endif
