/* SPDX-License-Identifier: ISC */
/*
 * Lines of log as they reach stderr: their form for a person and for the
 * journal, what is done to hostile text, and the rate limit.
 */
#include "daemon/log.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log_write.h"

#include <cmocka.h>

#include "tests/unit/log_capture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { HOUR_MS = 3600000 };

static void assert_matches(const char *text, const char *pattern)
{
	regex_t regex;
	int rc;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	rc = regexec(&regex, text, 0, NULL, 0);
	regfree(&regex);
	if (rc != 0)
		fail_msg("'%s' does not match '%s'", text, pattern);
}

static const char *journal_line(struct capture *capture, const char *peer)
{
	capture_start(capture);
	log_open("test", LOG_TO_JOURNAL, LOG_LEVEL_DEBUG);
	log_info("%s", peer);
	return capture_stop(capture);
}

static void test_form_for_a_person(void **state)
{
	static const struct {
		enum log_level level;
		const char *pattern;
	} rows[] = {
		{LOG_LEVEL_ERROR, "^[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} error: vlan100: 7\n$"},
		{LOG_LEVEL_WARNING, "^[0-9:]{8}\\.[0-9]{3} warning: vlan100: 7\n$"},
		{LOG_LEVEL_NOTICE, "^[0-9:]{8}\\.[0-9]{3} notice: vlan100: 7\n$"},
		{LOG_LEVEL_INFO, "^[0-9:]{8}\\.[0-9]{3} info: vlan100: 7\n$"},
		{LOG_LEVEL_DEBUG, "^[0-9:]{8}\\.[0-9]{3} debug: vlan100: 7\n$"},
	};
	struct capture capture;

	(void)state;
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_DEBUG);
	for (size_t i = 0; i < COUNT(rows); i++) {
		capture_start(&capture);
		log_line(rows[i].level, "vlan%d: %d", 100, 7);
		assert_matches(capture_stop(&capture), rows[i].pattern);
	}
}

static void test_form_for_the_journal(void **state)
{
	struct capture capture;

	(void)state;
	log_open("test", LOG_TO_JOURNAL, LOG_LEVEL_DEBUG);
	capture_start(&capture);
	log_error("a");
	log_warning("b");
	log_notice("c");
	log_info("d");
	log_debug("e");
	assert_string_equal(capture_stop(&capture), "<3>a\n<4>b\n<5>c\n<6>d\n<7>e\n");
}

/* Who starts a daemon by hand or from a script without a terminal has no other place to look. */
static void test_syslog_lines_reach_stderr_until_started(void **state)
{
	struct capture capture;

	(void)state;
	log_open("test", LOG_TO_SYSLOG, LOG_LEVEL_INFO);
	capture_start(&capture);
	log_error("f.conf:3: 7");
	log_info("opened");
	log_debug("left out");
	log_started();
	log_error("vlan100: gone");
	assert_string_equal(
		capture_stop(&capture), "test: error: f.conf:3: 7\ntest: info: opened\n");
}

static void test_level(void **state)
{
	struct capture capture;

	(void)state;
	log_open("test", LOG_TO_JOURNAL, LOG_LEVEL_NOTICE);
	assert_true(log_wanted(LOG_LEVEL_ERROR));
	assert_true(log_wanted(LOG_LEVEL_NOTICE));
	assert_false(log_wanted(LOG_LEVEL_INFO));
	capture_start(&capture);
	log_info("not wanted");
	log_notice("wanted");
	log_debug("not wanted");
	assert_string_equal(capture_stop(&capture), "<5>wanted\n");
}

static void test_target_of_stderr(void **state)
{
	struct stat st;
	char stream[64];

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_int_equal(log_target_of_stderr(), LOG_TO_JOURNAL);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino + 1); /* the unit's, and stderr is another file */
	setenv("JOURNAL_STREAM", stream, 1);
	assert_int_equal(log_target_of_stderr(), LOG_TO_STDERR);
	unsetenv("JOURNAL_STREAM");
	assert_int_equal(log_target_of_stderr(), LOG_TO_STDERR);
}

static void test_hostile_text(void **state)
{
	static const struct {
		const char *name, *peer, *line;
	} rows[] = {
		{"new line", "a\n<3>forged", "<6>a?<3>forged\n"},
		{"carriage return", "a\rb", "<6>a?b\n"},
		{"tab", "a\tb", "<6>a?b\n"},
		{"escape sequence", "\033[2Jx", "<6>?[2Jx\n"},
		{"delete", "a\177b", "<6>a?b\n"},
		{"UTF-8", "Grüße €𝄞", "<6>Grüße €𝄞\n"},
		{"first and last beyond the controls", "\302\240\364\217\277\277",
			"<6>\302\240\364\217\277\277\n"},
		{"control sequence introducer in UTF-8", "a\302\2332J", "<6>a??2J\n"},
		{"the last control in UTF-8", "\302\237", "<6>??\n"},
		{"control sequence introducer as one octet", "a\2332J", "<6>a?2J\n"},
		{"Latin-1", "gr\374n", "<6>gr?n\n"},
		{"character cut at the end", "a\342\202", "<6>a??\n"},
		{"character cut by another", "\342\202a", "<6>??a\n"},
		{"slash in two octets", "\300\257", "<6>??\n"},
		{"slash in three octets", "\340\200\257", "<6>???\n"},
		{"slash in four octets", "\360\200\200\257", "<6>????\n"},
		{"surrogate", "\355\240\200", "<6>???\n"},
		{"beyond Unicode", "\364\220\200\200", "<6>????\n"},
		{"octets that UTF-8 never has", "\376\377\370\210\200\200\200", "<6>???????\n"},
		{"format", "%s%n%%", "<6>%s%n%%\n"},
		{"nothing", "", "<6>\n"},
	};
	struct capture capture;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *line = journal_line(&capture, rows[i].peer);

		if (strcmp(line, rows[i].line) != 0)
			fail_msg("%s: '%s'", rows[i].name, line);
	}
}

static void test_each_control_character(void **state)
{
	struct capture capture;

	(void)state;
	for (char c = 1; c < ' '; c++) {
		char peer[] = {'a', c, 'b', '\0'};

		assert_string_equal(journal_line(&capture, peer), "<6>a?b\n");
	}
}

static void test_long_text_is_one_line(void **state)
{
	struct capture capture;
	char peer[CAPTURE_MAX / 2];
	const char *line;

	(void)state;
	memset(peer, 'x', sizeof(peer) - 1);
	peer[sizeof(peer) - 1] = '\0';
	line = journal_line(&capture, peer);
	assert_matches(line, "^<6>x+\n$");
	assert_true(strlen(line) > 2000);
	assert_true(strlen(line) < sizeof(peer));
}

static void test_limit(void **state)
{
	struct log_limit limit = {.every_ms = HOUR_MS};
	struct capture capture;

	(void)state;
	log_open("test", LOG_TO_JOURNAL, LOG_LEVEL_INFO);
	capture_start(&capture);
	for (int i = 1; i <= 4; i++)
		log_limited(&limit, LOG_LEVEL_WARNING, "vlan%d: malformed", i);
	limit.last_ms -= HOUR_MS; /* an hour goes by */
	log_limited(&limit, LOG_LEVEL_WARNING, "vlan5: malformed");
	log_limited(&limit, LOG_LEVEL_WARNING, "vlan6: malformed");
	limit.last_ms -= HOUR_MS;
	log_limited(&limit, LOG_LEVEL_INFO, "vlan7: malformed");
	limit.last_ms -= HOUR_MS;
	log_limited(&limit, LOG_LEVEL_INFO, "vlan8: malformed");
	assert_string_equal(capture_stop(&capture), "<4>vlan1: malformed\n"
						    "<4>vlan5: malformed (and 3 more like it)\n"
						    "<6>vlan7: malformed (and 1 more like it)\n"
						    "<6>vlan8: malformed\n");
}

static void test_default_limit_is_ten_seconds(void **state)
{
	struct log_limit limit = {0};
	struct capture capture;

	(void)state;
	log_open("test", LOG_TO_JOURNAL, LOG_LEVEL_INFO);
	capture_start(&capture);
	log_limited(&limit, LOG_LEVEL_INFO, "a");
	limit.last_ms -= 10000;
	log_limited(&limit, LOG_LEVEL_INFO, "b");
	assert_string_equal(capture_stop(&capture), "<6>a\n<6>b\n");
}

static void test_limits_are_apart(void **state)
{
	struct log_limit one = {.every_ms = HOUR_MS}, other = {.every_ms = HOUR_MS};
	struct capture capture;

	(void)state;
	log_open("test", LOG_TO_JOURNAL, LOG_LEVEL_INFO);
	capture_start(&capture);
	log_limited(&one, LOG_LEVEL_INFO, "one");
	log_limited(&other, LOG_LEVEL_INFO, "other");
	log_limited(&one, LOG_LEVEL_INFO, "one");
	assert_string_equal(capture_stop(&capture), "<6>one\n<6>other\n");
	assert_int_equal(one.left_out, 1);
	assert_int_equal(other.left_out, 0);
}

static void test_limited_text_is_no_format(void **state)
{
	struct log_limit limit = {.every_ms = HOUR_MS};
	struct capture capture;

	(void)state;
	log_open("test", LOG_TO_JOURNAL, LOG_LEVEL_INFO);
	capture_start(&capture);
	log_limited(&limit, LOG_LEVEL_INFO, "%s", "%s%n\n");
	assert_string_equal(capture_stop(&capture), "<6>%s%n?\n");
}

static void test_fields_of_the_journal(void **state)
{
	char field[LOG_FIELDS_MAX][LOG_FIELD_SIZE], long_host[1000];
	struct log_fields fields = {
		.event = LOG_EVENT_NO_ADDRESS, .mac = "52:54:00:12:34:56", .subnet = "2001:db8::/64"};

	(void)state;
	assert_int_equal(log_journal_fields(NULL, field), 0);
	assert_int_equal(log_journal_fields(&(struct log_fields){0}, field), 0);
	assert_int_equal(log_journal_fields(&fields, field), 3);
	assert_string_equal(field[0], "MESSAGE_ID=f4b78f8a1fae96565c83f170ee3578be");
	assert_string_equal(field[1], "NB6_MAC=52:54:00:12:34:56");
	assert_string_equal(field[2], "NB6_SUBNET=2001:db8::/64");
	memset(long_host, 'x', sizeof(long_host) - 1);
	long_host[sizeof(long_host) - 1] = '\0';
	fields = (struct log_fields){.link = "vlan1", .host = long_host, .reason = "r", .stage = "s"};
	assert_int_equal(log_journal_fields(&fields, field), 4);
	assert_string_equal(field[0], "NB6_LINK=vlan1");
	assert_int_equal(strlen(field[1]), LOG_FIELD_SIZE - 1);
	assert_string_equal(field[3], "NB6_STAGE=s");
}

static void test_every_event_has_a_name_and_an_id_of_its_own(void **state)
{
	(void)state;
	for (int i = LOG_EVENT_NONE + 1; i < LOG_EVENTS; i++) {
		const char *id = log_event_id((enum log_event)i);

		assert_non_null(log_event_name((enum log_event)i));
		assert_int_equal(strspn(id, "0123456789abcdef"), 32);
		assert_int_equal(strlen(id), 32);
		for (int k = LOG_EVENT_NONE + 1; k < i; k++)
			assert_string_not_equal(id, log_event_id((enum log_event)k));
	}
}

static void test_json_lines(void **state)
{
	struct log_fields fields = {.event = LOG_EVENT_LINK_READY, .link = "vlan1"};
	struct capture capture;

	(void)state;
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_INFO);
	log_set_format(LOG_JSON);
	capture_start(&capture);
	log_with(LOG_LEVEL_NOTICE, &fields, "vlan1: \"ready\"\n");
	log_info("b");
	assert_matches(capture_stop(&capture),
		"^\\{\"time\":\"[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z\",\"level\":\"notice\","
		"\"program\":\"test\",\"message\":\"vlan1: \\\\\"ready\\\\\"\\?\","
		"\"event\":\"link-ready\",\"link\":\"vlan1\"\\}\n"
		"\\{\"time\":[^\n]*,\"message\":\"b\"\\}\n$");
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_INFO); /* text again */
}

/* journald would drop errors as well; a person at a terminal has asked for the lines. */
static void test_a_flood_of_lines_is_limited_and_counted(void **state)
{
	enum { LINES = LOG_BURST + 500 };
	struct capture capture;
	unsigned lines = 0, left_out = 0;
	const char *at;

	(void)state;
	log_open("test", LOG_TO_JOURNAL, LOG_LEVEL_INFO);
	capture_start(&capture);
	for (int i = 0; i < LINES; i++)
		log_info("x");
	log_error("y");
	at = capture_stop(&capture);
	for (const char *c = at; (c = strstr(c, "<6>x\n")); c++)
		lines++;
	assert_in_range(lines, LOG_BURST, LINES - 1);
	/* On a slow host the limit lets more lines through meanwhile: then there are several counts. */
	for (const char *c = at; (c = strstr(c, "<5>log: ")); c++) {
		unsigned count;

		assert_int_equal(sscanf(c, "<5>log: %u lines left out", &count), 1);
		left_out += count;
	}
	assert_int_equal(lines + left_out, LINES);
	assert_non_null(strstr(at, "\n<3>y\n"));
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_INFO);
	capture_start(&capture);
	for (int i = 0; i < 5; i++)
		log_info("x");
	log_flush();
	assert_null(strstr(capture_stop(&capture), "left out"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form_for_a_person),
		cmocka_unit_test(test_form_for_the_journal),
		cmocka_unit_test(test_syslog_lines_reach_stderr_until_started),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_target_of_stderr),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_each_control_character),
		cmocka_unit_test(test_long_text_is_one_line),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_default_limit_is_ten_seconds),
		cmocka_unit_test(test_limits_are_apart),
		cmocka_unit_test(test_limited_text_is_no_format),
		cmocka_unit_test(test_fields_of_the_journal),
		cmocka_unit_test(test_every_event_has_a_name_and_an_id_of_its_own),
		cmocka_unit_test(test_json_lines),
		cmocka_unit_test(test_a_flood_of_lines_is_limited_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
