/* SPDX-License-Identifier: ISC */
/*
 * Any text as a stored lease: eight lines are the columns that both stores have. A lease that is
 * read is the same after it is written and read again. With PostgreSQL the lines are a row of a
 * result too, and a lease of it goes into a batch.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/leases/lease_store.h"
#ifdef WITH_POSTGRESQL
#include "bootd/leases/postgresql_rows.h"
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS = 8, STATE = 4, NOW = 1764547200 };

static void check(int truth)
{
	if (!truth)
		abort();
}

static int is_same(const struct lease *a, const struct lease *b)
{
	return IN6_ARE_ADDR_EQUAL(&a->address, &b->address) &&
	       prefix_equal(&a->subnet, &b->subnet) && machine_equal(&a->machine, &b->machine) &&
	       a->duid.len == b->duid.len &&
	       memcmp(a->duid.octets, b->duid.octets, a->duid.len) == 0 && a->state == b->state;
}

static void check_columns(char *const column[COLUMNS])
{
	struct lease lease = {0}, again = {0};
	struct lease_text text;

	if (lease_text_read(&lease, column[0], column[1], column[2], column[3], column[STATE]))
		return;
	check(column[1][0] != '\0'); /* no column is empty */
	check(prefix_contains(&lease.subnet, &lease.address));
	lease_text_of(&lease, &text);
	check(!lease_text_read(
		&again, text.address, text.subnet, text.machine, text.duid, text.state));
	check(is_same(&lease, &again));
}

#ifdef WITH_POSTGRESQL
static void check_row(char *const column[COLUMNS])
{
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc description[LEASE_COLUMNS] = {{0}};
	struct postgresql_batch batch = {0};
	char name[] = "column";
	const char *value[LEASE_COLUMNS];
	struct lease lease;

	for (int i = 0; i < LEASE_COLUMNS; i++)
		description[i].name = name;
	check(result && PQsetResultAttrs(result, LEASE_COLUMNS, description));
	for (int i = 0; i < LEASE_COLUMNS; i++)
		check(PQsetvalue(result, 0, i, column[i], (int)strlen(column[i])));
	if (!postgresql_row_read(result, 0, NOW, &lease)) {
		check(postgresql_batch_put(&batch, &lease, NOW) == 0);
		check(postgresql_batch_values(&batch, value) == 0);
	}
	postgresql_batch_fini(&batch);
	PQclear(result);
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *column[COLUMNS], *text = malloc(size + 1), *next = text;

	check(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (int i = 0; i < COLUMNS; i++) {
		column[i] = next;
		next += strcspn(next, "\n");
		if (*next)
			*next++ = '\0';
	}
	check_columns(column);
#ifdef WITH_POSTGRESQL
	check_row(column);
#endif
	free(text);
	return 0;
}
