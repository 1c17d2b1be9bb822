/* SPDX-License-Identifier: ISC */
/*
 * Counting of messages and replies, and on which links a server may answer.
 */
#include "relayd/servers/server_path.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "daemon/log.h"

bool server_path_is_multicast(const struct server_path *server)
{
	return IN6_IS_ADDR_MULTICAST(&server->address);
}

bool server_path_names_link(const struct server_path *server, const struct link *link)
{
	return link_patterns_match_link(&server->configured->links, link);
}

int server_path_vrf(const struct server_path *server)
{
	return server_path_is_multicast(server) ? 0 : server->out_ifindex;
}

int server_path_vrf_of(const struct link *link)
{
	if (strcmp(link->kind, "vrf") == 0)
		return link->ifindex;
	return strcmp(link->port_kind, "vrf") == 0 ? link->master : 0;
}

bool server_path_may_answer_on(const struct server_path *server, const struct link *link)
{
	if (server_path_is_multicast(server))
		return link->ifindex == server->out_ifindex;
	return server_path_vrf_of(link) == server->out_ifindex || link->ifindex == server->ifindex;
}

bool server_path_is_silent(const struct server_path *server, int64_t now_ms)
{
	return server->unanswered >= SERVER_SILENT_AFTER &&
	       now_ms - server->unanswered_since_ms >= SERVER_SILENT_AFTER_MS;
}

bool server_path_sent(struct server_path *server, int64_t now_ms)
{
	server->forwarded++;
	if (server->unanswered++ == 0)
		server->unanswered_since_ms = now_ms;
	server->last_sent_ms = now_ms;
	if (server->is_silent || !server_path_is_silent(server, now_ms))
		return false;
	server->is_silent = true;
	log_with(LOG_LEVEL_WARNING,
		&(struct log_fields){.event = LOG_EVENT_SERVER_UNREACHABLE,
			.host = server->text,
			.reason = "silent"},
		"server %s: silent: no reply to %" PRIu64 " messages in %" PRId64 " s",
		server->text, server->unanswered, (now_ms - server->unanswered_since_ms) / 1000);
	return true;
}

void server_path_refused(struct server_path *server)
{
	server->failed++;
	server->forwarded--;
	if (server->unanswered > 0)
		server->unanswered--;
}

const char *server_path_state(const struct server_path *server)
{
	if (server->is_held)
		return "no-source";
	if (server->error)
		return "no-path";
	return server->is_silent ? "silent" : "reachable";
}

bool server_path_answered(struct server_path *server)
{
	bool was_silent = server->is_silent;

	server->replies++;
	server->unanswered = 0;
	server->is_silent = false;
	server->last_reply_s = time(NULL);
	if (was_silent)
		log_with(LOG_LEVEL_NOTICE,
			&(struct log_fields){
				.event = LOG_EVENT_SERVER_REACHABLE, .host = server->text},
			"server %s: answers again", server->text);
	return was_silent;
}
