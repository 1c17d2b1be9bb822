/* SPDX-License-Identifier: ISC */
/*
 * The events of the relay, for netboot6 relay watch: one line of JSON for each change that the log
 * has a line for, and for drops, at most one a second for each reason.
 *
 *	link             the state or link-address of a client link changed
 *	server           the path to a server changed
 *	server-silent    a server did not reply to several messages
 *	server-answers   a silent server replied again
 *	drop             a message was dropped; `times` counts those since the last such event
 *	reload           the configuration was read again, or is bad
 *	netlink          netlink messages were lost, and a full dump has repaired that
 *
 * While nobody watches, each call costs one branch.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_WATCH_H
#define NB6_RELAYD_VIEW_RELAY_WATCH_H

#include "daemon/control.h"
#include "daemon/udp.h"
#include "netlink/link_monitor.h"
#include "relayd/links/client_link.h"
#include "relayd/servers/server_path.h"

/* All zero: nobody can watch. */
struct relay_watch {
	struct control *control; /* borrowed, or NULL */
	struct {
		int64_t last_ms; /* 0: never */
		uint64_t left_out;
	} drop[RELAY_DROPS];
};

void relay_watch_link(struct relay_watch *watch, const struct client_link *cl,
	enum client_link_state before, const struct in6_addr *address_before);
void relay_watch_server(struct relay_watch *watch, const struct server_path *server,
	const struct server_path *before);
void relay_watch_server_silent(
	struct relay_watch *watch, const struct server_path *server, int64_t now_ms);
void relay_watch_server_answers(struct relay_watch *watch, const struct server_path *server);
void relay_watch_drop(struct relay_watch *watch, const char *link, const struct udp_datagram *d,
	enum relay_drop reason);
/* `problems` says what is wrong with the file; NULL: the configuration was applied. */
void relay_watch_reload(struct relay_watch *watch, const char *problems);
void relay_watch_resync(struct relay_watch *watch, const struct link_monitor_counters *counters);

/* A new event {"at": now, "event": name}; the caller adds the rest. */
json_t *relay_watch_event(const char *name);

#endif
