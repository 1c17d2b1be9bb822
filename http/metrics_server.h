/* SPDX-License-Identifier: ISC */
/*
 * GET /metrics over HTTP, for Prometheus. Nothing else is served here, and it is separate from the
 * server of boot files, so that it can listen where only the monitoring system reaches it.
 *
 * A request whose Host is not an address, "localhost", the name of this host or a configured name
 * is refused: otherwise a web page whose name points here could read the metrics through the
 * browser of somebody who can reach them (DNS rebinding).
 */
#ifndef NB6_HTTP_METRICS_SERVER_H
#define NB6_HTTP_METRICS_SERVER_H

#include <netinet/in.h>
#include <stddef.h>

#include "daemon/metrics.h"

struct loop;
struct metrics_server;

/* Fill in all families. */
typedef void metrics_fill_fn(void *arg, struct metrics *m);

struct metrics_endpoint {
	struct sockaddr_in6 listen;
	const char *const *name; /* host names of this server, besides its own; copied */
	size_t names;
};

/* Returns 0 or -errno, which is logged: a daemon continues without metrics. */
int metrics_server_new(struct metrics_server **server, struct loop *loop,
	const struct metrics_endpoint *at, metrics_fill_fn *fill, void *arg);
void metrics_server_free(struct metrics_server *server); /* before the loop; NULL is fine */

#endif
