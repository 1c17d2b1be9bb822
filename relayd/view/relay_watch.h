/* SPDX-License-Identifier: ISC */
/*
 * What happens to the relay, for whoever watches it (netboot6 relay watch):
 * one event, a line of JSON, for each change that the log has a line for, and
 * for drops, those of one reason at most once a second.
 *
 *	link            a client link's state or link-address changed
 *	server          the way to a server changed
 *	server-silent   no reply to many messages; server-answers: one again
 *	drop            a message went no further; `times` with those left out
 *	reload          the configuration was read again, or is bad
 *	netlink         events of the kernel were lost, and the picture is whole again
 *
 * Nothing here costs anything while nobody watches.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_WATCH_H
#define NB6_RELAYD_VIEW_RELAY_WATCH_H

#include "daemon/control.h"
#include "daemon/udp.h"
#include "netlink/link_monitor.h"
#include "relayd/links/client_link.h"
#include "relayd/servers/server_path.h"

/* Embed it; all zero: nobody can watch. */
struct relay_watch {
	struct control *control; /* borrowed; NULL: there is none */
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
/* `problems`: what is wrong with the file; NULL: it is in force. */
void relay_watch_reload(struct relay_watch *watch, const char *problems);
void relay_watch_resync(struct relay_watch *watch, const struct link_monitor_counters *counters);

/* {"at": now, "event": name}, to be added to. */
json_t *relay_watch_event(const char *name);

#endif
