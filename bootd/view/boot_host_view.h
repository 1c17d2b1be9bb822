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

/* {"hosts": [...], "of": N}: the first of them, and how many there are. */
json_t *boot_host_view_all(const struct boot_config *config, const struct binding_table *bindings,
	const struct boot_progress *progress, uint64_t now_ms);
/* The addresses that the machine has registered (RFC 9686); an empty array where none. */
json_t *boot_host_view_registered(
	const struct binding_table *bindings, const struct machine *machine);

#endif
