/* SPDX-License-Identifier: ISC */
/*
 * Boot rules: the first that matches, and whose URL this firmware can read,
 * says what the machine boots.
 */
#ifndef NB6_BOOTD_RULES_BOOT_RULE_H
#define NB6_BOOTD_RULES_BOOT_RULE_H

#include "bootd/client/firmware.h"
#include "bootd/rules/boot_config.h"
#include "bootd/rules/boot_values.h"

/* Longer ones make an Advertise that UEFI drops (1,472 octets in all). */
enum { BOOT_URL_SIZE = 900, BOOT_REASON_SIZE = 160 };

/* What a client boots; rule is NULL where no rule is for it. */
struct boot_choice {
	const struct boot_rule *rule;
	enum firmware_kind kind;
	char url[BOOT_URL_SIZE];
	bool with_params; /* rule->param goes along */
};

/* What can be known of the rule before there is a client. */
void boot_rule_prepare(struct boot_rule *rule);

/*
 * Make the rule's URL for this client. Returns 0, or -EINVAL where it cannot be
 * given to it: `why` says so.
 */
int boot_rule_apply(const struct boot_rule *rule, enum firmware_kind kind,
	struct boot_values *values, struct boot_choice *choice, char why[BOOT_REASON_SIZE]);

void boot_rule_choose(struct boot_choice *choice, const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet, const struct boot_host *host,
	struct boot_values *values);

#endif
