/* SPDX-License-Identifier: ISC */
/*
 * The hosts of the configuration and of its directory, as JSON for the control socket.
 * Each returns a new reference, or NULL when out of memory.
 */
#ifndef NB6_BOOTD_VIEW_BOOT_HOST_VIEW_H
#define NB6_BOOTD_VIEW_BOOT_HOST_VIEW_H

#include <jansson.h>
#include <stdint.h>

struct binding_table;
struct boot_config;
struct boot_progress;
struct machine;

enum {
	HOST_PAGE_ROWS = 1000,
	HOST_PAGE_LOOKUPS = 50000, /* in the binding table, for one page */
};

/*
 * hosts [after=N] -> {"hosts": [...], "of": COUNT, "next": N}: in pages, so that 100,000 hosts hold
 * up nobody. "next" is where the next page begins, to be requested with after=N; null with the last
 * page. With "error" if a word is not understood.
 */
json_t *boot_host_view_page(const struct boot_config *config, const struct binding_table *bindings,
	const struct boot_progress *progress, int n, char *const words[], uint64_t now_ms);
/* The addresses that the machine has registered (RFC 9686), in the subnets of `config`. */
json_t *boot_host_view_registered(const struct boot_config *config,
	const struct binding_table *bindings, const struct machine *machine);

#endif
