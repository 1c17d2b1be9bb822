/* SPDX-License-Identifier: ISC */
/*
 * What bootd decides about a client, each step from the one before:
 *
 *	client facts -> subnet -> host -> class -> machine -> address -> boot rule
 *
 * Deciding changes nothing, so `boot explain` makes the same decision from facts that the
 * operator gives.
 */
#ifndef NB6_BOOTD_DHCP_DECISION_H
#define NB6_BOOTD_DHCP_DECISION_H

#include "bootd/bindings/address_choice.h"
#include "bootd/client/client_facts.h"
#include "bootd/rules/boot_config.h"
#include "bootd/rules/boot_rule.h"

struct decision {
	const struct subnet *subnet; /* NULL: no subnet of ours, and nothing below is set */
	struct machine machine;
	const struct boot_host *host; /* NULL: no host of the configuration */
	enum host_identifier host_by;
	const struct address_class *class; /* of the subnet; NULL: the client is in none */
	struct address_choice address;
	/* The machine that has the host's own address at the moment; len 0: no other one has it. */
	struct machine holder;
	bool is_declined; /* ... or the machine `holder` has declined it */
	struct boot_choice boot;
};

/* How the client's address is given: by the plan of its class, or of its subnet. */
const struct address_plan *decision_plan(const struct decision *decision);

/* Subnet, host, class and machine only. False: the subnet is not ours (decision->subnet NULL). */
bool decide_place(struct decision *decision, const struct boot_config *config,
	const struct client_facts *facts);

/* All of it; likewise. */
bool decide(struct decision *decision, const struct boot_config *config,
	const struct binding_table *bindings, const struct client_facts *facts, uint64_t now_ms);

#endif
