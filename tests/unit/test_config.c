/* SPDX-License-Identifier: ISC */
/*
 * Values of configuration files, and where their errors are said to be.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config.h"

static void test_endpoints(void **state)
{
	static const struct {
		const char *text, *address;
		int port; /* -1: refused */
	} rows[] = {
		{"[::]:69", "::", 69},
		{"[2001:db8::1]", "2001:db8::1", 80},
		{"2001:db8::1", "2001:db8::1", 80},
		{"[::1]:65535", "::1", 65535},
		{"[::1]:65536", NULL, -1},
		{"[::1]:0", NULL, -1},
		{"[::1]:", NULL, -1},
		{"[::1]:-1", NULL, -1},
		{"[::1]x", NULL, -1},
		{"[::1", NULL, -1},
		{"[]", NULL, -1},
		{"", NULL, -1},
		{"192.0.2.1:80", NULL, -1},
		{"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", NULL, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sockaddr_in6 endpoint;
		struct in6_addr expected;
		int rc = config_endpoint(rows[i].text, 80, &endpoint);

		if ((rc == 0) != (rows[i].port >= 0))
			fail_msg("'%s': %d", rows[i].text, rc);
		if (rc < 0)
			continue;
		inet_pton(AF_INET6, rows[i].address, &expected);
		assert_memory_equal(&endpoint.sin6_addr, &expected, 16);
		assert_int_equal(ntohs(endpoint.sin6_port), rows[i].port);
	}
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *text;
		int len; /* -1: refused */
	} rows[] = {
		{"2001:db8:1::/64", 64},
		{"::/0", 0},
		{"2001:db8::1/128", 128},
		{"2001:db8:1::1/64", -1}, /* host bits */
		{"2001:db8:1:0:8000::/65", 65},
		{"2001:db8:1:0:8000::/64", -1},
		{"2001:db8::/129", -1},
		{"2001:db8::/", -1},
		{"2001:db8::", -1},
		{"2001:db8::/6x", -1},
		{"/64", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct in6_addr prefix;
		uint8_t len = 0;
		int rc = config_prefix(rows[i].text, &prefix, &len);

		if ((rc == 0) != (rows[i].len >= 0) || (rc == 0 && len != rows[i].len))
			fail_msg("'%s': %d, %u", rows[i].text, rc, len);
	}
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds; /* 0: refused */
	} rows[] = {
		{"90", 90},
		{"90s", 90},
		{"10m", 600},
		{"1h", 3600},
		{"7d", 604800},
		{"4294967294", UINT32_MAX - 1},
		{"4294967295", 0},
		{"49710d", 4294944000},
		{"49711d", 0},
		{"0", 0},
		{"", 0},
		{"h", 0},
		{"1w", 0},
		{"1hh", 0},
		{"-1", 0},
		{"99999999999999999999", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t seconds = 0;
		int rc = config_duration(rows[i].text, &seconds);

		if ((rc == 0) != (rows[i].seconds > 0) || (rc == 0 && seconds != rows[i].seconds))
			fail_msg("'%s': %d, %u", rows[i].text, rc, seconds);
	}
}

static int refuse(cfg_t *cfg, cfg_opt_t *opt)
{
	return config_error(cfg, "%s: no", opt->name);
}

static cfg_t *parser(void)
{
	static cfg_opt_t options[] = {
		CFG_STR("a", NULL, CFGF_NODEFAULT),
		CFG_STR("b", NULL, CFGF_NODEFAULT),
		CFG_END(),
	};
	cfg_t *cfg = cfg_init(options, CFGF_NONE);

	cfg_set_validate_func(cfg, "b", refuse);
	return cfg;
}

static void test_problems_say_their_line(void **state)
{
	struct config_problems problems = {0};
	cfg_t *cfg = parser();

	(void)state;
	assert_int_equal(config_parse_text(cfg, "file", "a = x\n", &problems), 0);
	assert_string_equal(problems.text, "");
	cfg_free(cfg);

	cfg = parser();
	assert_int_equal(config_parse_text(cfg, "file", "a = x\n\nb = y\n", &problems), -EINVAL);
	assert_string_equal(problems.text, "file:3: b: no");
	assert_int_equal(problems.errors, 1);
	cfg_free(cfg);
}

static void test_more_problems_than_fit_are_counted(void **state)
{
	struct config_problems problems = {0};

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		config_problem(&problems, i % 2, "file", i, "something is wrong");
	assert_int_equal(problems.errors, 500);
	assert_int_equal(problems.warnings, 500);
	assert_true(problems.left_out > 0 && problems.left_out < 1000);
	assert_true(strlen(problems.text) < sizeof(problems.text));
	assert_non_null(strstr(problems.text, "file: warning: something"));
	assert_non_null(strstr(problems.text, "\nfile:1: something"));
}

static void test_a_file_that_is_not_there(void **state)
{
	struct config_problems problems = {0};
	cfg_t *cfg = parser();

	(void)state;
	assert_int_equal(config_parse(cfg, "/nonexistent/file", &problems), -ENOENT);
	assert_non_null(strstr(problems.text, "/nonexistent/file: cannot be read: No such file"));
	cfg_free(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_problems_say_their_line),
		cmocka_unit_test(test_more_problems_than_fit_are_counted),
		cmocka_unit_test(test_a_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
