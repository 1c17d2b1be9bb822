/* SPDX-License-Identifier: ISC */
/*
 * The list of servers, put together from configuration and DNS.
 */
#include "relayd/server_list.h"

#include <arpa/inet.h>
#include <string.h>

#include "daemon/log.h"

/* The list as it was, and the one being made. */
struct making {
	struct server_paths *paths;
	struct server_path before[SERVER_PATHS_MAX];
	size_t n_before;
	bool is_full;
};

static bool is_listed(const struct server_paths *paths, const struct in6_addr *address)
{
	for (size_t i = 0; i < paths->count; i++)
		if (IN6_ARE_ADDR_EQUAL(&paths->server[i].address, address))
			return true;
	return false;
}

static void add(struct making *making, const struct relay_server *configured,
	const struct in6_addr *address)
{
	struct server_paths *paths = making->paths;
	struct server_path *server = &paths->server[paths->count];

	if (is_listed(paths, address))
		return;
	if (paths->count == SERVER_PATHS_MAX) {
		making->is_full = true;
		return;
	}
	*server = (struct server_path){.address = *address};
	inet_ntop(AF_INET6, address, server->text, sizeof(server->text));
	for (size_t i = 0; i < making->n_before; i++)
		if (IN6_ARE_ADDR_EQUAL(&making->before[i].address, address))
			*server = making->before[i];
	server->configured = configured;
	paths->count++;
}

static void add_name(struct making *making, const struct relay_server *configured)
{
	const struct server_name *name = server_names_find(making->paths->names, configured->title);

	for (size_t i = 0; name && i < name->count; i++)
		add(making, configured, &name->address[i]);
}

void server_list_make(struct server_paths *paths)
{
	struct making making = {.paths = paths, .n_before = paths->count};

	memcpy(making.before, paths->server, sizeof(making.before));
	paths->count = 0;
	for (size_t i = 0; i < paths->conf->n_servers; i++) {
		const struct relay_server *configured = &paths->conf->server[i];

		if (configured->kind == RELAY_SERVER_NAME)
			add_name(&making, configured);
		else
			add(&making, configured, &configured->address);
	}
	paths->stale = true;
	if (making.is_full)
		log_warning("more than %d addresses of servers: the first ones are used",
			SERVER_PATHS_MAX);
}

const char *server_list_why_none(
	const struct server_paths *paths, const struct relay_server *configured)
{
	const struct server_name *name;

	for (size_t i = 0; i < paths->count; i++)
		if (paths->server[i].configured == configured)
			return NULL;
	if (configured->kind != RELAY_SERVER_NAME)
		return "it is listed already";
	name = server_names_find(paths->names, configured->title);
	return name && name->reason ? name->reason : "its addresses are listed already";
}
