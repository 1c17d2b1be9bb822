/* SPDX-License-Identifier: ISC */
/*
 * Delegated prefixes for operators (RFC 8987 section 4.4): a list in pages, one command that ends a
 * delegation, and metrics. Where no link has `routes = true` there is nothing to show.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_PREFIXES_H
#define NB6_RELAYD_VIEW_RELAY_PREFIXES_H

#include <jansson.h>

#include "daemon/metrics.h"
#include "relayd/prefixes/prefix_delegation.h"

/*
 * Words: "prefixes", and "after=N" for the page that begins with slot N. The answer has "prefixes",
 * "of", which is the number of all, and "next", null on the last page.
 */
json_t *relay_prefixes_list(const struct prefix_delegation *pd, int n, char *const words[]);

/* Words: "clear-prefix PREFIX". One that is in use ends, one that has ended is forgotten. */
json_t *relay_prefixes_clear(struct prefix_delegation *pd, int n, char *const words[]);

void relay_prefixes_metrics(const struct prefix_delegation *pd, struct metrics *m);

#endif
