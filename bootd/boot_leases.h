/* SPDX-License-Identifier: ISC */
/*
 * The life of the lease store in bootd. If a subnet has a pool, the store is opened and read
 * completely; if that fails, bootd does not start. Later reports of the store are passed to the
 * exchange.
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
	struct dhcp_service *const *dhcp; /* answers the requests that waited for a commit */
	struct lease_store_owner owner;   /* receives the reports of the store */
	struct clock_watch *clock;
	int64_t wall_ms;            /* wall clock minus monotonic clock, when last measured */
	struct loop_timer *rewrite; /* of all leases, after a step of the clock */
	bool is_new;                /* opened by the last boot_leases_open() */
};

/*
 * If `config` has a pool and no store is open yet, open the store that it names and read its leases
 * into the exchange. Returns 0, or -errno with the reason in the log and nothing opened.
 */
int boot_leases_open(struct boot_leases *leases, const struct boot_config *config);

/* Stops watching the clock. A zeroed one is fine. */
void boot_leases_fini(struct boot_leases *leases);

/* Close what the last boot_leases_open() has opened, if it has, and forget its leases. */
void boot_leases_cancel(struct boot_leases *leases);

#endif
