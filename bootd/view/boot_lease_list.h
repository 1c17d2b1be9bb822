/* SPDX-License-Identifier: ISC */
/*
 * Who has which address, in pages: a million leases hold up neither the loop nor the asker.
 *
 *	leases [subnet=P] [pool=P] [mac=M] [host=H] [state=S] [address=A] [after=N]
 *	-> {"leases": [...], "of": COUNT, "next": N}
 *
 * "next" is where the next page begins, to be requested with after=N; null with the last one.
 * Each page is in order of address and all of them together in none; what changes between
 * two pages may be missed or seen, what does not is seen once.
 */
#ifndef NB6_BOOTD_VIEW_BOOT_LEASE_LIST_H
#define NB6_BOOTD_VIEW_BOOT_LEASE_LIST_H

#include <jansson.h>

#include "bootd/bindings/binding_table.h"

enum {
	LEASE_PAGE_ROWS = 1000,
	LEASE_PAGE_LOOKS = 50000, /* that are looked at for one page */
};

/* A new reference, NULL when out of memory; one with "error" where a word is not understood. */
json_t *boot_lease_list(const struct boot_config *config, const struct binding_table *table, int n,
	char *const words[], uint64_t now_ms);

#endif
