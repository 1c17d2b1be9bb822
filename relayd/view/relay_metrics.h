/* SPDX-License-Identifier: ISC */
/*
 * The relay's counters as metrics. There are as many series as links, by the types and reasons that
 * were seen on each, and as servers: nothing that a client sends makes a new one.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_METRICS_H
#define NB6_RELAYD_VIEW_RELAY_METRICS_H

#include "daemon/metrics.h"

/* `arg` is a struct relay. A metrics_fill_fn. */
void relay_metrics_fill(void *arg, struct metrics *m);

#endif
