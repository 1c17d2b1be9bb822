/* SPDX-License-Identifier: ISC */
/*
 * The lease store between its driver and the exchange. At the start all leases are read, so that an
 * answer never waits for a query. Later the driver reports the end of each commit and, if several
 * servers share the store, the leases that the others have written. A step of the clock changes all
 * expiry times, so the leases are then written again.
 */
#include "bootd/boot_leases.h"

#include <errno.h>
#include <string.h>

#include "bootd/dhcp/dhcp_service.h"
#include "daemon/clock_watch.h"
#include "daemon/file.h"
#include "daemon/log.h"
#include "daemon/loop.h"

static const char *advice(int rc)
{
	switch (rc) {
	case -EBADMSG:
	case -EPROTONOSUPPORT:
		return ": replace it by a good copy; without it bootd may give machines addresses "
		       "that others have";
	case -ENOSPC:
		return ": it has more leases than bootd can hold in memory";
	default:
		return "";
	}
}

static int complain(const char *name, int rc, const char *why)
{
	log_error("leases %s: %s%s", name, why, advice(rc));
	return rc;
}

/* --- reports of the store --------------------------------------------- */

/* The exchange, with its leases set to the current time. */
static struct exchange *exchange_now(void *arg, uint64_t *now_ms)
{
	struct boot_leases *leases = arg;

	*now_ms = loop_now_ms();
	lease_journal_set_time(&leases->exchange->leases, *now_ms, loop_unix_ms());
	return leases->exchange;
}

static void committed(void *arg, int rc, const bool *refused)
{
	struct boot_leases *leases = arg;
	uint64_t now_ms;

	exchange_now(arg, &now_ms);
	dhcp_service_committed(*leases->dhcp, rc, refused);
}

static void lease_changed(void *arg, const struct lease *lease)
{
	static struct log_limit limit;
	uint64_t now_ms;
	struct exchange *exchange = exchange_now(arg, &now_ms);
	int rc = lease_journal_apply(&exchange->leases, &exchange->bindings, lease, now_ms);

	if (rc < 0)
		log_limited(&limit, LOG_LEVEL_WARNING,
			"leases %s: not all leases of other servers fit in memory (%s): new "
			"machines may wait longer for an address",
			exchange->leases.store->name, strerror(-rc));
}

static void lease_removed(void *arg, const struct in6_addr *address)
{
	uint64_t now_ms;
	struct exchange *exchange = exchange_now(arg, &now_ms);

	lease_journal_forget(&exchange->leases, &exchange->bindings, address, now_ms);
}

static void reading_begins(void *arg)
{
	uint64_t now_ms;

	lease_journal_begin_reading(&exchange_now(arg, &now_ms)->leases);
}

static void reading_ends(void *arg)
{
	uint64_t now_ms;
	struct exchange *exchange = exchange_now(arg, &now_ms);

	lease_journal_end_reading(&exchange->leases, &exchange->bindings, now_ms);
}

/* --- the clock ------------------------------------------------------------------- */

enum { REWRITE_MAX = 512, REWRITE_PAUSE_MS = 10, STEP_MIN_MS = 1000 };

/* Some leases at a time, so that messages are answered between. */
static void rewrite(void *arg)
{
	struct boot_leases *leases = arg;
	uint64_t now_ms;
	struct exchange *exchange = exchange_now(arg, &now_ms);
	bool has_more =
		lease_journal_rewrite(&exchange->leases, &exchange->bindings, now_ms, REWRITE_MAX);

	exchange_commit(exchange, now_ms);
	if (has_more)
		loop_timer_arm(leases->rewrite, REWRITE_PAUSE_MS);
}

/* Leases are stored by the wall clock. After a step of the clock their times are wrong. */
static void clock_stepped(void *arg)
{
	struct boot_leases *leases = arg;
	uint64_t now_ms;
	struct exchange *exchange = exchange_now(arg, &now_ms);
	int64_t step_ms = exchange->leases.wall_ms - leases->wall_ms;

	leases->wall_ms = exchange->leases.wall_ms;
	if (!exchange->leases.store || exchange->leases.store->is_shared ||
		(step_ms > -STEP_MIN_MS && step_ms < STEP_MIN_MS))
		return;
	log_notice(
		"the clock was set by %+.1f s: storing all leases again", (double)step_ms / 1000);
	lease_journal_begin_rewrite(&exchange->leases);
	loop_timer_arm(leases->rewrite, 0);
}

/* If there is no memory for the watch, leases are given without it. */
static void watch_clock(struct boot_leases *leases)
{
	leases->wall_ms = leases->exchange->leases.wall_ms;
	if (leases->clock)
		return;
	leases->rewrite = loop_timer_new(leases->loop, rewrite, leases);
	if (leases->rewrite)
		leases->clock = clock_watch_new(leases->loop, clock_stepped, leases);
}

void boot_leases_fini(struct boot_leases *leases)
{
	clock_watch_free(leases->clock);
	loop_timer_free(leases->rewrite);
	leases->clock = NULL;
	leases->rewrite = NULL;
}

/* --- opening --------------------------------------------------------------------- */

/* There was no store before, so all leases in the table come from this one. */
static void close_store(struct exchange *exchange)
{
	struct binding_table *bindings = &exchange->bindings;
	struct binding *binding, *next;

	lease_journal_fini(&exchange->leases);
	for (binding = binding_table_next(bindings, NULL); binding; binding = next) {
		next = binding_table_next(bindings, binding);
		if (binding->is_lease)
			binding_table_remove(bindings, binding);
	}
}

static int load(struct exchange *exchange, uint64_t now_ms)
{
	struct lease_journal *journal = &exchange->leases;
	int rc;

	lease_journal_set_time(journal, now_ms, loop_unix_ms());
	rc = lease_journal_load(journal, &exchange->bindings, now_ms);
	if (rc < 0) {
		complain(journal->store->name, rc,
			*lease_journal_error(journal) ? lease_journal_error(journal)
						      : strerror(-rc));
		close_store(exchange);
		return rc;
	}
	if (!journal->store->is_shared)
		log_notice("leases %s: %zu are in force", journal->store->name,
			binding_table_leases(&exchange->bindings));
	return 0;
}

/* The log does not show the location: it may contain a password. */
static int open_store(struct boot_leases *leases, const char *location, struct lease_store **store)
{
	const struct lease_driver *driver = lease_driver_of(location);
	const char *name = driver->is_file ? location : driver->name;
	char why[LEASE_STORE_WHY] = "";
	int rc = driver->is_file ? file_make_directory_of(location, 0750) : 0;

	if (rc < 0)
		return complain(name, rc, strerror(-rc));
	leases->owner = (struct lease_store_owner){
		leases, committed, lease_changed, lease_removed, reading_begins, reading_ends};
	rc = driver->open(location, leases->loop, &leases->owner, store, why);
	return rc < 0 ? complain(name, rc, *why ? why : strerror(-rc)) : 0;
}

int boot_leases_open(struct boot_leases *leases, const struct boot_config *config)
{
	struct lease_store **store = &leases->exchange->leases.store;
	int rc;

	leases->is_new = false;
	if (*store || !boot_config_has(config, SUBNET_POOL))
		return 0;
	rc = open_store(leases, config->leases, store);
	if (rc == 0)
		rc = load(leases->exchange, loop_now_ms());
	leases->is_new = rc == 0;
	if (rc == 0)
		watch_clock(leases);
	return rc;
}

void boot_leases_cancel(struct boot_leases *leases)
{
	if (leases->is_new)
		close_store(leases->exchange);
	leases->is_new = false;
}
