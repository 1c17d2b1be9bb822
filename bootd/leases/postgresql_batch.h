/* SPDX-License-Identifier: ISC */
/* A batch of leases as the array parameters of netboot6.store(), grown row by row. */
#ifndef NB6_BOOTD_LEASES_POSTGRESQL_BATCH_H
#define NB6_BOOTD_LEASES_POSTGRESQL_BATCH_H

#include "bootd/leases/lease_store.h"
#include "bootd/leases/postgresql_schema.h"

/* "{...}", open at its end. */
struct postgresql_array {
	char *text;
	size_t len, size;
	bool has_failed; /* no memory */
};

struct postgresql_batch {
	struct postgresql_array column[LEASE_COLUMNS];
	size_t rows;
};

/* An element; it has neither quotes nor backslashes. */
void postgresql_array_add(struct postgresql_array *array, const char *element);
/* The array as a whole; NULL: there was no memory. */
const char *postgresql_array_text(struct postgresql_array *array);

/* Returns 0 or -ENOMEM, then also for the batch as a whole. */
int postgresql_batch_put(
	struct postgresql_batch *batch, const struct lease *lease, int64_t now_unix_s);
int postgresql_batch_remove(struct postgresql_batch *batch, const struct in6_addr *address,
	const struct machine *machine);

/* All columns, or -ENOMEM; valid until the batch changes. */
int postgresql_batch_values(struct postgresql_batch *batch, const char *value[LEASE_COLUMNS]);
void postgresql_batch_clear(struct postgresql_batch *batch);
void postgresql_batch_fini(struct postgresql_batch *batch);

#endif
