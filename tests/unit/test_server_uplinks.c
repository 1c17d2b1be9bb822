/* SPDX-License-Identifier: ISC */
/*
 * What is remembered about links that lead to servers or do not. The kernel's answers are tested in
 * the labs; here the list of servers is empty, so no link has a route to one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relayd/servers/server_uplinks.h"

static const struct server_list no_servers;

static bool leads(struct server_uplinks *uplinks, int ifindex, int64_t now_ms)
{
	struct link link = {.ifindex = ifindex};

	return server_uplinks_lead(uplinks, NULL, NULL, &no_servers, &link, now_ms);
}

static void test_an_uplink_leads_until_its_link_is_removed(void **state)
{
	struct server_uplinks uplinks = {0};

	(void)state;
	server_uplinks_add(&uplinks, 0);
	assert_false(leads(&uplinks, 7, 0));
	server_uplinks_add(&uplinks, 7);
	server_uplinks_add(&uplinks, 7);
	assert_true(leads(&uplinks, 7, 0));
	server_uplinks_mark_stale(&uplinks);
	assert_true(leads(&uplinks, 7, 0));
	server_uplinks_forget(&uplinks, 8);
	assert_true(leads(&uplinks, 7, 0));
	server_uplinks_forget(&uplinks, 7);
	assert_false(leads(&uplinks, 7, 0));
}

static void test_a_link_that_leads_nowhere_is_queried_once(void **state)
{
	struct server_uplinks uplinks = {0};
	uint32_t left;

	(void)state;
	assert_false(leads(&uplinks, 5, 1000));
	left = uplinks.questions.millitokens;
	for (int i = 0; i < 1000; i++)
		assert_false(leads(&uplinks, 5, 1000));
	assert_int_equal(uplinks.questions.millitokens, left);
	server_uplinks_mark_stale(&uplinks);
	assert_false(leads(&uplinks, 5, 1000));
	assert_true(uplinks.questions.millitokens < left);
}

/* Two links that share a slot are queried again and again, at a limited rate. */
static void test_unknown_sources_cause_few_queries_and_replace_no_uplink(void **state)
{
	struct server_uplinks uplinks = {0};
	uint32_t left;

	(void)state;
	server_uplinks_add(&uplinks, 3);
	for (int i = 0; i < 1000; i++) {
		assert_false(leads(&uplinks, 3 + SERVER_UPLINKS_ASKED, 1000));
		assert_false(leads(&uplinks, 3 + 2 * SERVER_UPLINKS_ASKED, 1000));
	}
	left = uplinks.questions.millitokens;
	assert_true(left < 1000);
	assert_true(leads(&uplinks, 3, 1000));
	assert_int_equal(uplinks.questions.millitokens, left);
	/* The rate is used up: another link is queried a second later only. */
	assert_false(leads(&uplinks, 5, 1000));
	assert_int_equal(uplinks.leads_not[5], 0);
	assert_false(leads(&uplinks, 5, 2000));
	assert_int_equal(uplinks.leads_not[5], 5);
}

static void test_the_oldest_of_too_many_uplinks_is_replaced(void **state)
{
	struct server_uplinks uplinks = {0};

	(void)state;
	for (int i = 1; i <= SERVER_UPLINKS_MAX + 1; i++)
		server_uplinks_add(&uplinks, i);
	assert_false(leads(&uplinks, 1, 0));
	for (int i = 2; i <= SERVER_UPLINKS_MAX + 1; i++)
		assert_true(leads(&uplinks, i, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_uplink_leads_until_its_link_is_removed),
		cmocka_unit_test(test_a_link_that_leads_nowhere_is_queried_once),
		cmocka_unit_test(test_unknown_sources_cause_few_queries_and_replace_no_uplink),
		cmocka_unit_test(test_the_oldest_of_too_many_uplinks_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
