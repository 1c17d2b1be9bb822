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
 * Without libpq, postgresql_absent.c takes the place of this driver and explains that.
 */
#ifndef NB6_BOOTD_LEASES_POSTGRESQL_STORE_H
#define NB6_BOOTD_LEASES_POSTGRESQL_STORE_H

#include <stdbool.h>
#include <string.h>

#include "bootd/leases/lease_store.h"

extern const struct lease_driver postgresql_driver;

static inline bool postgresql_is_url(const char *text)
{
	return strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0;
}

#endif
