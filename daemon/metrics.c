/* SPDX-License-Identifier: ISC */
/*
 * The exposition is built as one text that grows; nothing of it is kept between two
 * readings, the counters are where they are counted.
 */
#include "daemon/metrics.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 16384, NUMBER_SIZE = 32 };

static const char *const type_name[] = {
	[METRICS_COUNTER] = "counter",
	[METRICS_GAUGE] = "gauge",
	[METRICS_HISTOGRAM] = "histogram",
};

void metrics_fini(struct metrics *m)
{
	free(m->text);
	*m = (struct metrics){0};
}

static void put(struct metrics *m, const char *text, size_t len)
{
	size_t size = m->size ? m->size : FIRST_SIZE;
	char *grown;

	while (size < m->len + len + 1)
		size *= 2;
	if (!m->failed && size > m->size) {
		grown = realloc(m->text, size);
		m->failed = !grown;
		m->text = grown ? grown : m->text;
		m->size = grown ? size : m->size;
	}
	if (m->failed)
		return;
	memcpy(m->text + m->len, text, len);
	m->len += len;
	m->text[m->len] = '\0';
}

static void put_text(struct metrics *m, const char *text)
{
	put(m, text, strlen(text));
}

/* Of a label's value, what the format gives a meaning. */
static void put_escaped(struct metrics *m, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			put_text(m, "\\n");
		else if (*text == '"' || *text == '\\')
			put(m, (const char[]){'\\', *text}, 2);
		else
			put(m, text, 1);
	}
}

static void put_number(struct metrics *m, double value)
{
	char text[NUMBER_SIZE];

	if (isinf(value))
		snprintf(text, sizeof(text), "%s", value > 0 ? "+Inf" : "-Inf");
	else
		snprintf(text, sizeof(text), "%.15g", value);
	put_text(m, text);
}

void metrics_family(struct metrics *m, const char *name, enum metrics_type type, const char *help)
{
	m->family = name;
	put_text(m, "# HELP ");
	put_text(m, name);
	put_text(m, " ");
	put_text(m, help);
	put_text(m, "\n# TYPE ");
	put_text(m, name);
	put_text(m, " ");
	put_text(m, type_name[type]);
	put_text(m, "\n");
}

static void put_label(struct metrics *m, const char *name, const char *value, bool is_first)
{
	put_text(m, is_first ? "{" : ",");
	put_text(m, name);
	put_text(m, "=\"");
	put_escaped(m, value);
	put_text(m, "\"");
}

/* The family's name, with its labels and perhaps one more. */
static void put_series(
	struct metrics *m, const char *suffix, va_list labels, const char *more, const char *value)
{
	bool is_first = true;
	const char *name;

	put_text(m, m->family);
	put_text(m, suffix);
	while ((name = va_arg(labels, const char *))) {
		put_label(m, name, va_arg(labels, const char *), is_first);
		is_first = false;
	}
	if (more)
		put_label(m, more, value, is_first);
	put_text(m, more || !is_first ? "} " : " ");
}

void metrics_sample(struct metrics *m, double value, ...)
{
	va_list labels;

	va_start(labels, value);
	put_series(m, "", labels, NULL, NULL);
	va_end(labels);
	put_number(m, value);
	put_text(m, "\n");
}

static void put_bucket(struct metrics *m, double bound, uint64_t so_far, va_list labels)
{
	char le[NUMBER_SIZE];

	if (isinf(bound))
		strcpy(le, "+Inf");
	else
		snprintf(le, sizeof(le), "%.15g", bound);
	put_series(m, "_bucket", labels, "le", le);
	put_number(m, (double)so_far);
	put_text(m, "\n");
}

void metrics_histogram(struct metrics *m, const struct histogram *h, ...)
{
	uint64_t so_far = 0;
	va_list labels;

	for (unsigned i = 0; i <= h->bounds; i++) {
		so_far += h->count[i];
		va_start(labels, h);
		put_bucket(m, i < h->bounds ? h->bound[i] : (double)INFINITY, so_far, labels);
		va_end(labels);
	}
	va_start(labels, h);
	put_series(m, "_sum", labels, NULL, NULL);
	va_end(labels);
	put_number(m, h->sum);
	put_text(m, "\n");
	va_start(labels, h);
	put_series(m, "_count", labels, NULL, NULL);
	va_end(labels);
	put_number(m, (double)so_far);
	put_text(m, "\n");
}
