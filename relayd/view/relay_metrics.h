/* SPDX-License-Identifier: ISC */
/*
 * The relay's counters as metrics for Prometheus. There is one series for each link and the message
 * types and drop reasons that occurred on it, and one for each server; a client cannot create
 * others.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_METRICS_H
#define NB6_RELAYD_VIEW_RELAY_METRICS_H

#include "daemon/metrics.h"

/* A metrics_fill_fn; `arg` is a struct relay_view. */
void relay_metrics_fill(void *arg, struct metrics *m);

#endif
