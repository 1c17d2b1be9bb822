/* SPDX-License-Identifier: ISC */
/*
 * Servers that are configured by a DNS name: the addresses that each has now.
 *
 *	init    no name has an address
 *	start   all are asked for; from then on each again when its answer has
 *	        served its time, or, where there was none, later and later
 *
 * An answer that fails to come changes nothing but what is said: the last good
 * addresses stay, for a name server that is down is no reason to stop relaying.
 * The packet path knows none of this: whoever owns the names is told when
 * addresses have changed.
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
	const char
		*reason;   /* why there is no answer, or not to the last question; NULL: there is */
	unsigned failures; /* questions without answer since the last one with */

	struct server_names *all;
	struct resolver_question *question;
	struct loop_timer *timer;
};

struct server_names {
	struct server_name *name[RELAY_SERVERS_MAX];
	size_t count;
	void (*changed)(void *arg); /* some name has other addresses */
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
 * Another configuration: names that stay keep their addresses, and all are asked
 * for at once. Returns 0, or -ENOMEM and what could be had.
 */
int server_names_reconfigure(struct server_names *names, const struct relay_conf *conf);

/* NULL: no such name is configured. */
const struct server_name *server_names_find(const struct server_names *names, const char *name);

/*
 * What an answer does to a name, and how long until it is asked for again:
 * pure, and each change is one line of log. Returns true where it has other addresses now.
 */
bool server_name_take(struct server_name *name, const struct resolver_answer *answer);
uint32_t server_name_ask_in_s(const struct server_name *name, const struct resolver_answer *answer);

#endif
