/* SPDX-License-Identifier: ISC */
/*
 * Which machine sends an HTTP or TFTP request: machines that want their script, and installed
 * systems that call home.
 *
 * A script is rendered for the machine that `?mac=` names, or else for the one that uses the
 * asking address. Its values (boot_values.h) are the variables of its host and what its last
 * DHCPv6 exchange has shown.
 */
#ifndef NB6_BOOTD_BOOT_SCRIPTS_H
#define NB6_BOOTD_BOOT_SCRIPTS_H

#include "bootd/files/boot_file.h"
#include "bootd/http/http_server.h"
#include "bootd/progress/boot_progress.h"
#include "bootd/rules/boot_rule.h"

/* All borrowed but the values. */
struct boot_scripts {
	const struct boot_config *config; /* in force */
	const struct binding_table *bindings;
	struct boot_progress *progress;
	struct boot_values values; /* of the script being rendered */
};

/* The machine that uses this address now: by binding, else by its EUI-64; false if unknown. */
bool boot_scripts_machine_at(const struct binding_table *bindings, const struct in6_addr *address,
	struct machine *machine);

/* For struct boot_files; arg is the boot_scripts. */
script_describe_fn boot_scripts_describe;

/* GET or POST /netboot6/booted?mac=...: the machine has come to its end; arg as above. */
http_handler_fn boot_scripts_booted;
#define BOOTED_PATH "/netboot6/booted"

#endif
