/* SPDX-License-Identifier: ISC */
/* From bindings on the monotonic clock to leases on the wall clock, and back. */
#include "bootd/bindings/lease_book.h"

#include <errno.h>
#include <stdlib.h>

enum { ROOM = 64 };

void lease_book_fini(struct lease_book *book)
{
	if (book->store)
		book->store->kind->close(book->store);
	free(book->change);
	*book = (struct lease_book){0};
}

void lease_book_set_time(struct lease_book *book, uint64_t now_ms, int64_t unix_ms)
{
	book->wall_ms = unix_ms - (int64_t)now_ms;
}

/* --- the two clocks ------------------------------------------------------------ */

static int64_t unix_s_of(const struct lease_book *book, uint64_t at_ms)
{
	return ((int64_t)at_ms + book->wall_ms) / 1000;
}

/* Rounded up: the store has a lease for no less than was promised. */
static int64_t expiry_of(const struct lease_book *book, uint64_t expires_ms)
{
	return unix_s_of(book, expires_ms + 999);
}

/* What was before the clock began is its beginning. */
static uint64_t ms_of(const struct lease_book *book, int64_t unix_s)
{
	int64_t at_ms = unix_s * 1000 - book->wall_ms;

	return at_ms > 0 ? (uint64_t)at_ms : 0;
}

/* --- from the store ------------------------------------------------------------ */

static enum binding_state state_of(enum lease_state state)
{
	return state == LEASE_BOUND      ? BINDING_BOUND
	       : state == LEASE_RELEASED ? BINDING_RELEASED
					 : BINDING_DECLINED;
}

/* What rests is found by its address only: it may be known already. */
static struct binding *binding_of(struct binding_table *table, const struct lease *lease)
{
	struct binding *holder;

	if (lease->state != LEASE_DECLINED)
		return binding_table_get(table, &lease->subnet, &lease->machine, &lease->address);
	holder = binding_table_find_address(table, &lease->address);
	return holder && holder->rests
		       ? holder
		       : binding_table_add_resting(table, &lease->subnet, &lease->machine);
}

static int take(struct lease_book *book, struct binding_table *table, const struct lease *lease,
	uint64_t now_ms)
{
	struct binding *binding;
	bool is_known;

	if (!binding_table_can_lease(table))
		return -ENOSPC;
	binding = binding_of(table, lease);
	if (!binding)
		return -ENOMEM;
	binding_table_set_address(table, binding, &lease->address, false);
	is_known = binding->way && binding_has_duid(binding, &lease->duid);
	binding_set_duid(binding, &lease->duid);
	if (!is_known)
		client_way_note(&table->ways, binding, NULL, NULL, now_ms);
	binding->iaid = lease->iaid;
	binding_table_set_state(table, binding, state_of(lease->state), now_ms, 0);
	binding->since_ms = ms_of(book, lease->since_unix_s);
	binding->expires_ms = ms_of(book, lease->expires_unix_s);
	binding_table_set_lease(table, binding, true);
	binding->stored_ms = binding->expires_ms;
	binding->round = book->round;
	return 0;
}

struct load {
	struct lease_book *book;
	struct binding_table *table;
	uint64_t now_ms;
};

static int take_loaded(void *arg, const struct lease *lease)
{
	struct load *load = arg;

	return take(load->book, load->table, lease, load->now_ms);
}

int lease_book_load(struct lease_book *book, struct binding_table *table, uint64_t now_ms)
{
	struct load load = {.book = book, .table = table, .now_ms = now_ms};

	return book->store->kind->load(book->store, unix_s_of(book, now_ms), take_loaded, &load);
}

int lease_book_learn(struct lease_book *book, struct binding_table *table,
	const struct lease *lease, uint64_t now_ms)
{
	if (ms_of(book, lease->expires_unix_s) > now_ms)
		return take(book, table, lease, now_ms);
	lease_book_forget(book, table, &lease->address, now_ms);
	return 0;
}

/* It is nobody's in the store, so it can be promised to nobody before it is put there again. */
static void lose(struct binding_table *table, struct binding *binding, uint64_t now_ms)
{
	if (binding->rests) {
		binding_table_remove(table, binding);
		return;
	}
	binding_table_set_lease(table, binding, false);
	binding_table_set_state(table, binding, BINDING_EXPIRED, now_ms, 0);
}

void lease_book_forget(struct lease_book *book, struct binding_table *table,
	const struct in6_addr *address, uint64_t now_ms)
{
	struct binding *binding = binding_table_find_address(table, address);

	(void)book;
	if (binding && binding->is_lease && binding->stored_ms > 0)
		lose(table, binding, now_ms);
}

void lease_book_begin_reading(struct lease_book *book)
{
	book->round++;
}

void lease_book_end_reading(struct lease_book *book, struct binding_table *table, uint64_t now_ms)
{
	struct binding *binding = binding_table_next(table, NULL), *next;

	for (; binding && binding->is_lease; binding = next) {
		next = binding_table_next(table, binding);
		if (binding->stored_ms > 0 && binding->round != book->round)
			lose(table, binding, now_ms);
	}
}

/* --- storing --------------------------------------------------------------------- */

bool lease_book_is_open(const struct lease_book *book)
{
	return book->changes > 0;
}

static struct lease lease_of(
	const struct lease_book *book, const struct binding *binding, uint64_t now_ms)
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
		.since_unix_s = unix_s_of(book, binding->since_ms ? binding->since_ms : now_ms),
		.expires_unix_s = expiry_of(book, binding->expires_ms) +
				  (book->store ? book->store->margin_s : 0),
	};
}

static int note_change(struct lease_book *book, const struct binding *binding, bool is_removal)
{
	struct lease_change *change;

	if (book->changes == book->room) {
		change = realloc(book->change, (book->room + ROOM) * sizeof(*change));
		if (!change)
			return -ENOMEM;
		book->change = change;
		book->room += ROOM;
	}
	book->change[book->changes++] = (struct lease_change){
		.address = binding->address,
		.machine = binding_machine(binding),
		.is_removal = is_removal,
		.state = binding->state,
		.expires_ms = binding->expires_ms,
	};
	return 0;
}

static void note_failure(struct lease_book *book, int rc)
{
	if (rc < 0 && book->failed == 0)
		book->failed = rc;
}

void lease_book_put(struct lease_book *book, struct binding *binding, uint64_t now_ms)
{
	struct lease lease = lease_of(book, binding, now_ms);
	int rc = note_change(book, binding, false);

	if (rc < 0 && binding->stored_ms == 0)
		binding->expires_ms = now_ms; /* not to be settled: the next sweep ends it */
	if (rc == 0)
		rc = book->store ? book->store->kind->put(book->store, &lease) : -ENODEV;
	note_failure(book, rc);
}

void lease_book_drop(struct lease_book *book, const struct binding *binding)
{
	struct machine machine = binding_machine(binding);
	int rc = note_change(book, binding, true);

	if (rc == 0)
		rc = book->store
			     ? book->store->kind->remove(book->store, &binding->address, &machine)
			     : -ENODEV;
	note_failure(book, rc);
}

/* As the store has it. What was declined rests all the same. */
static void take_back(struct binding_table *table, struct binding *binding, uint64_t now_ms)
{
	if (!binding->is_lease || binding->rests)
		return;
	if (binding->stored_ms > now_ms) {
		binding->expires_ms = binding->stored_ms;
		return;
	}
	binding_table_set_lease(table, binding, false);
	binding_table_set_state(table, binding, BINDING_OFFERED, now_ms, OFFER_HELD_S);
}

/* The store has it as it was put, whatever was learnt meanwhile. */
static void confirm(struct lease_book *book, struct binding_table *table,
	const struct lease_change *change, struct binding *binding, uint64_t now_ms)
{
	if (!binding->is_lease && book->is_busy) {
		binding_table_set_state(table, binding, change->state, now_ms, 0);
		binding->expires_ms = change->expires_ms;
		binding_table_set_lease(table, binding, true);
	}
	if (!binding->is_lease)
		return;
	binding->stored_ms = change->expires_ms + book->store->margin_s * UINT64_C(1000);
	binding->round = book->round;
}

/* An operator's removal of which nobody knows whether it was done: no promise from now on. */
static void end_removal(
	struct lease_book *book, struct binding_table *table, struct binding *binding, int rc)
{
	if (rc == 0 && binding->is_lease)
		binding_table_remove(table, binding);
	else if (rc < 0 && book->is_busy)
		binding->stored_ms = 0;
}

static void end_change(struct lease_book *book, struct binding_table *table,
	const struct lease_change *change, int rc, uint64_t now_ms)
{
	struct binding *binding = binding_table_find_address(table, &change->address);

	if (!binding || !binding_is_of(binding, &change->machine))
		return;
	if (change->is_removal)
		end_removal(book, table, binding, rc);
	else if (rc < 0)
		take_back(table, binding, now_ms);
	else
		confirm(book, table, change, binding, now_ms);
}

void lease_book_land(struct lease_book *book, struct binding_table *table, int rc,
	const bool *refused, uint64_t now_ms)
{
	size_t refusals = 0;

	for (size_t i = 0; i < book->changes; i++) {
		bool is_refused = rc == 0 && refused && refused[i];

		end_change(book, table, &book->change[i], is_refused ? -EEXIST : rc, now_ms);
		refusals += is_refused;
	}
	if (rc == 0) {
		book->commits++;
		book->stored += book->changes - refusals;
		book->refused += refusals;
	} else {
		book->failed_commits++;
	}
	book->has_refused = refusals > 0;
	book->is_busy = false;
	book->changes = 0;
	book->failed = 0;
}

int lease_book_commit(struct lease_book *book, struct binding_table *table, uint64_t now_ms)
{
	int rc = book->store ? book->store->kind->commit(book->store) : -ENODEV;

	if (rc == -EINPROGRESS) {
		book->is_busy = true;
		return rc;
	}
	if (rc == 0)
		rc = book->failed;
	lease_book_land(book, table, rc, NULL, now_ms);
	return rc;
}

int lease_book_remove(struct lease_book *book, struct binding_table *table, struct binding *binding)
{
	struct machine machine = binding_machine(binding);
	int rc = -ENODEV;

	if (book->is_busy)
		return -EBUSY;
	if (book->store)
		rc = note_change(book, binding, true);
	if (rc == 0) {
		book->store->kind->remove(book->store, &binding->address, &machine);
		rc = book->store->kind->commit(book->store);
	}
	book->is_busy = rc == -EINPROGRESS;
	if (rc == 0)
		binding_table_remove(table, binding);
	if (rc != -EINPROGRESS)
		book->changes = 0;
	return rc;
}

uint32_t lease_book_stored_s(const struct binding *binding, uint64_t now_ms)
{
	return binding->is_lease && binding->stored_ms > now_ms
		       ? (uint32_t)((binding->stored_ms - now_ms) / 1000)
		       : 0;
}

const char *lease_book_error(const struct lease_book *book)
{
	if (book->is_busy)
		return "the store has not yet said how the last commit ended: try again";
	return book->store ? book->store->kind->last_error(book->store) : "there is no lease store";
}
