/* SPDX-License-Identifier: ISC */
/*
 * What bootd knows of a machine as JSON, for the control socket and the page: how far
 * its boot got, which address it holds. Numbers are numbers; times are Unix times in
 * seconds with a fraction, lifetimes and ages are in seconds. Each returns a new
 * reference, or NULL when out of memory. (bootd itself: boot_status.h; hosts: boot_host_view.h.)
 */
#ifndef NB6_BOOTD_VIEW_BOOT_VIEW_H
#define NB6_BOOTD_VIEW_BOOT_VIEW_H

#include <jansson.h>

#include "bootd/bindings/binding_table.h"
#include "bootd/progress/boot_progress.h"

enum { BOOT_PAGE_ROWS = 1000 };

/* One line of a list, and one machine with all its steps. */
json_t *boot_view_record(const struct boot_record *record, bool with_steps, uint64_t now_ms);
/*
 * `list [after=N]`: {"boots": [...], "next": N}, those that moved last first, in pages so that many
 * of them hold up nobody; "next" is null with the last page. A machine that moves between two pages
 * may be missed.
 */
json_t *boot_view_list(
	const struct boot_progress *progress, int n, char *const words[], uint64_t now_ms);
/* At most `most` of them, those that moved last first. */
json_t *boot_view_boots(const struct boot_progress *progress, size_t most, uint64_t now_ms);
json_t *boot_view_step(const struct boot_step *step, uint64_t now_ms);

json_t *boot_view_binding(const struct binding *binding, uint64_t now_ms);

/* For the page: the stages in their order with the hint of each. */
json_t *boot_view_stages(void);

/* The time, and what loop_now_ms() gave as such a time. */
double boot_view_now(void);
double boot_view_unix_time(uint64_t at_ms, uint64_t now_ms);
/* The address as text; null: it has none. */
json_t *boot_view_address(bool has, const struct in6_addr *address);

#endif
