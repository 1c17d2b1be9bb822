/* SPDX-License-Identifier: ISC */
/*
 * Leases in a PostgreSQL database that several servers share: they give addresses from the same
 * pools, and no address twice. The database decides, transaction by transaction: an address
 * belongs to the machine whose lease was inserted first, until it expires by the database's clock.
 *
 *	psql netboot6 -c 'SELECT address, machine, state, expires, server FROM netboot6.lease'
 *
 * libpq runs in pipeline mode on the event loop, so only requests that change leases wait for the
 * database. The states of the connection:
 *
 *	away -> connecting -> setting up -> reading the leases -> ready
 *	  ^---------- lost, with a growing pause before the next attempt ---'
 *
 * Changes by other servers and by operators arrive as notifications (LISTEN). After a lost
 * connection all leases are read again, and the result of a commit that had not ended is unknown.
 *
 * This file is the contract of lease_store.h: changes are collected in a batch, which
 * postgresql_work.c stores as a whole and reports.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/leases/postgresql_work.h"
#include "daemon/loop.h"

enum { MARGIN_S = 5 };

static struct postgresql_store *store_of(const struct lease_store *store)
{
	return (struct postgresql_store *)(uintptr_t)store;
}

static int postgresql_load(
	struct lease_store *head, int64_t now_unix_s, lease_take_fn *take, void *arg)
{
	(void)now_unix_s;
	(void)take;
	(void)arg;
	postgresql_session_start(store_of(head)->session);
	return 0;
}

static int postgresql_put(struct lease_store *head, const struct lease *lease)
{
	return postgresql_batch_put(&store_of(head)->batch, lease, loop_unix_ms() / 1000);
}

static int postgresql_remove(
	struct lease_store *head, const struct in6_addr *address, const struct machine *machine)
{
	return postgresql_batch_remove(&store_of(head)->batch, address, machine);
}

/* Reserve memory now, so that the commit cannot run out of it: refused[] and the parameters. */
static int prepare(struct postgresql_store *store)
{
	const char *value[LEASE_COLUMNS];
	bool *refused;

	if (store->batch.rows > store->refused_room) {
		refused = realloc(store->refused, store->batch.rows * sizeof(*refused));
		if (!refused)
			return -ENOMEM;
		store->refused = refused;
		store->refused_room = store->batch.rows;
	}
	if (store->refused)
		memset(store->refused, 0, store->refused_room * sizeof(*store->refused));
	return postgresql_batch_values(&store->batch, value);
}

static int postgresql_commit(struct lease_store *head)
{
	struct postgresql_store *store = store_of(head);
	int rc = head->is_away ? -ENOTCONN : prepare(store);

	if (store->batch.rows == 0 && rc == 0)
		return 0;
	if (rc < 0) {
		postgresql_batch_clear(&store->batch);
		if (!store->is_logged)
			snprintf(store->why, sizeof(store->why), "%s",
				rc == -ENOMEM ? "no memory" : "the leases are still being read");
		return rc;
	}
	store->is_waiting = true;
	postgresql_work_go_on(store);
	return -EINPROGRESS;
}

static const char *postgresql_last_error(const struct lease_store *head)
{
	return store_of(head)->why;
}

static void postgresql_describe(const struct lease_store *head, struct lease_store_health *health)
{
	static const char *const state[] = {[AWAY] = "away",
		[SETTING_UP] = "connecting",
		[READING] = "reading",
		[READY] = "ready"};
	const struct postgresql_store *store = store_of(head);

	*health = store->health;
	health->kind = "postgresql";
	health->state = state[store->state];
}

static void postgresql_close(struct lease_store *head)
{
	struct postgresql_store *store = store_of(head);

	postgresql_session_free(store->session);
	postgresql_batch_fini(&store->batch);
	free(store->refused);
	free(store->changed);
	free(store->url);
	free(store);
}

static int postgresql_open(const char *location, struct loop *loop,
	const struct lease_store_owner *owner, struct lease_store **out, char why[LEASE_STORE_WHY])
{
	struct postgresql_store *store = calloc(1, sizeof(*store));
	int rc = store ? postgresql_url_read(location, store->name, why) : -ENOMEM;

	*out = NULL;
	if (rc == 0) {
		store->url = strdup(location);
		store->session =
			postgresql_session_new(store->url, loop, &postgresql_work_callbacks, store);
		rc = store->url && store->session ? 0 : -ENOMEM;
	}
	if (rc == -ENOMEM)
		snprintf(why, LEASE_STORE_WHY, "out of memory");
	if (rc < 0) {
		if (store)
			postgresql_close(&store->head);
		return rc;
	}
	store->head = (struct lease_store){.driver = &postgresql_driver,
		.name = store->name,
		.owner = owner,
		.is_shared = true,
		.is_away = true,
		.margin_s = MARGIN_S};
	*out = &store->head;
	return 0;
}

static int postgresql_check(const char *location, char why[LEASE_STORE_WHY])
{
	char name[LEASE_STORE_NAME];

	return postgresql_url_read(location, name, why);
}

const struct lease_driver postgresql_driver = {
	.name = "postgresql",
	.accepts = postgresql_is_url,
	.check = postgresql_check,
	.open = postgresql_open,
	.load = postgresql_load,
	.put = postgresql_put,
	.remove = postgresql_remove,
	.commit = postgresql_commit,
	.last_error = postgresql_last_error,
	.describe = postgresql_describe,
	.close = postgresql_close,
};
