/* SPDX-License-Identifier: ISC */
/*
 * Which address shall this machine have on this subnet? Its host's own one
 * where that is inside, else the one it holds, else the stable one (with the lowest counter
 * that no host and no other machine has) or a free one of the subnet's pool.
 *
 * Nothing is changed by the question: `explain` asks as well.
 */
#ifndef NB6_BOOTD_BINDINGS_ADDRESS_CHOICE_H
#define NB6_BOOTD_BINDINGS_ADDRESS_CHOICE_H

#include "bootd/bindings/binding_table.h"
#include "bootd/rules/boot_config.h"

struct address_choice {
	bool given;
	bool is_fixed;
	bool is_lease; /* of a pool: good as far as it is stored */
	struct in6_addr address;
	uint32_t counter; /* of the stable address, declines among it */
	/* T1 <= T2 <= preferred <= valid, none of them 0: some firmware hangs on anything else. */
	uint32_t t1_s, t2_s, preferred_s, valid_s;
	const struct in6_addr *scope; /* of the binding: binding_table_find() */
	const char *why; /* "fixed for the host", "held", "stable", "from the pool"; or why there
			    is none */
};

/* `plan` is one of the subnet's; host may be NULL; booting: a machine that says an architecture,
 * whose address is short-lived. */
void address_choose(struct address_choice *choice, const struct boot_config *config,
	const struct binding_table *bindings, const struct subnet *subnet,
	const struct address_plan *plan, const struct boot_host *host,
	const struct machine *machine, bool booting);

/* For no longer than this; 0: not at all. */
void address_limit(struct address_choice *choice, uint32_t most_s);

#endif
