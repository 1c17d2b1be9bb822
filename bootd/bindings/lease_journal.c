/* SPDX-License-Identifier: ISC */
/*
 * From the bindings to the store: the list of changes since the last commit, the commit, and the
 * bindings when it ends. lease_load.c has the other direction.
 *
 * A binding has the times of the monotonic clock, a stored lease those of the wall clock.
 * journal->wall_ms is the distance between the two; lease_journal_set_time() measures it.
 *
 * Invariant: binding->stored_ms is never later than the expiry that the store has. A change raises
 * it only when its commit has succeeded, so a Reply that promises no more than it can be kept.
 */
#include "bootd/bindings/lease_journal.h"

#include <errno.h>
#include <stdlib.h>

enum { ROOM = 64 };

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

int64_t lease_journal_unix_s(const struct lease_journal *journal, uint64_t at_ms)
{
	return ((int64_t)at_ms + journal->wall_ms) / 1000;
}

/* Rounded up, so that the store has a lease at least as long as was promised. */
static int64_t expiry_of(const struct lease_journal *journal, uint64_t expires_ms)
{
	return lease_journal_unix_s(journal, expires_ms + 999);
}

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
		.since_unix_s = lease_journal_unix_s(
			journal, binding->since_ms ? binding->since_ms : now_ms),
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

/* The store has the lease as it was put, even if a report of another server arrived before. */
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
 * A lease that has changed again since its removal was put stays. If it is unknown whether the
 * store has removed it, promise nothing that depends on it (stored_ms 0).
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
 * The machine was to move to the address of the next change. That is not stored, and the store
 * still has the machine's lease of the old address. So the machine gets the old address back, from
 * a machine that was offered it meanwhile too, and a later commit must not give it away.
 */
static void move_back(struct lease_journal *journal, struct binding_table *table,
	const struct lease_change *change, const struct lease_change *next, uint64_t now_ms)
{
	const struct binding *holder = binding_table_find_address(table, &change->address);
	struct binding *binding = binding_table_find_address(table, &next->address);
	uint64_t until_ms =
		change->stored_ms > change->expires_ms ? change->stored_ms : change->expires_ms;

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

/* Before all else, so that no other machine keeps or gets an address that goes back to its lease.
 */
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

/* The open changes are in flight from now on. The list of the last commit is empty: use it again.
 */
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
