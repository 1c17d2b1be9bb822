/* SPDX-License-Identifier: ISC */
/*
 * Conditions on a client, of boot rules and of the classes of a subnet: all that are set have
 * to be met.
 */
#ifndef NB6_BOOTD_RULES_CONDITIONS_H
#define NB6_BOOTD_RULES_CONDITIONS_H

#include "bootd/client/client_facts.h"
#include "bootd/rules/boot_config.h"

/* The first condition that is not met, as its option is called in bootd.conf; NULL: all are. */
const char *conditions_unmet(const struct conditions *when, const struct client_facts *facts,
	const struct subnet *subnet, const struct boot_host *host);

/* The class of the subnet that the client is in, or NULL. */
const struct address_class *conditions_choose_class(const struct subnet *subnet,
	const struct client_facts *facts, const struct boot_host *host);

/* True where whatever meets `b` meets `a` too, so that `b` behind `a` never comes to its turn. */
bool conditions_cover(const struct conditions *a, const struct conditions *b);

/* True for a code that is named, or that a name stands for as well (7 and 9). */
bool conditions_name_arch(const struct conditions *when, uint16_t code);

#endif
