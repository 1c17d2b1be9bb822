/* SPDX-License-Identifier: ISC */
/* The boot server as a daemon: command line, start, reload by signal, stop. */
#ifndef NB6_BOOTD_BOOT_DAEMON_H
#define NB6_BOOTD_BOOT_DAEMON_H

/* Returns what the process exits with. */
int boot_daemon_main(int argc, char *argv[]);

#endif
