/* SPDX-License-Identifier: ISC */
/*
 * A commit is first, but never twice in a row where something else is to be done as well. A loss
 * of the connection ends whatever is under way, and all is read anew.
 */
#include "bootd/leases/postgresql_work.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/leases/postgresql_rows.h"
#include "daemon/log.h"
#include "daemon/loop.h"

enum {
	COMMIT_LIMIT_MS = 5000,
	READ_LIMIT_MS = 30 * 1000,
	NEWS_MOST = 100000, /* behind that all is read anew */
	THOSE = 500,        /* of them at a time */
};

uint64_t postgresql_work_us(const struct postgresql_store *store)
{
	return loop_now_us() - store->sent_us;
}

static void set_state(struct postgresql_store *store, enum postgresql_state state)
{
	if (store->state != state)
		store->health.since_ms = loop_now_ms();
	store->state = state;
	store->head.is_away = state != READY && !(state == READING && store->is_known);
}

/* --- saying ------------------------------------------------------------------------ */

static void say(struct postgresql_store *store, const char *sql, int n, const char *const *value)
{
	postgresql_session_send(store->session, sql, n, value);
}

static void sync_work(struct postgresql_store *store, enum postgresql_work work, unsigned limit_ms)
{
	store->work = store->last_work = work;
	store->sent_us = loop_now_us();
	postgresql_session_sync(store->session, limit_ms);
}

static void say_setup(struct postgresql_store *store)
{
	for (const char *const *sql = postgresql_sql_setup; *sql; sql++)
		say(store, *sql, 0, NULL);
	say(store, postgresql_sql_version, 0, NULL);
	sync_work(store, SETUP, READ_LIMIT_MS);
}

static void say_commit(struct postgresql_store *store)
{
	const char *value[LEASE_COLUMNS];

	postgresql_batch_values(&store->batch, value); /* that there is memory was seen before */
	say(store, "BEGIN", 0, NULL);
	say(store, postgresql_sql_put, LEASE_COLUMNS, value);
	say(store, "COMMIT", 0, NULL);
	sync_work(store, COMMIT, COMMIT_LIMIT_MS);
}

static void say_page(struct postgresql_store *store)
{
	char after[INET6_ADDRSTRLEN];
	const char *value = inet_ntop(AF_INET6, &store->after, after, sizeof(after));

	say(store, postgresql_sql_page, 1, &value);
	sync_work(store, PAGE, READ_LIMIT_MS);
}

static void say_news(struct postgresql_store *store)
{
	struct postgresql_array array = {0};
	char text[INET6_ADDRSTRLEN];
	const char *value;

	store->asked = store->news_count < THOSE ? store->news_count : THOSE;
	for (size_t i = 0; i < store->asked; i++)
		postgresql_array_add(
			&array, inet_ntop(AF_INET6, &store->news[i], text, sizeof(text)));
	value = postgresql_array_text(&array);
	if (!value) {
		store->asked = 0;
		value = "{}";
	}
	say(store, postgresql_sql_those, 1, &value);
	sync_work(store, NEWS, READ_LIMIT_MS);
	free(array.text);
}

static void begin_reading(struct postgresql_store *store)
{
	set_state(store, READING);
	store->after = in6addr_any;
	store->read = store->news_count = 0;
	store->is_overrun = false;
	store->head.owner->reading_begins(store->head.owner->arg);
}

void postgresql_work_go_on(struct postgresql_store *store)
{
	bool may_read;

	if (store->work != NOTHING || !postgresql_session_is_idle(store->session))
		return;
	if (store->state == READY && store->is_overrun)
		begin_reading(store);
	may_read = store->state == READING || (store->state == READY && store->news_count > 0);
	if (store->is_waiting && (store->last_work != COMMIT || !may_read))
		say_commit(store);
	else if (store->state == READING)
		say_page(store);
	else if (may_read)
		say_news(store);
}

/* --- hearing ----------------------------------------------------------------------- */

static const char *result(void *arg, unsigned step, const PGresult *got)
{
	return postgresql_rows_take(arg, step, got);
}

static void end_page(struct postgresql_store *store)
{
	if (store->page_rows == POSTGRESQL_PAGE)
		return;
	store->head.owner->reading_ends(store->head.owner->arg);
	log_notice("leases %s: %s, %zu are in force", store->name,
		store->is_told ? "the database is back" : "connected", store->read);
	postgresql_session_settled(store->session);
	store->is_known = true;
	store->is_told = false;
	set_state(store, READY);
}

static void end_news(struct postgresql_store *store)
{
	store->news_count -= store->asked;
	memmove(store->news, store->news + store->asked, store->news_count * sizeof(*store->news));
	store->asked = 0;
}

static void end_commit(struct postgresql_store *store, int rc)
{
	const struct lease_store_owner *owner = store->head.owner;

	store->health.commits += rc == 0;
	if (rc == 0)
		store->health.commit_us = postgresql_work_us(store);
	store->health.commits_us += rc == 0 ? store->health.commit_us : 0;
	store->is_waiting = false;
	postgresql_batch_clear(&store->batch);
	owner->committed(owner->arg, rc, rc == 0 ? store->refused : NULL);
}

static void done(void *arg)
{
	struct postgresql_store *store = arg;
	enum postgresql_work work = store->work;

	store->work = NOTHING;
	if (work == SETUP)
		begin_reading(store);
	else if (work == PAGE)
		end_page(store);
	else if (work == NEWS)
		end_news(store);
	else if (work == COMMIT)
		end_commit(store, 0);
	postgresql_work_go_on(store);
}

static void connected(void *arg)
{
	struct postgresql_store *store = arg;

	set_state(store, SETTING_UP);
	say_setup(store);
}

static void lost(void *arg, const char *why)
{
	struct postgresql_store *store = arg;

	snprintf(store->why, sizeof(store->why), "%s", why);
	set_state(store, AWAY);
	store->work = NOTHING;
	store->news_count = store->asked = 0;
	if (!store->is_told)
		log_error("leases %s: no database: %s: it is tried again; until then there are no "
			  "new leases, those that are stored go on for as long as that",
			store->name, store->why);
	store->is_told = true;
	if (store->is_waiting)
		end_commit(store, -ECONNRESET);
}

static bool reserve_news(struct postgresql_store *store)
{
	struct in6_addr *grown;

	if (store->news_count < store->news_room)
		return true;
	if (store->news_room >= NEWS_MOST)
		return false;
	grown = realloc(store->news, (store->news_room * 2 + THOSE) * sizeof(*grown));
	if (!grown)
		return false;
	store->news = grown;
	store->news_room = store->news_room * 2 + THOSE;
	return true;
}

/* An address that somebody else has changed. */
static void notified(void *arg, const char *payload)
{
	struct postgresql_store *store = arg;
	struct in6_addr address;

	if (store->state != READY && store->state != READING)
		return;
	if (inet_pton(AF_INET6, payload, &address) != 1)
		return;
	if (reserve_news(store))
		store->news[store->news_count++] = address;
	else
		store->is_overrun = true;
	postgresql_work_go_on(store);
}

const struct postgresql_told postgresql_work_told = {connected, result, done, notified, lost};
