/* SPDX-License-Identifier: ISC */
/*
 * One text array per column, grown in place and used again for the next batch. The elements are
 * addresses, numbers and hexadecimal text, which need no escapes.
 */
#include "bootd/leases/postgresql_rows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/leases/lease_store.h"

/* Space for `more` octets, the closing brace and the NUL. */
static bool reserve(struct postgresql_array *array, size_t more)
{
	size_t need = array->len + more + 2;
	char *text;

	if (need <= array->size)
		return true;
	text = realloc(array->text, need * 2);
	if (!text) {
		array->has_failed = true;
		return false;
	}
	array->text = text;
	array->size = need * 2;
	return true;
}

void postgresql_array_add(struct postgresql_array *array, const char *element)
{
	size_t len = strlen(element);

	if (array->has_failed || !reserve(array, len + 3))
		return;
	array->text[array->len] = array->len == 0 ? '{' : ',';
	array->text[array->len + 1] = '"';
	memcpy(array->text + array->len + 2, element, len);
	array->text[array->len + 2 + len] = '"';
	array->len += len + 3;
}

const char *postgresql_array_text(struct postgresql_array *array)
{
	if (array->has_failed || !reserve(array, 0))
		return NULL;
	strcpy(array->text + array->len, array->len == 0 ? "{}" : "}");
	return array->text;
}

static void add_number(struct postgresql_array *array, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	postgresql_array_add(array, text);
}

static int outcome(const struct postgresql_batch *batch)
{
	for (int i = 0; i < LEASE_COLUMNS; i++)
		if (batch->column[i].has_failed)
			return -ENOMEM;
	return 0;
}

static int add_row(struct postgresql_batch *batch, const char *text[COLUMN_STATE + 1],
	uint32_t iaid, int64_t age_s, int64_t left_s)
{
	for (int i = 0; i <= COLUMN_STATE; i++)
		postgresql_array_add(&batch->column[i], text[i]);
	add_number(&batch->column[COLUMN_IAID], iaid);
	add_number(&batch->column[COLUMN_AGE], age_s > 0 ? age_s : 0);
	add_number(&batch->column[COLUMN_LEFT], left_s > 0 ? left_s : 0);
	batch->rows++;
	return outcome(batch);
}

int postgresql_batch_put(
	struct postgresql_batch *batch, const struct lease *lease, int64_t now_unix_s)
{
	struct lease_text text;

	lease_text_of(lease, &text);
	return add_row(batch,
		(const char *[]){text.address, text.subnet, text.machine, text.duid, text.state},
		lease->iaid, now_unix_s - lease->since_unix_s, lease->expires_unix_s - now_unix_s);
}

int postgresql_batch_remove(struct postgresql_batch *batch, const struct in6_addr *address,
	const struct machine *machine)
{
	char text[INET6_ADDRSTRLEN], machine_text[MACHINE_TEXT];

	inet_ntop(AF_INET6, address, text, sizeof(text));
	machine_format(machine, machine_text);
	return add_row(batch, (const char *[]){text, "::/0", machine_text, "", "removed"}, 0, 0, 0);
}

int postgresql_batch_values(struct postgresql_batch *batch, const char *value[LEASE_COLUMNS])
{
	for (int i = 0; i < LEASE_COLUMNS; i++)
		value[i] = postgresql_array_text(&batch->column[i]);
	return outcome(batch);
}

void postgresql_batch_clear(struct postgresql_batch *batch)
{
	for (int i = 0; i < LEASE_COLUMNS; i++) {
		batch->column[i].len = 0;
		batch->column[i].has_failed = false;
	}
	batch->rows = 0;
}

void postgresql_batch_fini(struct postgresql_batch *batch)
{
	for (int i = 0; i < LEASE_COLUMNS; i++)
		free(batch->column[i].text);
	*batch = (struct postgresql_batch){0};
}

/* --- results ------------------------------------------------------------------------ */

const char *postgresql_field(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column);
}

/* Clamped to some 35,000 years, so that sums with the time of a clock do not overflow. */
static int64_t read_seconds(const PGresult *result, int row, int column)
{
	const int64_t max = INT64_C(1) << 40;
	int64_t seconds = strtoll(postgresql_field(result, row, column), NULL, 10);

	return seconds < -max ? -max : seconds > max ? max : seconds;
}

const char *postgresql_row_read(
	const PGresult *result, int row, int64_t asked_unix_s, struct lease *lease)
{
	const char *wrong;

	*lease = (struct lease){0};
	wrong = lease_text_read(lease, postgresql_field(result, row, COLUMN_ADDRESS),
		postgresql_field(result, row, COLUMN_SUBNET),
		postgresql_field(result, row, COLUMN_MACHINE),
		postgresql_field(result, row, COLUMN_DUID),
		postgresql_field(result, row, COLUMN_STATE));
	if (wrong)
		return wrong;
	lease->iaid = (uint32_t)strtoul(postgresql_field(result, row, COLUMN_IAID), NULL, 10);
	lease->since_unix_s = asked_unix_s - read_seconds(result, row, COLUMN_AGE);
	lease->expires_unix_s = asked_unix_s + read_seconds(result, row, COLUMN_LEFT);
	return NULL;
}
