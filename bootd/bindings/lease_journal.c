/* SPDX-License-Identifier: ISC */
/*
 * Bindings live on the monotonic clock, stored leases on the wall clock. This file converts between
 * the two and keeps the list of changes since the last commit.
 */
#include "bootd/bindings/lease_journal.h"

#include <errno.h>
#include <stdlib.h>

enum {
	ROOM = 64,
	CLOCK_SLACK_S =
		60, /* differences between the clocks of servers, and a second more or less */
};

void lease_journal_fini(struct lease_journal *journal)
{
	if (journal->store)
		journal->store->driver->close(journal->store);
	free(journal->open.change);
	free(journal->flying.change);
	*journal = (struct lease_journal){0};
}

void lease_journal_set_time(struct lease_journal *journal, uint64_t now_ms, int64_t unix_ms)
{
	journal->wall_ms = unix_ms - (int64_t)now_ms;
}

/* --- the two clocks ------------------------------------------------------------ */

static int64_t unix_s_of(const struct lease_journal *journal, uint64_t at_ms)
{
	return ((int64_t)at_ms + journal->wall_ms) / 1000;
}

/* Rounded up, so that the store has a lease at least as long as was promised. */
static int64_t expiry_of(const struct lease_journal *journal, uint64_t expires_ms)
{
	return unix_s_of(journal, expires_ms + 999);
}

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
 * What the clock, or an operator, has made of the times. A lease that began in the future was given
 * while the clock was ahead: of its expiry only the distance to its beginning is true. No lifetime
 * is longer than RFC 9915 can express, which also keeps the arithmetic in range.
 */
static struct lease plausible(
	const struct lease_journal *journal, const struct lease *stored, uint64_t now_ms)
{
	int64_t now_s = unix_s_of(journal, now_ms);
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

static int take(struct lease_journal *journal, struct binding_table *table,
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

static int take_loaded(void *arg, const struct lease *lease)
{
	struct load *load = arg;

	return take(load->journal, load->table, lease, load->now_ms);
}

int lease_journal_load(struct lease_journal *journal, struct binding_table *table, uint64_t now_ms)
{
	struct load load = {.journal = journal, .table = table, .now_ms = now_ms};

	return journal->store->driver->load(
		journal->store, unix_s_of(journal, now_ms), take_loaded, &load);
}

int lease_journal_apply(struct lease_journal *journal, struct binding_table *table,
	const struct lease *lease, uint64_t now_ms)
{
	struct lease plain = plausible(journal, lease, now_ms);

	if (ms_of(journal, plain.expires_unix_s) > now_ms)
		return take(journal, table, lease, now_ms);
	lease_journal_forget(journal, table, &lease->address, now_ms);
	return 0;
}

/* The store no longer has it, so it must be stored again before it is promised. */
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

/* --- storing --------------------------------------------------------------------- */

bool lease_journal_has_changes(const struct lease_journal *journal)
{
	return journal->open.count > 0;
}

static struct lease lease_of(
	const struct lease_journal *journal, const struct binding *binding, uint64_t now_ms)
{
	return (struct lease){
		.address = binding->address,
		.subnet = binding->subnet,
		.machine = binding_machine(binding),
		.duid = binding_duid(binding),
		.iaid = binding->iaid,
		.state = binding->state == BINDING_DECLINED   ? LEASE_DECLINED
			 : binding->state == BINDING_RELEASED ? LEASE_RELEASED
							      : LEASE_BOUND,
		.since_unix_s = unix_s_of(journal, binding->since_ms ? binding->since_ms : now_ms),
		.expires_unix_s = expiry_of(journal, binding->expires_ms) +
				  (journal->store ? journal->store->margin_s : 0),
	};
}

static int note_change(
	struct lease_journal *journal, const struct binding *binding, bool is_removal)
{
	struct lease_changes *open = &journal->open;
	struct lease_change *change;

	if (open->count == open->size) {
		change = realloc(open->change, (open->size + ROOM) * sizeof(*change));
		if (!change)
			return -ENOMEM;
		open->change = change;
		open->size += ROOM;
	}
	open->change[open->count++] = (struct lease_change){
		.address = binding->address,
		.machine = binding_machine(binding),
		.is_removal = is_removal,
		.state = binding->state,
		.since_ms = binding->since_ms,
		.expires_ms = binding->expires_ms,
		.stored_ms = binding->stored_ms,
	};
	return 0;
}

static void note_failure(struct lease_journal *journal, int rc)
{
	if (rc < 0 && journal->failed == 0)
		journal->failed = rc;
}

void lease_journal_put(struct lease_journal *journal, struct binding *binding, uint64_t now_ms)
{
	struct lease lease = lease_of(journal, binding, now_ms);
	int rc = note_change(journal, binding, false);

	if (rc < 0 && binding->stored_ms == 0)
		binding->expires_ms = now_ms; /* it is not in the list of changes: let it expire */
	if (rc == 0)
		rc = journal->store ? journal->store->driver->put(journal->store, &lease) : -ENODEV;
	note_failure(journal, rc);
}

void lease_journal_drop(struct lease_journal *journal, const struct binding *binding)
{
	struct machine machine = binding_machine(binding);
	int rc = note_change(journal, binding, true);

	if (rc == 0)
		rc = journal->store ? journal->store->driver->remove(
					      journal->store, &binding->address, &machine)
				    : -ENODEV;
	note_failure(journal, rc);
}

/* Return to what the store has. A declined address stays declined. */
static void take_back(struct binding_table *table, struct binding *binding, uint64_t now_ms)
{
	if (!binding->is_lease || binding->is_detached)
		return;
	if (binding->stored_ms > now_ms) {
		binding->expires_ms = binding->stored_ms;
		return;
	}
	binding_table_set_lease(table, binding, false);
	binding_table_set_state(table, binding, BINDING_OFFERED, now_ms, OFFER_HELD_S);
}

/* The store has it as it was put, even if another report arrived before. */
static void confirm(struct lease_journal *journal, struct binding_table *table,
	const struct lease_change *change, struct binding *binding, uint64_t now_ms)
{
	if (!binding->is_lease && journal->is_busy) {
		binding_table_set_state(table, binding, change->state, now_ms, 0);
		binding->expires_ms = change->expires_ms;
		binding_table_set_lease(table, binding, true);
	}
	if (!binding->is_lease)
		return;
	binding->stored_ms = change->expires_ms + journal->store->margin_s * UINT64_C(1000);
	binding->round = journal->round;
}

/*
 * A lease that was changed again, behind its removal, stays. If it is unknown whether a removal was
 * done, promise nothing from now on.
 */
static void end_removal(struct lease_journal *journal, struct binding_table *table,
	const struct lease_change *change, struct binding *binding, int rc)
{
	bool is_unchanged =
		binding->state == change->state && binding->expires_ms == change->expires_ms;

	if (rc == 0 && binding->is_lease && is_unchanged)
		binding_table_remove(table, binding);
	else if (rc < 0 && journal->is_busy)
		binding->stored_ms = 0;
}

/*
 * The machine was to move to the address of the next change, and the store still has its lease of
 * the old one, so nobody else may get that: neither one that took it for free meanwhile, nor by a
 * later commit.
 */
static void move_back(struct lease_journal *journal, struct binding_table *table,
	const struct lease_change *change, const struct lease_change *next, uint64_t now_ms)
{
	const struct binding *holder = binding_table_find_address(table, &change->address);
	struct binding *binding = binding_table_find_address(table, &next->address);
	uint64_t until_ms = change->stored_ms > change->expires_ms ? change->stored_ms
								   : change->expires_ms;

	if (!binding || !binding_is_of(binding, &change->machine) || binding->stored_ms > 0 ||
		(holder && holder->stored_ms > 0) || until_ms <= now_ms)
		return;
	binding_table_set_address(table, binding, &change->address, false);
	binding_table_set_state(table, binding, change->state, now_ms, 0);
	binding->since_ms = change->since_ms;
	binding->expires_ms = until_ms;
	binding_table_set_lease(table, binding, true);
	binding->round = journal->round;
	binding->stored_ms = change->stored_ms;
	if (journal->open.count > 0 && !journal->store->is_shared)
		lease_journal_put(journal, binding, now_ms);
}

static void end_change(struct lease_journal *journal, struct binding_table *table,
	const struct lease_change *change, int rc, uint64_t now_ms)
{
	struct binding *binding = binding_table_find_address(table, &change->address);

	if (!binding || !binding_is_of(binding, &change->machine))
		return;
	binding->is_in_flight = false;
	if (change->is_removal)
		end_removal(journal, table, change, binding, rc);
	else if (rc < 0)
		take_back(table, binding, now_ms);
	else
		confirm(journal, table, change, binding, now_ms);
}

/* Moves first: what they give back is then nobody else's. */
static void undo_moves(struct lease_journal *journal, struct binding_table *table, uint64_t now_ms)
{
	const struct lease_changes *flying = &journal->flying;

	for (size_t i = 0; i + 1 < flying->count; i++) {
		const struct lease_change *change = &flying->change[i], *next = change + 1;

		if (change->is_removal && !next->is_removal &&
			machine_equal(&change->machine, &next->machine))
			move_back(journal, table, change, next, now_ms);
	}
}

void lease_journal_committed(struct lease_journal *journal, struct binding_table *table, int rc,
	const bool *refused, uint64_t now_ms)
{
	size_t refusals = 0;

	if (rc < 0 && journal->store)
		undo_moves(journal, table, now_ms);
	for (size_t i = 0; i < journal->flying.count; i++) {
		bool is_refused = rc == 0 && refused && refused[i];

		end_change(journal, table, &journal->flying.change[i], is_refused ? -EEXIST : rc,
			now_ms);
		refusals += is_refused;
	}
	if (rc == 0) {
		journal->commits++;
		journal->stored += journal->flying.count - refusals;
		journal->refused += refusals;
	} else {
		journal->failed_commits++;
	}
	journal->has_refused = refusals > 0;
	journal->is_busy = false;
	journal->flying.count = 0;
}

static void set_in_flight(struct binding_table *table, const struct lease_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct lease_change *change = &changes->change[i];
		struct binding *binding = binding_table_find_address(table, &change->address);

		if (binding && binding_is_of(binding, &change->machine))
			binding->is_in_flight = true;
	}
}

/* The open changes take off; the list of the last flight is empty, and used again. */
static int start_commit(struct lease_journal *journal, struct binding_table *table)
{
	struct lease_changes empty = journal->flying;
	int rc = journal->store ? journal->store->driver->commit(journal->store) : -ENODEV;

	if (rc == 0)
		rc = journal->failed;
	journal->failed = 0;
	journal->flying = journal->open;
	journal->open = empty;
	journal->is_busy = rc == -EINPROGRESS;
	if (journal->is_busy)
		set_in_flight(table, &journal->flying);
	return rc;
}

int lease_journal_commit(
	struct lease_journal *journal, struct binding_table *table, uint64_t now_ms)
{
	int rc = start_commit(journal, table);

	if (rc != -EINPROGRESS)
		lease_journal_committed(journal, table, rc, NULL, now_ms);
	return rc;
}

bool lease_journal_is_locked(const struct lease_journal *journal, const struct binding *binding)
{
	return journal->is_busy &&
	       (!journal->store->collects || (binding && binding->is_in_flight));
}

int lease_journal_remove(
	struct lease_journal *journal, struct binding_table *table, struct binding *binding)
{
	struct machine machine = binding_machine(binding);
	int rc = -ENODEV;

	if (lease_journal_is_locked(journal, binding))
		return -EBUSY;
	if (journal->store)
		rc = note_change(journal, binding, true);
	if (rc < 0)
		return rc;
	journal->store->driver->remove(journal->store, &binding->address, &machine);
	if (journal->is_busy)
		return -EINPROGRESS; /* with the next commit */
	rc = start_commit(journal, table);
	if (rc == 0)
		binding_table_remove(table, binding);
	if (rc != -EINPROGRESS)
		journal->flying.count = 0;
	return rc;
}

void lease_journal_begin_rewrite(struct lease_journal *journal)
{
	if (journal->store && !journal->store->is_shared)
		journal->rewrite_slot = 1;
}

/* Whole slots of the binding table, each time from where the last call ended. */
bool lease_journal_rewrite(
	struct lease_journal *journal, struct binding_table *table, uint64_t now_ms, size_t max)
{
	size_t before = journal->open.count;

	while (journal->rewrite_slot && !journal->is_busy && journal->open.count - before < max) {
		struct binding *binding = NULL;

		while ((binding = binding_table_in_slot(table, journal->rewrite_slot - 1, binding)))
			if (binding->is_lease && binding->stored_ms > 0)
				lease_journal_put(journal, binding, now_ms);
		if (journal->rewrite_slot++ == binding_table_slots(table))
			journal->rewrite_slot = 0;
	}
	return journal->rewrite_slot != 0;
}

uint32_t lease_journal_stored_s(const struct binding *binding, uint64_t now_ms)
{
	return binding->is_lease && binding->stored_ms > now_ms
		       ? (uint32_t)((binding->stored_ms - now_ms) / 1000)
		       : 0;
}

const char *lease_journal_error(const struct lease_journal *journal)
{
	if (journal->is_busy)
		return "a commit is in flight: try again";
	return journal->store ? journal->store->driver->last_error(journal->store)
			      : "there is no lease store";
}
