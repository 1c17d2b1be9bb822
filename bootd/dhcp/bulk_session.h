/* SPDX-License-Identifier: ISC */
/*
 * One connection of a Bulk Leasequery (RFC 5460), without its socket: octets in, octets out.
 *
 *	{length, Leasequery} ...  ->  {length, Leasequery-reply} {length, Leasequery-data} ...
 *	                              {length, Leasequery-done}
 *
 * Queries are answered one after the other. The bindings are walked part by part, a few thousand
 * parts per call, so that a million bindings do not delay other messages. A binding that exists
 * during the whole walk is sent once; one that is added or removed meanwhile may be sent or not.
 */
#ifndef NB6_BOOTD_DHCP_BULK_SESSION_H
#define NB6_BOOTD_DHCP_BULK_SESSION_H

#include "bootd/dhcp/exchange.h"
#include "bootd/dhcp/leasequery.h"

enum {
	BULK_QUERY_MAX = 2048, /* octets of a query */
	BULK_ROOM = 32768,     /* octets that must be free before a part of the bindings is sent */
};

struct bulk_session {
	size_t have; /* octets of `in` */
	uint8_t in[2 + BULK_QUERY_MAX];

	/* The query that is being answered. */
	bool is_answering, has_sent, is_terminated;
	struct leasequery query;
	uint32_t xid;
	struct dhcp6_duid requestor; /* len 0: not known */
	size_t part;                 /* of the bindings, the next one */

	uint64_t queries, clients; /* received and sent since the start */
};

enum bulk_state {
	BULK_WAITS,   /* for octets of the requestor */
	BULK_ANSWERS, /* there is more to send: call again */
	BULK_BROKEN,  /* not a Leasequery: close the connection */
};

/* Appends received octets to `in`, as many as fit; returns how many. */
size_t bulk_session_take(struct bulk_session *session, const uint8_t *octets, size_t len);

/* Continues the answers, into `out` while it has BULK_ROOM left. */
enum bulk_state bulk_session_answer(struct bulk_session *session, const struct exchange *exchange,
	uint64_t now_ms, struct wire_out *out);

#endif
