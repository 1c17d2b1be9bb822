/* SPDX-License-Identifier: ISC */
/*
 * A reload is applied by all parts or by none.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/reload.h"

/* Each step appends a letter: the part's in lower case, then + prepare, ! commit, - cancel. */
struct steps {
	char text[32];
	int fail_c; /* what c's prepare returns */
};

static int prepare_a(void *arg)
{
	strcat(((struct steps *)arg)->text, "a+");
	return 0;
}

static void commit_a(void *arg)
{
	strcat(((struct steps *)arg)->text, "a!");
}

static void cancel_a(void *arg)
{
	strcat(((struct steps *)arg)->text, "a-");
}

static void commit_b(void *arg)
{
	strcat(((struct steps *)arg)->text, "b!");
}

static void cancel_b(void *arg)
{
	strcat(((struct steps *)arg)->text, "b-");
}

static int prepare_c(void *arg)
{
	strcat(((struct steps *)arg)->text, "c+");
	return ((struct steps *)arg)->fail_c;
}

static void cancel_c(void *arg)
{
	strcat(((struct steps *)arg)->text, "c-");
}

static const struct reload_part parts[] = {
	{prepare_a, commit_a, cancel_a},
	{NULL, commit_b, cancel_b},
	{prepare_c, NULL, cancel_c},
};

static void test_all_parts_are_prepared_before_one_is_committed(void **state)
{
	struct steps steps = {0};

	(void)state;
	assert_int_equal(reload_run(parts, 3, &steps), 0);
	assert_string_equal(steps.text, "a+c+a!b!");
}

static void test_a_failure_cancels_the_parts_before_it(void **state)
{
	struct steps steps = {.fail_c = -ENOMEM};

	(void)state;
	assert_int_equal(reload_run(parts, 3, &steps), -ENOMEM);
	assert_string_equal(steps.text, "a+c+b-a-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_parts_are_prepared_before_one_is_committed),
		cmocka_unit_test(test_a_failure_cancels_the_parts_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
