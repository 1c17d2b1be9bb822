/* SPDX-License-Identifier: ISC */
/*
 * Which known name is offered for a mistyped one, and when none is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/nearest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_nearest(void **state)
{
	static const char *const names[] = {"status", "list", "show", "hosts", "leases", "reload"};
	static const struct {
		const char *wanted, *name;
	} rows[] = {
		{"lists", "list"},    /* one more */
		{"lst", "list"},      /* one less */
		{"shaw", "show"},     /* another one */
		{"shwo", "show"},     /* two exchanged */
		{"leeses", "leases"}, /* another one */
		{"relaod", "reload"}, /* two exchanged */
		{"state", "status"},  /* two */
		{"sow", "show"},      /* one less */
		{"hot", NULL},        /* two of three letters are no small mistake */
		{"metrics", NULL},    /* nothing like it */
		{"x", NULL},          /* too short to be near to anything */
		{"", NULL},
		{"0123456789012345678901234567890123456789x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct nearest nearest = {.wanted = rows[i].wanted};

		for (size_t j = 0; j < COUNT(names); j++)
			nearest_offer(&nearest, names[j]);
		if (!rows[i].name)
			assert_null(nearest.name);
		else if (!nearest.name || strcmp(nearest.name, rows[i].name) != 0)
			fail_msg("%s: %s", rows[i].wanted, nearest.name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
