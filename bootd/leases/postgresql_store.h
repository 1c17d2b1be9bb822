/* SPDX-License-Identifier: ISC */
/*
 * Leases in a PostgreSQL database that several servers share: they hand out the same pools, and
 * no address twice. It is the database that decides, transaction by transaction: an address is
 * who's inserted it first, until it has expired by the database's own clock.
 *
 *	psql netboot6 -c 'SELECT address, machine, state, expires, server FROM netboot6.lease'
 *
 * libpq in pipeline mode on the event loop: nothing ever waits for the database but the
 * requests that change leases. Life of a connection:
 *
 *	away -> connecting -> setting up -> reading the leases -> ready
 *	  ^---------- lost, with a growing pause before the next attempt ---'
 *
 * Setting up makes the schema where there is none (postgresql_schema.h). What other servers
 * or an operator do to a lease comes by LISTEN. After a loss all is read anew, and a commit
 * that was under way has failed as far as anybody may be promised anything.
 *
 * Built where configure finds libpq; else each function says that it is not.
 */
#ifndef NB6_BOOTD_LEASES_POSTGRESQL_STORE_H
#define NB6_BOOTD_LEASES_POSTGRESQL_STORE_H

#include <stdbool.h>
#include <string.h>

#include "bootd/leases/lease_store.h"

struct loop;

enum { POSTGRESQL_WHY = 512, POSTGRESQL_NAME = 256 };

/* Is it for this store? */
static inline bool postgresql_is_url(const char *text)
{
	return strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0;
}

/*
 * A connection URI as libpq knows it, with nothing in it that would have to be looked up: each
 * host is an address, or a directory with a socket, or has its `hostaddr`. Returns 0 and the
 * name for messages, without password; or -EINVAL, -ENOSYS (built without libpq), with `why`.
 */
int postgresql_url_check(const char *url, char name[POSTGRESQL_NAME], char why[POSTGRESQL_WHY]);

/*
 * The store, not connected: load() begins with that. `owner` and `loop` are borrowed and must
 * outlive it. Returns 0, or -errno with the reason in `why`.
 */
int postgresql_store_open(const char *url, struct loop *loop, const struct lease_store_owner *owner,
	struct lease_store **out, char why[POSTGRESQL_WHY]);

#endif
