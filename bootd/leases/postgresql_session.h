/* SPDX-License-Identifier: ISC */
/*
 * A connection to PostgreSQL on the event loop, made again whenever it is lost. It runs in pipeline
 * mode: a group of statements is sent at once, and their results arrive together.
 *
 *	session_send() ... session_sync()   ->   result() for each statement, then done()
 *
 * One group at a time. Every failure (a statement that fails, a result that does not arrive in
 * time) ends the connection and is reported by lost(), so there is one way to fail. All
 * callbacks come from the event loop.
 */
#ifndef NB6_BOOTD_LEASES_POSTGRESQL_SESSION_H
#define NB6_BOOTD_LEASES_POSTGRESQL_SESSION_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "bootd/leases/lease_store.h"

struct loop;
struct postgresql_session;

struct postgresql_callbacks {
	void (*connected)(void *arg);
	/* Of statement number `step`, from 0. Returns NULL, or why the connection is useless. */
	const char *(*result)(void *arg, unsigned step, const PGresult *result);
	void (*done)(void *arg);
	void (*notified)(void *arg, const char *payload); /* by another connection */
	void (*lost)(void *arg, const char *why);
};

/*
 * A connection URI as libpq knows it, in which nothing has to be looked up: each host is an
 * address, a directory with a socket, or has its `hostaddr`. Returns 0 and the name for messages,
 * without password; or -EINVAL with the reason in `why`.
 */
int postgresql_url_read(const char *url, char name[LEASE_STORE_NAME], char why[LEASE_STORE_WHY]);

/* `url` is borrowed. NULL: no memory. */
struct postgresql_session *postgresql_session_new(const char *url, struct loop *loop,
	const struct postgresql_callbacks *callbacks, void *arg);
void postgresql_session_free(struct postgresql_session *session); /* no callback comes after this */

/* Start to connect; it retries forever. */
void postgresql_session_start(struct postgresql_session *session);

/* Connected, and no group is being answered. */
bool postgresql_session_is_idle(const struct postgresql_session *session);

void postgresql_session_send(struct postgresql_session *session, const char *sql, int parameters,
	const char *const *parameter);
void postgresql_session_sync(struct postgresql_session *session, unsigned limit_ms);

/* The last warning of the server since the last sync, or NULL. */
const char *postgresql_session_warning(const struct postgresql_session *session);

/* The connection works: after the next loss start with the shortest pause. */
void postgresql_session_settled(struct postgresql_session *session);

#endif
