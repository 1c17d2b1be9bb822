/* SPDX-License-Identifier: ISC */
/*
 * Which machine sends an HTTP or TFTP request, and what that lets it do: get its script, and say
 * that it has booted.
 *
 * The asking address decides. A machine owns an address that DHCPv6 has given to it, that it has
 * registered (RFC 9686), or that is its host's in the configuration. If the address is nobody's,
 * the MAC in an EUI-64 address or in `?mac=` is accepted only if that machine has asked by DHCPv6
 * on the same subnet, or from the server itself: else everybody could read every script.
 *
 * A script's values (boot_rule.h) are the variables of the machine's host and what its last
 * DHCPv6 message has shown.
 */
#ifndef NB6_BOOTD_BOOT_SCRIPTS_H
#define NB6_BOOTD_BOOT_SCRIPTS_H

#include "bootd/files/boot_file.h"
#include "bootd/progress/boot_progress.h"
#include "bootd/rules/boot_rule.h"
#include "http/http_server.h"

/* All borrowed but the values. */
struct boot_scripts {
	const struct boot_config *config; /* in force */
	const struct binding_table *bindings;
	struct boot_progress *progress;
	struct boot_values values; /* of the script being rendered */
};

/* The machine that uses this address now; false: not known, or known only by what it claims. */
bool boot_scripts_machine_at(const struct boot_scripts *scripts, const struct in6_addr *address,
	struct machine *machine);

/* For struct boot_files; arg is the boot_scripts. -EACCES: `?mac=` is another machine's. */
script_describe_fn boot_scripts_describe;

/*
 * GET or POST /netboot6/booted: the installed system of a machine says that it runs. It counts
 * from an address of that machine only, and only if a boot of it is known. Arg as above.
 */
http_handler_fn boot_scripts_booted;
#define BOOTED_PATH "/netboot6/booted"

#endif
