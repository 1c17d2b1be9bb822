/* SPDX-License-Identifier: ISC */
/*
 * The TCP side of Bulk Leasequery: connections of requestors that the setting
 * `leasequery` allows, each with a session (bulk_session.h) and two buffers of fixed size.
 */
#ifndef NB6_BOOTD_DHCP_BULK_SERVER_H
#define NB6_BOOTD_DHCP_BULK_SERVER_H

#include "bootd/dhcp/exchange.h"

struct bulk_server;
struct loop;

struct bulk_options {
	unsigned
		connections; /* at the same time; 0: BULK_LQ_MAX_CONNS (RFC 5460 section 5.6), 10 */
	uint64_t idle_ms;    /* without progress; 0: BULK_LQ_DATA_TIMEOUT, 300 s */
};

/* Listens at once. `exchange` is borrowed. Returns 0; or -errno, of bind() for example. */
int bulk_server_new(struct bulk_server **server, struct loop *loop, const struct exchange *exchange,
	const struct sockaddr_in6 *at, const struct bulk_options *options);
void bulk_server_free(struct bulk_server *server); /* NULL is fine */

/* Since the start, except `connections`: open now. */
struct bulk_counters {
	unsigned connections;
	uint64_t accepted;
	uint64_t refused; /* by access list or connection limit */
	uint64_t broken;  /* closed because the requestor sent something else than a Leasequery */
	uint64_t timed_out;
	uint64_t queries;
	uint64_t clients; /* sent in answers */
};
const struct bulk_counters *bulk_server_counters(const struct bulk_server *server);

#endif
