/* SPDX-License-Identifier: ISC */
/*
 * A connection to PostgreSQL on the event loop, made again whenever it is lost, in pipeline
 * mode: several statements go out at once, and one answer to all of them is waited for.
 *
 *	session_send() ... session_sync()   ->   told: result() for each statement, done()
 *
 * One such group at a time. Whatever goes wrong (an error of a statement among it, an answer
 * that does not come) ends the connection and is told by lost(): there is one way to fail.
 * All that is told comes from the loop.
 */
#ifndef NB6_BOOTD_LEASES_POSTGRESQL_SESSION_H
#define NB6_BOOTD_LEASES_POSTGRESQL_SESSION_H

#include <libpq-fe.h>
#include <stdbool.h>

struct loop;
struct postgresql_session;

struct postgresql_told {
	void (*connected)(void *arg);
	/* Of the `step`-th statement, from 0. NULL, or what is wrong with it. */
	const char *(*result)(void *arg, unsigned step, const PGresult *result);
	void (*done)(void *arg);
	void (*notified)(void *arg, const char *payload); /* by somebody else */
	void (*lost)(void *arg, const char *why);
};

/* `url` is borrowed. NULL: no memory. */
struct postgresql_session *postgresql_session_new(
	const char *url, struct loop *loop, const struct postgresql_told *told, void *arg);
void postgresql_session_free(struct postgresql_session *session); /* tells nothing more */

/* Begin to connect; from then on it never gives up. */
void postgresql_session_start(struct postgresql_session *session);

/* Connected, and no answer is waited for. */
bool postgresql_session_is_idle(const struct postgresql_session *session);

void postgresql_session_send(struct postgresql_session *session, const char *sql, int parameters,
	const char *const *parameter);
void postgresql_session_sync(struct postgresql_session *session, unsigned limit_ms);

/* What the server has warned of since the last sync, or NULL. */
const char *postgresql_session_warning(const struct postgresql_session *session);

/* It is good: the next loss begins with the shortest pause again. */
void postgresql_session_settled(struct postgresql_session *session);

#endif
