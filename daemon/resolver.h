/* SPDX-License-Identifier: ISC */
/*
 * Names to IPv6 addresses, by DNS: one question at a time, on the loop, never
 * blocking. libevent's evdns does the talking.
 *
 * Each question has sockets of its own and reads resolv.conf(5) again, so that
 * nothing is stale however the network has changed since the one before: no
 * server that is no longer asked, no source address that has gone. It needs no
 * privileges. Names are taken as they stand: no search list, no hosts(5).
 *
 * An answer is input like any other: only addresses that a host somewhere else
 * can have are handed on.
 */
#ifndef NB6_DAEMON_RESOLVER_H
#define NB6_DAEMON_RESOLVER_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#define RESOLVER_CONF "/etc/resolv.conf"

enum { RESOLVER_ADDRESSES_MAX = 8 };

struct loop;
struct resolver_question;

struct resolver_answer {
	const char *error; /* why there is no address, in the operator's words; NULL: there are */
	/* In ascending order, each once; of more than there is room for, the lowest. */
	struct in6_addr address[RESOLVER_ADDRESSES_MAX];
	size_t count;
	uint32_t ttl_s; /* how long it may be used, as the server says */
};

typedef void resolver_cb(void *arg, const struct resolver_answer *answer);

/*
 * Ask for the IPv6 addresses of a name. `cb` is called once, and may ask again.
 *
 * Returns the question, which may be cancelled until `cb` is called, or NULL
 * where it could not even be asked: then `cb` has been called already.
 */
struct resolver_question *resolver_ask(
	struct loop *loop, const char *name, resolver_cb *cb, void *arg);
/* `cb` will not be called. NULL is fine. */
void resolver_cancel(struct resolver_question *question);

/*
 * What an AAAA answer of evdns comes to, without the talking: `result` is 0 or
 * one of its DNS_ERR_*, `addresses` are `count` times 16 octets.
 */
void resolver_read_answer(
	int result, int count, int ttl_s, const void *addresses, struct resolver_answer *answer);

#endif
