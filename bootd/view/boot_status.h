/* SPDX-License-Identifier: ISC */
/*
 * How bootd as a whole is, as JSON: its configuration, its lease store, and the counters
 * of its services since the start. Numbers are numbers; times are Unix times in seconds
 * with a fraction. Each returns a new reference, or NULL when out of memory.
 */
#ifndef NB6_BOOTD_VIEW_BOOT_STATUS_H
#define NB6_BOOTD_VIEW_BOOT_STATUS_H

#include <jansson.h>

struct boot_parts;

/* All of it, for the control socket. */
json_t *boot_status_view(const struct boot_parts *parts);
/* A few sums that fit one line, for the page. */
json_t *boot_status_counters(const struct boot_parts *parts);

#endif
