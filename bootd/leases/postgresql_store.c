/* SPDX-License-Identifier: ISC */
/*
 * What is said to the database, one group of statements at a time: setting up, a commit, a page
 * of the leases, those that others have changed. A commit is first, but never twice in a row
 * where something else is to be done as well.
 */
#include "bootd/leases/postgresql_store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bootd/leases/lease_text.h"
#include "bootd/leases/postgresql_batch.h"
#include "bootd/leases/postgresql_session.h"
#include "daemon/log.h"
#include "daemon/loop.h"

enum {
	COMMIT_LIMIT_MS = 5000,
	READ_LIMIT_MS = 30 * 1000,
	MARGIN_S = 5,
	NEWS_MOST = 100000, /* behind that all is read anew */
	THOSE = 500,        /* of them at a time */
};

enum state { AWAY, SETTING_UP, READING, READY };
enum work { NOTHING, SETUP, COMMIT, PAGE, NEWS };

struct postgresql_store {
	struct lease_store head;
	struct postgresql_session *session;
	enum state state;
	bool is_known;   /* all leases were read once */
	bool is_told;    /* the log says that it is away */
	bool is_overrun; /* too many changes to know them one by one: all is read anew */
	enum work work, last_work;
	uint64_t sent_us;

	struct postgresql_batch batch;
	bool is_waiting; /* the batch, to be committed or under way */
	bool *refused;
	size_t refused_room;

	struct in6_addr after; /* the last one that was read */
	int page_rows;
	size_t read;
	struct in6_addr *news; /* what others have changed; the first `asked` are being read */
	size_t news_count, news_room, asked;

	struct lease_store_health health;
	char *url;
	char name[POSTGRESQL_NAME];
	char why[POSTGRESQL_WHY];
};

static struct postgresql_store *store_of(const struct lease_store *store)
{
	return (struct postgresql_store *)(uintptr_t)store;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void set_state(struct postgresql_store *store, enum state state)
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

static void sync_work(struct postgresql_store *store, enum work work, unsigned limit_ms)
{
	store->work = store->last_work = work;
	store->sent_us = now_us();
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

static void go_on(struct postgresql_store *store)
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

/* --- hearing: rows ------------------------------------------------------------------- */

static const char *field(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column);
}

/* Seconds from now, by the database's clock, on ours: from when it was asked, to be sure. */
static bool read_lease(
	const struct postgresql_store *store, const PGresult *result, int row, struct lease *lease)
{
	int64_t asked_unix_s =
		loop_unix_ms() / 1000 - (int64_t)((now_us() - store->sent_us) / 1000000);
	const char *wrong;

	*lease = (struct lease){0};
	wrong = lease_words_read(lease, field(result, row, COLUMN_ADDRESS),
		field(result, row, COLUMN_SUBNET), field(result, row, COLUMN_MACHINE),
		field(result, row, COLUMN_DUID), field(result, row, COLUMN_STATE));
	if (wrong) {
		static struct log_limit limit;

		log_limited(&limit, LOG_LEVEL_WARNING,
			"leases %s: the lease of %.45s has a wrong %s and is left out", store->name,
			field(result, row, COLUMN_ADDRESS), wrong);
		return false;
	}
	lease->iaid = (uint32_t)strtoul(field(result, row, COLUMN_IAID), NULL, 10);
	lease->since_unix_s = asked_unix_s - strtoll(field(result, row, COLUMN_AGE), NULL, 10);
	lease->expires_unix_s = asked_unix_s + strtoll(field(result, row, COLUMN_LEFT), NULL, 10);
	return true;
}

static void learn(struct postgresql_store *store, const PGresult *result, int row)
{
	struct lease lease;

	if (read_lease(store, result, row, &lease))
		store->head.owner->learn(store->head.owner->arg, &lease);
}

static void take_refused(struct postgresql_store *store, const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++) {
		unsigned long number = strtoul(field(result, row, LEASE_COLUMNS), NULL, 10);

		if (number >= 1 && number <= store->batch.rows)
			store->refused[number - 1] = true;
		if (!PQgetisnull(result, row, COLUMN_ADDRESS))
			learn(store, result, row);
	}
}

static void take_page(struct postgresql_store *store, const PGresult *result)
{
	store->page_rows = PQntuples(result);
	store->read += (size_t)store->page_rows;
	for (int row = 0; row < store->page_rows; row++)
		learn(store, result, row);
	if (store->page_rows > 0)
		inet_pton(AF_INET6, field(result, store->page_rows - 1, COLUMN_ADDRESS),
			&store->after);
}

/* Those that are there are learnt; the others are nobody's. */
static void take_news(struct postgresql_store *store, const PGresult *result)
{
	const struct lease_store_owner *owner = store->head.owner;

	for (int row = 0; row < PQntuples(result); row++) {
		struct in6_addr address;

		learn(store, result, row);
		if (inet_pton(AF_INET6, field(result, row, COLUMN_ADDRESS), &address) != 1)
			continue;
		for (size_t i = 0; i < store->asked; i++)
			if (IN6_ARE_ADDR_EQUAL(&store->news[i], &address))
				store->news[i] = in6addr_any;
	}
	for (size_t i = 0; i < store->asked; i++)
		if (!IN6_IS_ADDR_UNSPECIFIED(&store->news[i]))
			owner->forget(owner->arg, &store->news[i]);
}

static const char *check_version(struct postgresql_store *store, const PGresult *result)
{
	int version = PQntuples(result) == 1 ? atoi(field(result, 0, 0)) : 0;

	if (version == POSTGRESQL_SCHEMA)
		return NULL;
	snprintf(store->why, sizeof(store->why),
		"its schema has version %d, this netboot6-bootd knows %d only", version,
		POSTGRESQL_SCHEMA);
	return store->why;
}

/* One that is committed, but not on all standbys that it was to wait for, gives a warning. */
static const char *take_commit(
	struct postgresql_store *store, unsigned step, const PGresult *result)
{
	if (step == 1)
		take_refused(store, result);
	if (step < 2)
		return NULL;
	if (strcmp(PQcmdStatus((PGresult *)(uintptr_t)result), "COMMIT") != 0)
		return "the transaction was not committed";
	return postgresql_session_warning(store->session);
}

static const char *result(void *arg, unsigned step, const PGresult *got)
{
	struct postgresql_store *store = arg;

	if (store->work == COMMIT)
		return take_commit(store, step, got);
	if (store->work == SETUP && PQresultStatus(got) == PGRES_TUPLES_OK && step > 0)
		return check_version(store, got);
	if (store->work == PAGE)
		take_page(store, got);
	if (store->work == NEWS)
		take_news(store, got);
	return NULL;
}

/* --- hearing: the end of something ---------------------------------------------------- */

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
		store->health.commit_us = now_us() - store->sent_us;
	store->health.commits_us += rc == 0 ? store->health.commit_us : 0;
	store->is_waiting = false;
	postgresql_batch_clear(&store->batch);
	owner->committed(owner->arg, rc, rc == 0 ? store->refused : NULL);
}

static void done(void *arg)
{
	struct postgresql_store *store = arg;
	enum work work = store->work;

	store->work = NOTHING;
	if (work == SETUP)
		begin_reading(store);
	else if (work == PAGE)
		end_page(store);
	else if (work == NEWS)
		end_news(store);
	else if (work == COMMIT)
		end_commit(store, 0);
	go_on(store);
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
	go_on(store);
}

/* --- the contract --------------------------------------------------------------------- */

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

/* Room to say of each what is refused, and memory for the whole batch. */
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
		if (!store->is_told)
			snprintf(store->why, sizeof(store->why), "%s",
				rc == -ENOMEM ? "no memory" : "its leases are still being read");
		return rc;
	}
	store->is_waiting = true;
	go_on(store);
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
	free(store->news);
	free(store->url);
	free(store);
}

int postgresql_store_open(const char *url, struct loop *loop, const struct lease_store_owner *owner,
	struct lease_store **out, char why[POSTGRESQL_WHY])
{
	static const struct lease_store_kind kind = {
		.load = postgresql_load,
		.put = postgresql_put,
		.remove = postgresql_remove,
		.commit = postgresql_commit,
		.last_error = postgresql_last_error,
		.describe = postgresql_describe,
		.close = postgresql_close,
	};
	static const struct postgresql_told told = {connected, result, done, notified, lost};
	struct postgresql_store *store = calloc(1, sizeof(*store));
	int rc = store ? postgresql_url_check(url, store->name, why) : -ENOMEM;

	*out = NULL;
	if (rc == 0) {
		store->url = strdup(url);
		store->session = postgresql_session_new(store->url, loop, &told, store);
		rc = store->url && store->session ? 0 : -ENOMEM;
	}
	if (rc == -ENOMEM)
		snprintf(why, POSTGRESQL_WHY, "no memory");
	if (rc < 0) {
		if (store)
			postgresql_close(&store->head);
		return rc;
	}
	store->head = (struct lease_store){.kind = &kind,
		.name = store->name,
		.owner = owner,
		.is_away = true,
		.margin_s = MARGIN_S};
	*out = &store->head;
	return 0;
}
