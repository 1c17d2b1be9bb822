/* SPDX-License-Identifier: ISC */
/*
 * Which link names the patterns of a configuration match.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netlink/link.h"
#include "netlink/link_pattern.h"

static void test_names_that_match(void **state)
{
	static const struct {
		const char *patterns[3];
		const char *name;
		bool match;
	} rows[] = {
		{{"eth0"}, "eth0", true},
		{{"eth0"}, "eth01", false},
		{{"vlan*"}, "vlan", true},
		{{"vlan*"}, "vlan100", true},
		{{"vlan*"}, "xvlan100", false},
		{{"vlan[12]"}, "vlan2", true},
		{{"eth?"}, "eth", false},
		{{"eth0.*"}, "eth0.100", true},
		{{"vlan*", "!vlan99"}, "vlan99", false},
		{{"!vlan99", "vlan*"}, "vlan99", false},
		{{"vlan*", "!vlan9?"}, "vlan9", true},
		{{"!vlan99"}, "vlan1", false},
		{{"a", "b"}, "b", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct link_patterns patterns = {0};

		for (int j = 0; j < 3 && rows[i].patterns[j]; j++)
			assert_int_equal(link_patterns_add(&patterns, rows[i].patterns[j]), 0);
		if (link_patterns_match(&patterns, rows[i].name) != rows[i].match)
			fail_msg("row %zu: %s", i, rows[i].name);
		link_patterns_fini(&patterns);
	}
}

static void test_patterns_that_no_link_can_match(void **state)
{
	static const char *const rows[] = {"", "!", "a/b", "a b"};
	struct link_patterns patterns = {0};
	char longest[LINK_PATTERN_MAX + 3] = "!";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(link_patterns_add(&patterns, rows[i]), -EINVAL);
	memset(longest + 1, 'x', LINK_PATTERN_MAX);
	assert_int_equal(link_patterns_add(&patterns, longest), 0);
	assert_int_equal(link_patterns_add(&patterns, longest + 1), 0);
	longest[LINK_PATTERN_MAX + 1] = 'x';
	assert_int_equal(link_patterns_add(&patterns, longest), -EINVAL);
	assert_int_equal(link_patterns_add(&patterns, longest + 1), -EINVAL);
	link_patterns_fini(&patterns);
}

static bool matches(const struct link_patterns *patterns, const char *name, const char *altnames)
{
	struct link link = {.altnames = altnames};

	strcpy(link.name, name);
	return link_patterns_match_link(patterns, &link);
}

static void test_alternative_names_count(void **state)
{
	struct link_patterns patterns = {0};

	(void)state;
	link_patterns_add(&patterns, "prov-*");
	link_patterns_add(&patterns, "!*-spare");
	assert_false(matches(&patterns, "eth0", NULL));
	assert_false(matches(&patterns, "eth0", ""));
	assert_true(matches(&patterns, "eth0", "enp1s0\0prov-rack-seventeen\0"));
	assert_true(matches(&patterns, "prov-1", "enp1s0\0"));
	assert_false(matches(&patterns, "prov-1", "enp1s0\0rack-spare\0"));
	assert_false(matches(&patterns, "eth0-spare", "prov-1\0"));
	link_patterns_fini(&patterns);
}

static void test_plain_names(void **state)
{
	(void)state;
	assert_true(link_pattern_is_name("br-prov"));
	assert_false(link_pattern_is_name("!br-prov"));
	assert_false(link_pattern_is_name("br*"));
	assert_false(link_pattern_is_name("br[1]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_that_match),
		cmocka_unit_test(test_patterns_that_no_link_can_match),
		cmocka_unit_test(test_alternative_names_count),
		cmocka_unit_test(test_plain_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
