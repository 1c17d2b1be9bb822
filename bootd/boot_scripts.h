/* SPDX-License-Identifier: ISC */
/*
 * Which machine sends an HTTP or TFTP request, and what it may do: fetch its script, and report
 * that it has booted.
 *
 * The address of the request decides. A machine owns an address that DHCPv6 has given to it, that
 * it has registered (RFC 9686), or that the configuration fixes for its host. If no machine owns
 * the address, the MAC in an EUI-64 address or in `?mac=` is accepted only if that machine has sent
 * DHCPv6 messages on the same subnet, or if the request comes from the server itself. Otherwise
 * everybody could read every script.
 *
 * The values of a script (boot_rule.h) are the variables of the machine's host and the attributes
 * that its last DHCPv6 message had.
 */
#ifndef NB6_BOOTD_BOOT_SCRIPTS_H
#define NB6_BOOTD_BOOT_SCRIPTS_H

#include "bootd/files/boot_question.h"
#include "bootd/progress/boot_progress.h"
#include "bootd/rules/boot_rule.h"

/* All borrowed, except the values. */
struct boot_scripts {
	const struct boot_config *config; /* in force */
	const struct binding_table *bindings;
	struct boot_progress *progress;
	struct boot_values values; /* of the last question about a script */
	char text[320];            /* of the last answer to a call home */
};

/* The machine that owns this address now; false: no machine is known to own it. */
bool boot_scripts_machine_at(const struct boot_scripts *scripts, const struct in6_addr *address,
	struct machine *machine);

/*
 * Answer a question of the file servers. A script: -EACCES if `mac` names another machine. A call
 * home counts only from an address of that machine, and only if a boot of it is known. What the
 * answer borrows is valid until the next question.
 */
void boot_scripts_answer(struct boot_scripts *scripts, const struct boot_question *question,
	struct boot_answer *answer);

#endif
