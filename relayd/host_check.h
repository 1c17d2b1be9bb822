/* SPDX-License-Identifier: ISC */
/*
 * What `netboot6-relayd -t` finds out about a valid configuration on this host: names of links that
 * do not exist, and servers whose replies would be dropped.
 */
#ifndef NB6_RELAYD_HOST_CHECK_H
#define NB6_RELAYD_HOST_CHECK_H

#include "daemon/config.h"
#include "relayd/config/relay_conf.h"

/*
 * Add warnings to `problems`; `file` is the configuration's name in them. A router may be configured
 * before its links are, so nothing here is an error.
 */
void host_check(
	const struct relay_conf *conf, const char *file, struct config_problems *problems);

#endif
