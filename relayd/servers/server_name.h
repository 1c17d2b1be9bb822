/* SPDX-License-Identifier: ISC */
/*
 * The servers that are configured by a DNS name, and the addresses that each has now.
 *
 *	init    no name has an address
 *	start   all names are queried; from then on each is queried again when the TTL of its
 *	        answer ends, or after a failure with a growing delay
 *
 * A failed query keeps the last good addresses: a DNS server that is down is no reason to stop
 * relaying. The owner is notified when addresses change; the packet path knows no names.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_NAME_H
#define NB6_RELAYD_SERVERS_SERVER_NAME_H

#include <stdbool.h>

#include "daemon/resolver.h"
#include "relayd/config/relay_conf.h"

struct loop;
struct loop_timer;

enum {
	SERVER_NAME_TTL_MIN_S = 2,
	SERVER_NAME_TTL_MAX_S = 3600,
	SERVER_NAME_RETRY_MAX_S = 300,
};

struct server_name {
	char *name;
	struct in6_addr address[RESOLVER_ADDRESSES_MAX]; /* ascending */
	size_t count;
	const char *reason; /* why the last query failed, or that there was none; NULL: it was
			       answered */
	unsigned failures;  /* queries that failed since the last answer */

	struct server_names *all;
	struct resolver_question *question; /* in progress, or NULL */
	struct loop_timer *timer;
};

struct server_names {
	struct server_name *name[RELAY_SERVERS_MAX];
	size_t count;
	struct server_name *prepared[RELAY_SERVERS_MAX]; /* between prepare and commit */
	size_t n_prepared;
	void (*changed)(void *arg); /* a name has other addresses */
	void *arg;
	struct loop *loop; /* NULL before the start */
};

/* Returns 0 or -ENOMEM. */
int server_names_init(struct server_names *names, const struct relay_conf *conf,
	void (*changed)(void *arg), void *arg);
void server_names_fini(struct server_names *names); /* before the loop */

/* Returns 0 or -ENOMEM. */
int server_names_start(struct server_names *names, struct loop *loop);

/*
 * Another configuration, in two steps. `prepare` makes the names that are new and changes nothing
 * in use: returns 0, or -ENOMEM with nothing kept. Then either `commit` puts the prepared names in
 * use and queries all of them at once (names that stay keep their addresses), or `cancel` frees
 * what was prepared.
 */
int server_names_prepare(struct server_names *names, const struct relay_conf *conf);
void server_names_commit(struct server_names *names);
void server_names_cancel(struct server_names *names);

/* NULL: this name is not configured. */
const struct server_name *server_names_find(const struct server_names *names, const char *name);

/*
 * Apply an answer to a name: returns true if its addresses changed; each change is one line of
 * log. And how long to wait until the next query. Neither needs a loop.
 */
bool server_name_apply(struct server_name *name, const struct resolver_answer *answer);
uint32_t server_name_ask_in_s(const struct server_name *name, const struct resolver_answer *answer);

#endif
