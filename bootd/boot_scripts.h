/* SPDX-License-Identifier: ISC */
/*
 * What HTTP and TFTP clients are to bootd: machines that want their script, and
 * systems that call home.
 *
 * A script is rendered for the machine that `?mac=` names, or else for the
 * one that uses the asking address. Its host's variables and what its last
 * DHCPv6 exchange has shown are its values (boot_values.h).
 */
#ifndef NB6_BOOTD_BOOT_SCRIPTS_H
#define NB6_BOOTD_BOOT_SCRIPTS_H

#include "bootd/boot_server.h"

/* For struct boot_files; arg is the boot_server. */
script_describe_fn boot_scripts_describe;

/* GET or POST /netboot6/booted?mac=...: the machine has come to its end; arg as above. */
http_handler_fn boot_scripts_booted;
#define BOOTED_PATH "/netboot6/booted"

#endif
