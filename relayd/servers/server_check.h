/* SPDX-License-Identifier: ISC */
/*
 * What `netboot6-relayd -t` finds out about the servers on this host, beyond the syntax of the file.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_CHECK_H
#define NB6_RELAYD_SERVERS_SERVER_CHECK_H

#include "daemon/config.h"
#include "relayd/config/relay_conf.h"

/*
 * Warn of each server whose route leaves by a client-facing link now, unless its section names that
 * link: its replies would be dropped. `file` is the configuration's name in messages.
 */
void server_check_routes(
	const struct relay_conf *conf, const char *file, struct config_problems *problems);

#endif
