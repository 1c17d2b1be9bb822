/* SPDX-License-Identifier: ISC */
/*
 * Boot rules: the first rule that matches a client, and whose URL the client's firmware can read,
 * determines what it boots. Also the values of ${name} for one machine, in those URLs and in iPXE
 * scripts:
 *
 *	mac uuid host arch address subnet    attributes of the machine
 *	anything else                        the variables of its host, then of the host's groups
 *	                                     (`set` in bootd.conf)
 *
 * An attribute wins over a variable of the same name. A name without a value is left as it is
 * for iPXE, which may know it itself (${mac}, ${uuid}). For all other firmware an attribute
 * without a value is empty, and a rule whose URL has another name without a value is passed over,
 * because a URL with a gap in its path would name another file, or none.
 */
#ifndef NB6_BOOTD_RULES_BOOT_RULE_H
#define NB6_BOOTD_RULES_BOOT_RULE_H

#include "bootd/client/client_facts.h"
#include "bootd/client/firmware.h"
#include "bootd/files/template.h"
#include "bootd/rules/boot_config.h"

/* Longer ones make an Advertise that UEFI drops (1,472 octets in all). */
enum { BOOT_URL_SIZE = 900, BOOT_REASON_SIZE = 160 };

struct boot_values {
	bool for_ipxe;
	const struct boot_config *config;
	const struct boot_host *host; /* or NULL */
	char mac[DHCP6_MAC_TEXT];     /* each "" if it is not known */
	char uuid[DHCP6_UUID_TEXT];
	char arch[24];
	char address[INET6_ADDRSTRLEN];
	char subnet[PREFIX_TEXT];
};

/* subnet, host and address may be NULL. */
void boot_values_of_client(struct boot_values *values, const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet, const struct boot_host *host,
	const struct in6_addr *address);

/* For template_expand(); ctx is the struct. */
const char *boot_values_lookup(void *ctx, const char *name);

/* What a client boots; rule is NULL if none matches. */
struct boot_choice {
	const struct boot_rule *rule;
	enum firmware_kind kind;
	char url[BOOT_URL_SIZE];
	bool with_params; /* the answer has rule->param */

	/* The first rule that matched but has a variable without a value in its URL; or NULL. */
	const struct boot_rule *passed_over;
	char without[TEMPLATE_NAME_SIZE]; /* the name of that variable */
};

/* Computes what does not depend on a client: is_plain and readable_by. */
void boot_rule_prepare(struct boot_rule *rule);

/*
 * Expand the rule's URL for this client. Returns 0, or -EINVAL if its firmware cannot use the
 * result, or -ENOENT if a variable has no value; then `why` says why, and choice->without names
 * the variable.
 */
int boot_rule_apply(const struct boot_rule *rule, enum firmware_kind kind,
	struct boot_values *values, struct boot_choice *choice, char why[BOOT_REASON_SIZE]);

/* The first rule that matches and applies, in *choice. */
void boot_rule_choose(struct boot_choice *choice, const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet, const struct boot_host *host,
	struct boot_values *values);

#endif
