/* SPDX-License-Identifier: ISC */
/*
 * Leases as PostgreSQL's text: a batch of leases becomes one array parameter per column, and the
 * rows of a result become leases. Times are exchanged as seconds from now, so that only the clock
 * of the database decides when a lease expires.
 */
#ifndef NB6_BOOTD_LEASES_POSTGRESQL_ROWS_H
#define NB6_BOOTD_LEASES_POSTGRESQL_ROWS_H

#include <libpq-fe.h>

#include "bootd/leases/lease_store.h"

/* The columns of a lease, in this order in all statements (sql/postgresql_*.sql). */
enum {
	COLUMN_ADDRESS,
	COLUMN_SUBNET,
	COLUMN_MACHINE,
	COLUMN_DUID,
	COLUMN_STATE,
	COLUMN_IAID,
	COLUMN_AGE,
	COLUMN_LEFT,
	LEASE_COLUMNS
};

/* "{...}" that grows at its end. */
struct postgresql_array {
	char *text;
	size_t len, size;
	bool has_failed; /* no memory */
};

struct postgresql_batch {
	struct postgresql_array column[LEASE_COLUMNS];
	size_t rows;
};

/* Adds an element, which contains neither quotes nor backslashes. */
void postgresql_array_add(struct postgresql_array *array, const char *element);
/* The whole array; NULL if memory ran out. */
const char *postgresql_array_text(struct postgresql_array *array);

/* Both return 0 or -ENOMEM; after -ENOMEM the whole batch has failed. */
int postgresql_batch_put(
	struct postgresql_batch *batch, const struct lease *lease, int64_t now_unix_s);
int postgresql_batch_remove(struct postgresql_batch *batch, const struct in6_addr *address,
	const struct machine *machine);

/* All columns as parameters, valid until the batch changes. Returns 0 or -ENOMEM. */
int postgresql_batch_values(struct postgresql_batch *batch, const char *value[LEASE_COLUMNS]);
void postgresql_batch_clear(struct postgresql_batch *batch);
void postgresql_batch_fini(struct postgresql_batch *batch);

/* The text of a field. */
const char *postgresql_field(const PGresult *result, int row, int column);

/*
 * Reads a row, which was requested at this time by our clock. Returns NULL, or the name of the
 * column that is wrong: an operator may have written anything.
 */
const char *postgresql_row_read(
	const PGresult *result, int row, int64_t asked_unix_s, struct lease *lease);

#endif
