/* SPDX-License-Identifier: ISC */
/*
 * bootd's counters as metrics: messages, bindings, the lease store, files, and how long boots
 * take from stage to stage. There are as many series as types, reasons and stages: nothing that a
 * client sends makes a new one.
 */
#ifndef NB6_BOOTD_VIEW_BOOT_METRICS_H
#define NB6_BOOTD_VIEW_BOOT_METRICS_H

#include "daemon/metrics.h"

/* `arg` is a struct boot_parts. A metrics_fill_fn. */
void boot_metrics_fill(void *arg, struct metrics *m);

#endif
