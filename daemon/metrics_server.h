/* SPDX-License-Identifier: ISC */
/*
 * GET /metrics over HTTP, for Prometheus. Nothing else is served here, and it is no part of
 * the public file server: it is meant to listen where only the monitoring can ask.
 */
#ifndef NB6_DAEMON_METRICS_SERVER_H
#define NB6_DAEMON_METRICS_SERVER_H

#include <netinet/in.h>

#include "daemon/metrics.h"

struct loop;
struct metrics_server;

/* Fill in all families. */
typedef void metrics_fill_fn(void *arg, struct metrics *m);

/*
 * Listen at `at`. Returns 0 or -errno, after it has logged what was in the way: a daemon goes on
 * without metrics.
 */
int metrics_server_new(struct metrics_server **server, struct loop *loop,
	const struct sockaddr_in6 *at, metrics_fill_fn *fill, void *arg);
void metrics_server_free(struct metrics_server *server); /* before the loop; NULL is fine */

#endif
