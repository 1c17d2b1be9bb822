/* SPDX-License-Identifier: ISC */
/*
 * The exposition, read back by the rules of its format (Prometheus 0.0.4), and
 * histograms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/metrics.h"

static const double bounds[] = {0.1, 1, 10};

static bool is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz_", text[i]) &&
			(i == 0 || !strchr("0123456789", text[i])))
			return false;
	return len > 0;
}

/* Past "{name="value",...}"; values have their quotes, backslashes and newlines escaped. */
static const char *skip_labels(const char *at)
{
	do {
		size_t len = strcspn(++at, "=");

		assert_true(is_name(at, len));
		at += len + 1;
		assert_int_equal(*at++, '"');
		for (; *at != '"'; at++) {
			assert_true(*at != '\0' && *at != '\n');
			if (*at == '\\')
				assert_non_null(strchr("\\\"n", *++at));
		}
	} while (*++at == ',');
	assert_int_equal(*at, '}');
	return at + 1;
}

/* A sample line; its name begins with that of the family. */
static void check_sample(const char *line, const char *family)
{
	size_t len = strcspn(line, "{ ");
	const char *at = line + len;
	char *end;

	assert_true(is_name(line, len));
	assert_memory_equal(line, family, strlen(family));
	if (*at == '{')
		at = skip_labels(at);
	assert_int_equal(*at++, ' ');
	assert_true(*at != ' ');
	strtod(at, &end);
	assert_true(end > at && *end == '\0');
}

/* Each family begins with HELP and TYPE and comes once; each line is one of these. */
static unsigned check_exposition(const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;
	char family[128] = "", seen[4096] = " ";
	unsigned samples = 0;

	assert_int_equal(copy[strlen(copy) - 1], '\n');
	while ((line = strsep(&rest, "\n")) && rest) {
		if (strncmp(line, "# HELP ", 7) == 0) {
			assert_int_equal(sscanf(line, "# HELP %126s", family), 1);
			strcat(family, " ");
			assert_null(strstr(seen, family));
			strcat(seen, family);
			family[strlen(family) - 1] = '\0';
		} else if (strncmp(line, "# TYPE ", 7) == 0) {
			char name[128], type[16];

			assert_int_equal(sscanf(line, "# TYPE %126s %15s", name, type), 2);
			assert_string_equal(name, family);
			assert_non_null(strstr("counter gauge histogram", type));
		} else {
			check_sample(line, family);
			samples++;
		}
	}
	free(copy);
	return samples;
}

static void test_samples(void **state)
{
	struct metrics m = {0};

	(void)state;
	metrics_family(&m, "a_total", METRICS_COUNTER, "All of a.");
	metrics_sample(&m, 0, NULL);
	metrics_sample(&m, 9007199254740991.0 / 16, "link", "lan1", "type", "Solicit", NULL);
	metrics_family(&m, "b_seconds", METRICS_GAUGE, "Of b.");
	metrics_sample(&m, 0.25, "x", "", NULL);
	assert_string_equal(m.text, "# HELP a_total All of a.\n# TYPE a_total counter\n"
				    "a_total 0\n"
				    "a_total{link=\"lan1\",type=\"Solicit\"} 562949953421312\n"
				    "# HELP b_seconds Of b.\n# TYPE b_seconds gauge\n"
				    "b_seconds{x=\"\"} 0.25\n");
	assert_int_equal(check_exposition(m.text), 3);
	metrics_fini(&m);
}

static void test_a_label_may_be_any_text(void **state)
{
	struct metrics m = {0};

	(void)state;
	metrics_family(&m, "a", METRICS_GAUGE, "A.");
	metrics_sample(&m, 1, "link", "a\"b\\c\nd}", NULL);
	assert_non_null(strstr(m.text, "a{link=\"a\\\"b\\\\c\\nd}\"} 1\n"));
	assert_int_equal(check_exposition(m.text), 1);
	metrics_fini(&m);
}

static void test_histograms_are_cumulative(void **state)
{
	struct histogram h = {.bound = bounds, .bounds = 3};
	struct metrics m = {0};

	(void)state;
	histogram_add(&h, 0.1, 2); /* a bound belongs to its bucket */
	histogram_add(&h, 5, 1);
	histogram_add(&h, 100, 1);
	metrics_family(&m, "t_seconds", METRICS_HISTOGRAM, "T.");
	metrics_histogram(&m, &h, "stage", "one", NULL);
	assert_non_null(strstr(m.text, "t_seconds_bucket{stage=\"one\",le=\"0.1\"} 2\n"
				       "t_seconds_bucket{stage=\"one\",le=\"1\"} 2\n"
				       "t_seconds_bucket{stage=\"one\",le=\"10\"} 3\n"
				       "t_seconds_bucket{stage=\"one\",le=\"+Inf\"} 4\n"
				       "t_seconds_sum{stage=\"one\"} 105.2\n"
				       "t_seconds_count{stage=\"one\"} 4\n"));
	assert_int_equal(check_exposition(m.text), 6);
	metrics_fini(&m);
}

static void test_many_of_them(void **state)
{
	struct metrics m = {0};
	char name[16];

	(void)state;
	metrics_family(&m, "link_ready", METRICS_GAUGE, "Ready.");
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "vlan%d", i);
		metrics_sample(&m, i, "link", name, NULL);
	}
	assert_false(m.failed);
	assert_int_equal(check_exposition(m.text), 5000);
	metrics_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_a_label_may_be_any_text),
		cmocka_unit_test(test_histograms_are_cumulative),
		cmocka_unit_test(test_many_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
