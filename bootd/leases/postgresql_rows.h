/* SPDX-License-Identifier: ISC */
/*
 * What the database answers, row by row: leases are learnt, refused ones marked, and those that
 * others have removed forgotten. Whoever wants to know what happens then reads
 * postgresql_work.h.
 */
#ifndef NB6_BOOTD_LEASES_POSTGRESQL_ROWS_H
#define NB6_BOOTD_LEASES_POSTGRESQL_ROWS_H

#include <libpq-fe.h>

struct postgresql_store;

/*
 * The answer to the `step`-th statement, from 0, of the work that is under way. NULL, or what is
 * wrong with it; that stays as it is until the next answer.
 */
const char *postgresql_rows_take(
	struct postgresql_store *store, unsigned step, const PGresult *result);

#endif
