/* SPDX-License-Identifier: ISC */
/*
 * Metrics of the process itself, by the names that Prometheus' client libraries use for them
 * (process_*), so that common dashboards and alerts work; and the build.
 */
#ifndef NB6_DAEMON_PROCESS_METRICS_H
#define NB6_DAEMON_PROCESS_METRICS_H

#include "daemon/metrics.h"

/* `prefix` is that of the daemon's own metrics: "netboot6_boot". */
void process_metrics_fill(struct metrics *m, const char *prefix);

/* 0 if it cannot be determined. */
unsigned process_open_descriptors(void);

#endif
