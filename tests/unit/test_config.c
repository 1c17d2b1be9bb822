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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static int refuse(struct config_section *cfg, struct config_setting *setting)
{
	return config_error(cfg, "%s: no", setting->name);
}

static struct config_section *parser(void)
{
	static const struct config_def options[] = {
		CONFIG_TEXT("a", NULL),
		CONFIG_TEXT("b", NULL),
		CONFIG_END,
	};
	struct config_section *cfg = config_new(options);

	config_set_check(cfg, "b", refuse);
	return cfg;
}

static void test_problems_name_their_line(void **state)
{
	struct config_problems problems = {0};
	struct config_section *cfg = parser();

	(void)state;
	assert_int_equal(config_parse_text(cfg, "file", "a = x\n", &problems), 0);
	assert_string_equal(problems.text, "");
	config_free(cfg);

	cfg = parser();
	assert_int_equal(config_parse_text(cfg, "file", "a = x\n\nb = y\n", &problems), -EINVAL);
	assert_string_equal(problems.text, "file:3: b: no");
	assert_int_equal(problems.errors, 1);
	config_free(cfg);
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
	struct config_section *cfg = parser();

	(void)state;
	assert_int_equal(config_parse(cfg, "/nonexistent/file", &problems), -ENOENT);
	assert_non_null(strstr(problems.text, "/nonexistent/file: cannot be read: No such file"));
	config_free(cfg);
}

/* --- syntax --------------------------------------------------------------------------------- */

static struct config_section *site_parser(void)
{
	static const struct config_def subnet[] = {CONFIG_TEXT("addresses", NULL), CONFIG_END};
	static const struct config_def page[] = {CONFIG_TEXT("listen", NULL), CONFIG_END};
	static const struct config_def option[] = {CONFIG_LIST(CONFIG_VALUE, NULL), CONFIG_END};
	static const struct config_def options[] = {
		CONFIG_TEXT("root", NULL),
		CONFIG_TEXT("b", NULL),
		CONFIG_LIST("dns", NULL),
		CONFIG_BOOL("preference", true),
		CONFIG_NUMBER("rate", 0),
		CONFIG_SECTION("option", option, CONFIG_SEVERAL | CONFIG_TITLED),
		CONFIG_SECTION("page", page, 0),
		CONFIG_SECTION("subnet", subnet, CONFIG_SEVERAL | CONFIG_TITLED),
		CONFIG_END,
	};
	struct config_section *cfg = config_new(options);

	config_set_check(cfg, "b", refuse);
	return cfg;
}

/* Each is the only error of a text, in our words and with what was expected. */
static void test_errors_of_syntax(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"rot = x", "f:1: rot: there is no such setting; did you mean \"root\"?"},
		{"zzz = x", "f:1: zzz: there is no such setting; the manual page"},
		{"zzz", "f:1: zzz: there is no such setting"},
		{"zzz \"t\" { x = {1, 2} y { } }", "f:1: zzz: there is no such setting"},
		{"subnet \"a\" { adresses = x }",
			"f:1: adresses: there is no such setting in subnet; did you mean \"addresses\"?"},
		{"subnet \"a\" {\n\nq = x }",
			"f:3: q: there is no such setting in subnet; expected one of: addresses"},
		{"root", "f:1: root: \"=\" is missing; expected root = \"text\""},
		{"root \"x\"", "f:1: root: \"=\" is missing"},
		{"root =", "f:1: root: there is no value"},
		{"rate = many", "f:1: rate: \"many\" is not a number; expected for example rate = 1000"},
		{"rate = 1000000000000000000000", "f:1: rate: \"1000000000000000000000\" is not"},
		{"preference = perhaps",
			"f:1: preference: \"perhaps\" is neither true nor false; expected preference = "},
		{"root = http://[::1]/x # y",
			"f:1: root: a URL must be in quotes; expected root = \"http://[::1]/x\""},
		{"dns = {http://x, y}", "f:1: dns: a URL must be in quotes"},
		{"root = {a, b}", "f:1: root: takes one value, not several"},
		{"root = a, b", "f:1: root: takes one value, not several"},
		{"dns = a, b", "f:1: dns: several values must be in braces"},
		{"dns = {a b}", "f:1: dns: a comma is missing between values"},
		{"root = a root = b", "f:1: root: is set already, in line 1"},
		{"dns = {a}\n\ndns = {b}", "f:3: dns: is set already, in line 1"},
		{"page { }\npage { }", "f:2: page: is there already, in line 1"},
		{"page { listen = a\nlisten = b }", "f:2: listen: is set already, in line 1"},
		{"subnet \"a\" { }\nsubnet \"a\" { }",
			"f:2: subnet \"a\": is there already, in line 1; expected another title"},
		{"subnet { }",
			"f:1: subnet: the title is missing; expected subnet \"title\" { ... }"},
		{"subnet \"a\"", "f:1: subnet: is a section; expected subnet \"title\" { ... }"},
		{"page = x", "f:1: page: is a section; expected page { ... }"},
		{"subnet \"a\" = x", "f:1: subnet: is a section; expected subnet"},
		{"option \"a\" = {x y}", "f:1: option \"a\": a comma is missing between values"},
		{"option \"a\" = x\noption a = y", "f:2: option \"a\": is there already, in line 1"},
		{"page", "f:1: page: is a section"},
		{"}", "f:1: \"}\" is not expected here"},
		{"= x", "f:1: \"=\" is not expected here"},
		{"\"root\" = x", "f:1: \"root\" stands alone"},
		{"page {\nlisten = a", "f:1: this \"{\" is never closed"},
		{"\nroot = \"a\n", "f:2: this quote is never closed"},
		{"include", "f:1: include: there is no file"},
		{"include \"/nonexistent\"", "f:1: include: there is no file \"/nonexistent\""},
		{"\xef\xbb\xbfroot = a", "f:1: there is a byte order mark (BOM)"},
		{"root = a\r\n", "f:1: there is a carriage return (CR LF"},
		{"root\u00a0= a", "f:1: there is a no-break space"},
		{"\nroot\u2003= a", "f:2: there is a no-break space or another blank"},
		{"root = \u201ca\u201d", "f:1: there is a typographic quote"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_problems problems = {0};
		struct config_section *cfg = site_parser();

		if (config_parse_text(cfg, "f", rows[i].text, &problems) != -EINVAL)
			fail_msg("'%s' passes", rows[i].text);
		if (strncmp(problems.text, rows[i].error, strlen(rows[i].error)) != 0 ||
			problems.errors != 1)
			fail_msg("'%s': %u errors: '%s', not '%s'", rows[i].text, problems.errors,
				problems.text, rows[i].error);
		config_free(cfg);
	}
}

static void test_a_correct_file_is_accepted(void **state)
{
	static const char text[] =
		"// it's a comment\n# and \"another\n/* root = */\n"
		"root = \"http://[::1]/${mac}\" dns = {} dns += a dns += {b, 'c',}\n"
		"preference = No rate = 0x10 page { listen = [::]:80 }\n"
		"subnet \"a\" { } subnet b { addresses = \"\u201cx\u00a0y\u201d\" }\n"
		"option 'o\\'p' = {\"q\\n\\\"\\\\\", 'r\\n\\''} option \"s\" { value = t }\n";
	struct config_problems problems = {0};
	struct config_section *cfg = site_parser(), *option;

	(void)state;
	if (config_parse_text(cfg, "f", text, &problems) < 0)
		fail_msg("%s", problems.text);
	assert_string_equal(config_text(cfg, "root"), "http://[::1]/${mac}");
	assert_int_equal(config_count(cfg, "dns"), 3);
	assert_int_equal(config_number(cfg, "rate"), 16);
	assert_int_equal(config_count(cfg, "subnet"), 2);
	assert_int_equal(config_count(cfg, "option"), 2);
	option = config_section_at(cfg, "option", 0);
	assert_string_equal(option->title, "o'p");
	assert_string_equal(config_text_at(option, CONFIG_VALUE, 0), "q\n\"\\");
	assert_string_equal(config_text_at(option, CONFIG_VALUE, 1), "r\\n'");
	assert_string_equal(
		config_text(config_section_at(cfg, "option", 1), CONFIG_VALUE), "t");
	config_free(cfg);
}

static void test_all_errors_of_a_file_in_its_order(void **state)
{
	static const char text[] = "b = x\nrot = y\nsubnet \"a\" { adresses = z\n"
				   "addresses = w }\npreference = perhaps\nb = {1}\nroot = v\n";
	struct config_problems problems = {0};
	struct config_section *cfg = site_parser();
	const char *at = problems.text;

	(void)state;
	assert_int_equal(config_parse_text(cfg, "f", text, &problems), -EINVAL);
	assert_int_equal(problems.errors, 5);
	for (const char *const *line = (const char *const[]){"f:1: b: no", "f:2: rot: ",
		     "f:3: adresses: ", "f:5: preference: ", "f:6: b: takes one", NULL};
		*line; line++) {
		at = strstr(at, *line);
		if (!at)
			fail_msg("no '%s' in its place: %s", *line, problems.text);
	}
	config_free(cfg);
}

/* --- include -------------------------------------------------------------------------------- */

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int read_directory(const char *directory, struct config_section **cfg, struct config_problems *problems)
{
	char path[256];

	*cfg = site_parser();
	*problems = (struct config_problems){0};
	snprintf(path, sizeof(path), "%s/main.conf", directory);
	return config_parse(*cfg, path, problems);
}

static void test_includes(void **state)
{
	static const char *const files[] = {"main.conf", "d/10.conf", "d/20.conf", "d/other.txt"};
	char directory[] = "/tmp/nb6-config-XXXXXX", path[256], expected[300];
	struct config_problems problems;
	struct config_section *cfg;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/d", directory);
	assert_int_equal(mkdir(path, 0755), 0);
	write_file(directory, "main.conf",
		"subnet \"1\" { }\ninclude \"d/*.conf\"\nsubnet \"4\" { }\n"
		"include \"none/*.conf\"\n");
	write_file(directory, "d/20.conf", "subnet \"3\" { }");
	write_file(directory, "d/10.conf", "# first\nsubnet \"2\" { }\n");
	write_file(directory, "d/other.txt", "nonsense");
	if (read_directory(directory, &cfg, &problems) < 0)
		fail_msg("%s", problems.text);
	for (unsigned i = 0; i < 4; i++) /* in their order */
		assert_int_equal(config_section_at(cfg, "subnet", i)->title[0], '1' + (int)i);
	snprintf(expected, sizeof(expected), "%s/d/10.conf", directory);
	assert_string_equal(config_section_at(cfg, "subnet", 1)->file, expected);
	assert_int_equal(config_section_at(cfg, "subnet", 1)->line, 2);
	assert_int_equal(config_section_at(cfg, "subnet", 3)->line, 3);
	config_free(cfg);

	/* a later file may set a setting again, but a title is there once in all of them */
	write_file(directory, "d/20.conf", "root = b dns = {c}");
	write_file(directory, "d/10.conf", "root = a dns = {a, b}");
	assert_int_equal(read_directory(directory, &cfg, &problems), 0);
	assert_string_equal(config_text(cfg, "root"), "b");
	assert_int_equal(config_count(cfg, "dns"), 1);
	config_free(cfg);
	write_file(directory, "d/20.conf", "subnet \"1\" { }");
	assert_int_equal(read_directory(directory, &cfg, &problems), -EINVAL);
	snprintf(expected, sizeof(expected), "subnet \"1\": is there already, in %s/main.conf:1; ", directory);
	assert_non_null(strstr(problems.text, expected));
	config_free(cfg);

	write_file(directory, "d/20.conf", "\nrot = x\n"); /* is named with its own line */
	assert_int_equal(read_directory(directory, &cfg, &problems), -EINVAL);
	snprintf(expected, sizeof(expected), "%s/d/20.conf:2: rot: ", directory);
	assert_non_null(strstr(problems.text, expected));
	config_free(cfg);

	write_file(directory, "d/20.conf", "include \"20.conf\"\n"); /* itself, for ever */
	assert_int_equal(read_directory(directory, &cfg, &problems), -EINVAL);
	assert_int_equal(problems.errors, 1);
	assert_non_null(strstr(problems.text, "include: files include each other"));
	config_free(cfg);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/d", directory);
	rmdir(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_problems_name_their_line),
		cmocka_unit_test(test_more_problems_than_fit_are_counted),
		cmocka_unit_test(test_a_file_that_is_not_there),
		cmocka_unit_test(test_errors_of_syntax),
		cmocka_unit_test(test_a_correct_file_is_accepted),
		cmocka_unit_test(test_all_errors_of_a_file_in_its_order),
		cmocka_unit_test(test_includes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
