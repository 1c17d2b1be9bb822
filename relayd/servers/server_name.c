/* SPDX-License-Identifier: ISC */
/*
 * Names of servers. Each has either one DNS query in progress or one timer running that starts
 * the next.
 */
#include "relayd/servers/server_name.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/loop.h"

static void log_addresses(const struct server_name *name)
{
	char text[RESOLVER_ADDRESSES_MAX * (INET6_ADDRSTRLEN + 2)] = "";

	for (size_t i = 0; i < name->count; i++) {
		char one[INET6_ADDRSTRLEN];

		inet_ntop(AF_INET6, &name->address[i], one, sizeof(one));
		strcat(strcat(text, i ? ", " : ""), one);
	}
	log_notice("server %s: DNS has %s", name->name, text);
}

bool server_name_apply(struct server_name *name, const struct resolver_answer *answer)
{
	size_t size = answer->count * sizeof(answer->address[0]);

	if (answer->error) {
		/* One line for each reason, not for each attempt. */
		if (name->failures == 0 || strcmp(name->reason, answer->error) != 0)
			log_warning("server %s: does not resolve: %s%s", name->name, answer->error,
				name->count ? "; still using its previous addresses" : "");
		name->reason = answer->error;
		name->failures++;
		return false;
	}
	if (name->failures && name->count)
		log_notice("server %s: resolves again", name->name);
	name->reason = NULL;
	name->failures = 0;
	if (answer->count == name->count && memcmp(answer->address, name->address, size) == 0)
		return false;
	memcpy(name->address, answer->address, size);
	name->count = answer->count;
	log_addresses(name);
	return true;
}

uint32_t server_name_ask_in_s(const struct server_name *name, const struct resolver_answer *answer)
{
	uint32_t wait_s = SERVER_NAME_TTL_MIN_S;

	if (!answer->error && answer->ttl_s > wait_s)
		wait_s = answer->ttl_s < SERVER_NAME_TTL_MAX_S ? answer->ttl_s
							       : SERVER_NAME_TTL_MAX_S;
	for (unsigned i = 1; i < name->failures && wait_s < SERVER_NAME_RETRY_MAX_S; i++)
		wait_s *= 2;
	if (answer->error && wait_s > SERVER_NAME_RETRY_MAX_S)
		wait_s = SERVER_NAME_RETRY_MAX_S;
	return wait_s;
}

static void answered(void *arg, const struct resolver_answer *answer)
{
	struct server_name *name = arg;

	name->question = NULL;
	if (server_name_apply(name, answer))
		name->all->changed(name->all->arg);
	loop_timer_arm(name->timer, (uint64_t)server_name_ask_in_s(name, answer) * 1000);
}

static void query(void *arg)
{
	struct server_name *name = arg;

	name->question = resolver_ask(name->all->loop, name->name, answered, name);
}

static void query_now(struct server_name *name)
{
	resolver_cancel(name->question);
	name->question = NULL;
	loop_timer_arm(name->timer, 0);
}

static void free_name(struct server_name *name)
{
	if (!name)
		return;
	resolver_cancel(name->question);
	loop_timer_free(name->timer);
	free(name->name);
	free(name);
}

static struct server_name *make_name(struct server_names *names, const char *text)
{
	struct server_name *name = calloc(1, sizeof(*name));

	if (!name)
		return NULL;
	*name = (struct server_name){
		.name = strdup(text), .reason = "not resolved yet", .all = names};
	name->timer = names->loop ? loop_timer_new(names->loop, query, name) : NULL;
	if (name->name && (name->timer || !names->loop))
		return name;
	free_name(name);
	return NULL;
}

static int start_name(struct server_name *name)
{
	name->timer = loop_timer_new(name->all->loop, query, name);
	if (!name->timer)
		return -ENOMEM;
	query_now(name);
	return 0;
}

static struct server_name *find(const struct server_names *names, const char *text)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i]->name, text) == 0)
			return names->name[i];
	return NULL;
}

static bool is_in_use(const struct server_names *names, const struct server_name *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->name[i] == name)
			return true;
	return false;
}

static bool is_prepared(const struct server_names *names, const struct server_name *name)
{
	for (size_t i = 0; i < names->n_prepared; i++)
		if (names->prepared[i] == name)
			return true;
	return false;
}

int server_names_prepare(struct server_names *names, const struct relay_conf *conf)
{
	names->n_prepared = 0;
	for (size_t i = 0; i < conf->n_servers; i++) {
		const char *title = conf->server[i].title;
		struct server_name *name;

		if (conf->server[i].kind != RELAY_SERVER_NAME)
			continue;
		name = find(names, title);
		if (!name)
			name = make_name(names, title);
		if (!name) {
			server_names_cancel(names);
			return -ENOMEM;
		}
		names->prepared[names->n_prepared++] = name;
	}
	return 0;
}

void server_names_cancel(struct server_names *names)
{
	for (size_t i = 0; i < names->n_prepared; i++)
		if (!is_in_use(names, names->prepared[i]))
			free_name(names->prepared[i]);
	names->n_prepared = 0;
}

void server_names_commit(struct server_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (!is_prepared(names, names->name[i]))
			free_name(names->name[i]);
	memcpy(names->name, names->prepared, sizeof(names->name));
	names->count = names->n_prepared;
	names->n_prepared = 0;
	for (size_t i = 0; i < names->count && names->loop; i++)
		query_now(names->name[i]);
}

int server_names_init(struct server_names *names, const struct relay_conf *conf,
	void (*changed)(void *arg), void *arg)
{
	int rc;

	*names = (struct server_names){.changed = changed, .arg = arg};
	rc = server_names_prepare(names, conf);
	if (rc == 0)
		server_names_commit(names);
	return rc;
}

void server_names_fini(struct server_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free_name(names->name[i]);
	*names = (struct server_names){0};
}

int server_names_start(struct server_names *names, struct loop *loop)
{
	int rc = 0;

	names->loop = loop;
	for (size_t i = 0; i < names->count && rc == 0; i++)
		rc = start_name(names->name[i]);
	return rc;
}

const struct server_name *server_names_find(const struct server_names *names, const char *text)
{
	return find(names, text);
}
