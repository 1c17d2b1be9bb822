/* SPDX-License-Identifier: ISC */
/*
 * Which links lead to servers, as far as it is remembered: what the kernel says of
 * them is for the lab. Here it has no route to any server, as there is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relayd/servers/server_path.h"

static bool leads(struct server_paths *paths, int ifindex, int64_t now_ms)
{
	struct link link = {.ifindex = ifindex};

	return server_uplinks_lead(paths, &link, now_ms);
}

static void test_a_way_leads_until_its_link_has_gone(void **state)
{
	struct server_paths paths = {0};

	(void)state;
	server_uplinks_add(&paths.uplinks, 0);
	assert_false(leads(&paths, 7, 0));
	server_uplinks_add(&paths.uplinks, 7);
	server_uplinks_add(&paths.uplinks, 7);
	assert_true(leads(&paths, 7, 0));
	server_uplinks_doubt(&paths.uplinks);
	assert_true(leads(&paths, 7, 0));
	server_uplinks_forget(&paths.uplinks, 8);
	assert_true(leads(&paths, 7, 0));
	server_uplinks_forget(&paths.uplinks, 7);
	assert_false(leads(&paths, 7, 0));
}

static void test_links_that_lead_nowhere_are_asked_for_once(void **state)
{
	struct server_paths paths = {0};
	uint32_t left;

	(void)state;
	assert_false(leads(&paths, 5, 1000));
	left = paths.uplinks.questions.millitokens;
	for (int i = 0; i < 1000; i++)
		assert_false(leads(&paths, 5, 1000));
	assert_int_equal(paths.uplinks.questions.millitokens, left);
	server_uplinks_doubt(&paths.uplinks);
	assert_false(leads(&paths, 5, 1000));
	assert_true(paths.uplinks.questions.millitokens < left);
}

/* Two links that share a place make one another asked for, but not as often as they like. */
static void test_strangers_neither_ask_without_end_nor_push_out_uplinks(void **state)
{
	struct server_paths paths = {0};
	uint32_t left;

	(void)state;
	server_uplinks_add(&paths.uplinks, 3);
	for (int i = 0; i < 1000; i++) {
		assert_false(leads(&paths, 3 + SERVER_UPLINKS_ASKED, 1000));
		assert_false(leads(&paths, 3 + 2 * SERVER_UPLINKS_ASKED, 1000));
	}
	left = paths.uplinks.questions.millitokens;
	assert_true(left < 1000);
	assert_true(leads(&paths, 3, 1000));
	assert_int_equal(paths.uplinks.questions.millitokens, left);
}

static void test_of_too_many_uplinks_the_oldest_goes(void **state)
{
	struct server_paths paths = {0};

	(void)state;
	for (int i = 1; i <= SERVER_UPLINKS_MAX + 1; i++)
		server_uplinks_add(&paths.uplinks, i);
	assert_false(leads(&paths, 1, 0));
	for (int i = 2; i <= SERVER_UPLINKS_MAX + 1; i++)
		assert_true(leads(&paths, i, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_way_leads_until_its_link_has_gone),
		cmocka_unit_test(test_links_that_lead_nowhere_are_asked_for_once),
		cmocka_unit_test(test_strangers_neither_ask_without_end_nor_push_out_uplinks),
		cmocka_unit_test(test_of_too_many_uplinks_the_oldest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
