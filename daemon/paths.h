/* SPDX-License-Identifier: ISC */
/* Default paths: those that the daemons and the netboot6 command must agree on, and those of state. */
#ifndef NB6_DAEMON_PATHS_H
#define NB6_DAEMON_PATHS_H

#define PATH_RELAYD_CONFIG SYSCONFDIR "/netboot6/relayd.conf"
#define PATH_BOOTD_CONFIG  SYSCONFDIR "/netboot6/bootd.conf"

#define PATH_RELAYD_CONTROL RUNSTATEDIR "/netboot6/relayd.sock"
#define PATH_BOOTD_CONTROL  RUNSTATEDIR "/netboot6/bootd.sock"
#define PATH_RELAYD_STATE   LOCALSTATEDIR "/lib/netboot6-relayd/prefixes"

#endif
