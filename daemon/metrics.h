/* SPDX-License-Identifier: ISC */
/*
 * Metrics as Prometheus reads them (text exposition format 0.0.4): families with
 * HELP and TYPE, samples with labels, histograms.
 *
 *	metrics_family(&m, "netboot6_boot_received_messages_total", METRICS_COUNTER,
 *		"DHCPv6 messages that came in.");
 *	metrics_sample(&m, 17, "type", "Solicit", NULL);
 *
 * Names end in the unit, counters in _total; units are seconds and bytes. Samples belong
 * to the family before them. Names, types and help are ours; label values may be anyone's text.
 */
#ifndef NB6_DAEMON_METRICS_H
#define NB6_DAEMON_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/histogram.h"

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

/* All zero to begin with. */
struct metrics {
	char *text; /* NUL-terminated; NULL while there is nothing */
	size_t len, size;
	const char *family;
	bool failed; /* no memory; sticks, and what was written is cut */
};

void metrics_fini(struct metrics *m);

void metrics_family(struct metrics *m, const char *name, enum metrics_type type, const char *help);
/* Labels are pairs of a name and a value, ended by NULL. */
void metrics_sample(struct metrics *m, double value, ...) __attribute__((sentinel));
void metrics_histogram(struct metrics *m, const struct histogram *h, ...) __attribute__((sentinel));

#endif
