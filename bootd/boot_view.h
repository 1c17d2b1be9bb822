/* SPDX-License-Identifier: ISC */
/*
 * bootd's state as JSON, for the control socket. Numbers are numbers; times are
 * Unix times in seconds with a fraction, lifetimes and ages are in seconds.
 * Each returns a new reference, or NULL when out of memory.
 */
#ifndef NB6_BOOTD_BOOT_VIEW_H
#define NB6_BOOTD_BOOT_VIEW_H

#include <jansson.h>

#include "bootd/boot_server.h"

json_t *boot_view_status(const struct boot_server *server);

/* One line of a list, and one machine with all its steps. */
json_t *boot_view_record(const struct boot_record *record, bool with_steps, uint64_t now_ms);
json_t *boot_view_list(const struct boot_server *server, uint64_t now_ms);
/* At most `most` of them, those that moved last first. */
json_t *boot_view_boots(const struct boot_server *server, size_t most, uint64_t now_ms);
json_t *boot_view_step(const struct boot_step *step, uint64_t now_ms);

json_t *boot_view_binding(const struct binding *binding, uint64_t now_ms);
json_t *boot_view_hosts(const struct boot_server *server, uint64_t now_ms);
/* The addresses that the machine has registered; an empty array where there are none. */
json_t *boot_view_registered(const struct boot_server *server, const struct machine *machine);

/* For the page: the time, the stages in their order with the hint of each, a few sums. */
double boot_view_now(void);
json_t *boot_view_stages(void);
json_t *boot_view_counters(const struct boot_server *server);

#endif
