/* SPDX-License-Identifier: ISC */
/*
 * The lease store's life in bootd: it is opened where a subnet has a pool, and read whole, or bootd
 * refuses to serve. What a shared store notifies later goes to the exchange from here.
 */
#ifndef NB6_BOOTD_BOOT_LEASES_H
#define NB6_BOOTD_BOOT_LEASES_H

#include <stdbool.h>

#include "bootd/leases/lease_store.h"

struct boot_config;
struct clock_watch;
struct dhcp_service;
struct exchange;
struct loop;

struct boot_leases {
	struct loop *loop;
	struct exchange *exchange;
	struct dhcp_service *const *dhcp; /* answers what waited for a commit */
	struct lease_store_owner owner;   /* whom a shared lease store notifies */
	struct clock_watch *clock;
	int64_t wall_ms;            /* the wall clock minus the monotonic one, when last seen */
	struct loop_timer *rewrite; /* of all leases, after a step of the clock */
	bool is_new;                /* opened by the last boot_leases_open() */
};

/*
 * Open the store that `config` names and read its leases into the exchange, where there is a pool
 * and no store is open yet. Returns 0, or -errno with the reason in the log and nothing opened.
 */
int boot_leases_open(struct boot_leases *leases, const struct boot_config *config);

/* Stops watching the clock. A zeroed one is fine. */
void boot_leases_fini(struct boot_leases *leases);

/* Close what the last boot_leases_open() has opened, if it has, and forget its leases. */
void boot_leases_cancel(struct boot_leases *leases);

#endif
