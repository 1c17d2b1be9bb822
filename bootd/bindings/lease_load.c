/* SPDX-License-Identifier: ISC */
/*
 * From the store to the bindings: leases that it has at the start, and those that a shared store
 * reports because another server has stored or removed them. Each becomes a binding with the times
 * of the monotonic clock, or changes the one that has its address.
 *
 * The times are not trusted: the clock may have been wrong when they were stored, and an operator
 * may have edited them.
 */
#include <errno.h>

#include "bootd/bindings/lease_journal.h"

/* Differences between the clocks of servers, and a second more or less. */
enum { CLOCK_SLACK_S = 60 };

/* Times before the start of the monotonic clock become its start. */
static uint64_t ms_of(const struct lease_journal *journal, int64_t unix_s)
{
	int64_t at_ms = unix_s * 1000 - journal->wall_ms;

	return at_ms > 0 ? (uint64_t)at_ms : 0;
}

/* --- from the store ------------------------------------------------------------ */

static enum binding_state state_of(enum lease_state state)
{
	return state == LEASE_BOUND      ? BINDING_BOUND
	       : state == LEASE_RELEASED ? BINDING_RELEASED
					 : BINDING_DECLINED;
}

/* A declined lease is detached; its address may have such a binding already. */
static struct binding *binding_of(struct binding_table *table, const struct lease *lease)
{
	struct binding *holder;

	if (lease->state != LEASE_DECLINED)
		return binding_table_get(table, &lease->subnet, &lease->machine, &lease->address);
	holder = binding_table_find_address(table, &lease->address);
	return holder && holder->is_detached
		       ? holder
		       : binding_table_add_detached(table, &lease->subnet, &lease->machine);
}

/*
 * The lease with times that can be true. A lease that began in the future was given while the clock
 * was ahead: only the distance between its beginning and its expiry is right. No lifetime is longer
 * than RFC 9915 can express (2^32 - 1 seconds), which also keeps the arithmetic in range.
 */
static struct lease plausible(
	const struct lease_journal *journal, const struct lease *stored, uint64_t now_ms)
{
	int64_t now_s = lease_journal_unix_s(journal, now_ms);
	struct lease lease = *stored;

	if (lease.since_unix_s > now_s + CLOCK_SLACK_S) {
		if (lease.expires_unix_s > lease.since_unix_s)
			lease.expires_unix_s -= lease.since_unix_s - now_s;
		lease.since_unix_s = now_s;
	}
	if (lease.since_unix_s < 0)
		lease.since_unix_s = 0;
	if (lease.expires_unix_s < 0)
		lease.expires_unix_s = 0;
	if (lease.expires_unix_s > now_s + UINT32_MAX)
		lease.expires_unix_s = now_s + UINT32_MAX;
	return lease;
}

static int apply_lease(struct lease_journal *journal, struct binding_table *table,
	const struct lease *stored, uint64_t now_ms)
{
	struct lease plain = plausible(journal, stored, now_ms);
	const struct lease *lease = &plain;
	struct binding *binding;
	bool is_known;

	if (!binding_table_can_lease(table))
		return -ENOSPC;
	binding = binding_of(table, lease);
	if (!binding)
		return -ENOMEM;
	binding_table_set_address(table, binding, &lease->address, false);
	is_known = binding->transaction && binding_has_duid(binding, &lease->duid);
	binding_set_duid(binding, &lease->duid);
	if (!is_known)
		transaction_record(&table->transactions, binding, NULL, NULL,
			ms_of(journal, lease->since_unix_s));
	binding->iaid = lease->iaid;
	if (binding->booted_ms == 0)
		binding->booted_ms = now_ms;
	binding_table_set_state(table, binding, state_of(lease->state), now_ms, 0);
	binding->since_ms = ms_of(journal, lease->since_unix_s);
	binding->expires_ms = ms_of(journal, lease->expires_unix_s);
	binding_table_set_lease(table, binding, true);
	binding->stored_ms = binding->expires_ms;
	binding->round = journal->round;
	return 0;
}

struct load {
	struct lease_journal *journal;
	struct binding_table *table;
	uint64_t now_ms;
};

static int apply_loaded(void *arg, const struct lease *lease)
{
	struct load *load = arg;

	return apply_lease(load->journal, load->table, lease, load->now_ms);
}

int lease_journal_load(struct lease_journal *journal, struct binding_table *table, uint64_t now_ms)
{
	struct load load = {.journal = journal, .table = table, .now_ms = now_ms};

	return journal->store->driver->load(
		journal->store, lease_journal_unix_s(journal, now_ms), apply_loaded, &load);
}

int lease_journal_apply(struct lease_journal *journal, struct binding_table *table,
	const struct lease *lease, uint64_t now_ms)
{
	struct lease plain = plausible(journal, lease, now_ms);

	if (ms_of(journal, plain.expires_unix_s) > now_ms)
		return apply_lease(journal, table, lease, now_ms);
	lease_journal_forget(journal, table, &lease->address, now_ms);
	return 0;
}

/* The store no longer has the lease: it must be stored again before it is promised. */
static void lose(struct binding_table *table, struct binding *binding, uint64_t now_ms)
{
	if (binding->is_detached) {
		binding_table_remove(table, binding);
		return;
	}
	binding_table_set_lease(table, binding, false);
	binding_table_set_state(table, binding, BINDING_EXPIRED, now_ms, 0);
}

void lease_journal_forget(struct lease_journal *journal, struct binding_table *table,
	const struct in6_addr *address, uint64_t now_ms)
{
	struct binding *binding = binding_table_find_address(table, address);

	(void)journal;
	if (binding && binding->is_lease && binding->stored_ms > 0)
		lose(table, binding, now_ms);
}

void lease_journal_begin_reading(struct lease_journal *journal)
{
	journal->round++;
}

void lease_journal_end_reading(
	struct lease_journal *journal, struct binding_table *table, uint64_t now_ms)
{
	struct binding *binding = binding_table_next(table, NULL), *next;

	for (; binding && binding->is_lease; binding = next) {
		next = binding_table_next(table, binding);
		if (binding->stored_ms > 0 && binding->round != journal->round)
			lose(table, binding, now_ms);
	}
}
