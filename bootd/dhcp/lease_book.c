/* SPDX-License-Identifier: ISC */
/* From bindings on the monotonic clock to leases on the wall clock, and back. */
#include "bootd/dhcp/lease_book.h"

#include <errno.h>
#include <stdlib.h>

enum { ROOM = 64 };

void lease_book_fini(struct lease_book *book)
{
	if (book->store)
		book->store->kind->close(book->store);
	free(book->changed);
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

/* --- loading --------------------------------------------------------------------- */

struct load {
	struct lease_book *book;
	struct binding_table *table;
	uint64_t now_ms;
};

static enum binding_state state_of(enum lease_state state)
{
	return state == LEASE_BOUND      ? BINDING_BOUND
	       : state == LEASE_RELEASED ? BINDING_RELEASED
					 : BINDING_DECLINED;
}

static int take_lease(void *arg, const struct lease *lease)
{
	struct load *load = arg;
	struct binding *binding;

	if (!binding_table_can_lease(load->table))
		return -ENOSPC;
	binding = lease->state == LEASE_DECLINED
			  ? binding_table_add_resting(load->table, &lease->subnet, &lease->machine)
			  : binding_table_get(load->table, &lease->subnet, &lease->machine);
	if (!binding)
		return -ENOMEM;
	binding_table_set_address(load->table, binding, &lease->address, false);
	binding->duid = lease->duid;
	binding->iaid = lease->iaid;
	binding_table_set_state(load->table, binding, state_of(lease->state), load->now_ms, 0);
	binding->since_ms = ms_of(load->book, lease->since_unix_s);
	binding->expires_ms = ms_of(load->book, lease->expires_unix_s);
	binding_table_set_lease(load->table, binding, true);
	binding->stored_ms = binding->expires_ms;
	return 0;
}

int lease_book_load(struct lease_book *book, struct binding_table *table, uint64_t now_ms)
{
	struct load load = {.book = book, .table = table, .now_ms = now_ms};

	return book->store->kind->load(book->store, unix_s_of(book, now_ms), take_lease, &load);
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
		.machine = binding->machine,
		.duid = binding->duid,
		.iaid = binding->iaid,
		.state = binding->state == BINDING_DECLINED   ? LEASE_DECLINED
			 : binding->state == BINDING_RELEASED ? LEASE_RELEASED
							      : LEASE_BOUND,
		.since_unix_s = unix_s_of(book, binding->since_ms ? binding->since_ms : now_ms),
		.expires_unix_s = expiry_of(book, binding->expires_ms),
	};
}

static int note_change(struct lease_book *book, const struct in6_addr *address)
{
	struct in6_addr *changed;

	if (book->changes == book->room) {
		changed = realloc(book->changed, (book->room + ROOM) * sizeof(*changed));
		if (!changed)
			return -ENOMEM;
		book->changed = changed;
		book->room += ROOM;
	}
	book->changed[book->changes++] = *address;
	return 0;
}

void lease_book_put(struct lease_book *book, struct binding *binding, uint64_t now_ms)
{
	struct lease lease = lease_of(book, binding, now_ms);
	int rc = note_change(book, &binding->address);

	if (rc < 0 && binding->stored_ms == 0)
		binding->expires_ms = now_ms; /* not to be settled: the next sweep ends it */
	if (rc == 0)
		rc = book->store ? book->store->kind->put(book->store, &lease) : -ENODEV;
	if (rc < 0 && book->failed == 0)
		book->failed = rc;
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

int lease_book_commit(struct lease_book *book, struct binding_table *table, uint64_t now_ms)
{
	int rc = book->store ? book->store->kind->commit(book->store) : -ENODEV;

	if (rc == 0)
		rc = book->failed;
	for (size_t i = 0; i < book->changes; i++) {
		struct binding *binding = binding_table_find_address(table, &book->changed[i]);

		if (!binding)
			continue;
		if (rc < 0)
			take_back(table, binding, now_ms);
		else if (binding->is_lease)
			binding->stored_ms = binding->expires_ms;
	}
	if (rc == 0) {
		book->commits++;
		book->stored += book->changes;
	} else {
		book->failed_commits++;
	}
	book->changes = 0;
	book->failed = 0;
	return rc;
}

int lease_book_remove(struct lease_book *book, struct binding_table *table, struct binding *binding)
{
	int rc = -ENODEV;

	if (book->store) {
		book->store->kind->remove(book->store, &binding->address);
		rc = book->store->kind->commit(book->store);
	}
	if (rc == 0)
		binding_table_remove(table, binding);
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
	return book->store ? book->store->kind->last_error(book->store) : "there is no lease store";
}
