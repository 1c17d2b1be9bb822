/* SPDX-License-Identifier: ISC */
/*
 * One function for each kind of event: it returns at once if nobody watches, else makes the JSON
 * object and publishes it on the control socket. Of drops there is at most one event a second for
 * each reason, which counts the others.
 */
#include "relayd/view/relay_watch.h"

#include <string.h>
#include <time.h>

#include "daemon/loop.h"
#include "relayd/view/relay_json.h"

enum { DROP_EVERY_MS = 1000 };

static bool is_watched(const struct relay_watch *watch)
{
	return control_watched(watch->control);
}

json_t *relay_watch_event(const char *name)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return json_pack(
		"{s:f, s:s}", "at", (double)now.tv_sec + (double)now.tv_nsec / 1e9, "event", name);
}

void relay_watch_link(struct relay_watch *watch, const struct client_link *cl,
	enum client_link_state before, const struct in6_addr *address_before)
{
	json_t *event;

	if (!is_watched(watch))
		return;
	event = relay_watch_event("link");
	relay_json_set_link(event, "link", cl->name);
	relay_json_set_text(event, "state", client_link_state_name(cl->state));
	if (cl->state != before)
		relay_json_set_text(event, "state-before", client_link_state_name(before));
	relay_json_set_text(event, "reason", cl->reason);
	relay_json_set_address(event, "link-address", &cl->link_address);
	if (!IN6_ARE_ADDR_EQUAL(&cl->link_address, address_before))
		relay_json_set_address(event, "link-address-before", address_before);
	control_publish(watch->control, event);
}

void relay_watch_server(struct relay_watch *watch, const struct server_path *server,
	const struct server_path *before)
{
	json_t *event;

	if (!is_watched(watch))
		return;
	event = relay_watch_event("server");
	relay_json_set_text(event, "server", server->text);
	json_object_set_new(event, "reachable", json_boolean(server->error == 0));
	relay_json_set_text(event, "reason", server->reason);
	relay_json_set_link(event, "uplink", server->uplink);
	relay_json_set_address(event, "next-hop", &server->next_hop);
	relay_json_set_address(event, "source", &server->source);
	relay_json_set_link(event, "uplink-before", before->uplink);
	control_publish(watch->control, event);
}

void relay_watch_server_silent(
	struct relay_watch *watch, const struct server_path *server, int64_t now_ms)
{
	json_t *event;

	if (!is_watched(watch))
		return;
	event = relay_watch_event("server-silent");
	relay_json_set_text(event, "server", server->text);
	relay_json_set_number(event, "unanswered", server->unanswered);
	json_object_set_new(
		event, "for", json_real((double)(now_ms - server->unanswered_since_ms) / 1000));
	control_publish(watch->control, event);
}

void relay_watch_server_answers(struct relay_watch *watch, const struct server_path *server)
{
	json_t *event;

	if (!is_watched(watch))
		return;
	event = relay_watch_event("server-answers");
	relay_json_set_text(event, "server", server->text);
	control_publish(watch->control, event);
}

void relay_watch_drop(struct relay_watch *watch, const char *link, const struct udp_datagram *d,
	enum relay_drop reason)
{
	int64_t now_ms;
	json_t *event;

	if (!is_watched(watch))
		return;
	now_ms = (int64_t)loop_now_ms();
	if (watch->drop[reason].last_ms && now_ms - watch->drop[reason].last_ms < DROP_EVERY_MS) {
		watch->drop[reason].left_out++;
		return;
	}
	event = relay_watch_event("drop");
	relay_json_set_text(event, "reason", relay_drop_name(reason));
	relay_json_set_link(event, "link", link ? link : "");
	relay_json_set_address(event, "from", &d->peer.sin6_addr);
	if (d->len > 0)
		relay_json_set_type(event, "type", d->data[0]);
	relay_json_set_number(event, "times", 1 + watch->drop[reason].left_out);
	watch->drop[reason].last_ms = now_ms;
	watch->drop[reason].left_out = 0;
	control_publish(watch->control, event);
}

void relay_watch_reload(struct relay_watch *watch, const char *problems)
{
	json_t *event;

	if (!is_watched(watch))
		return;
	event = relay_watch_event("reload");
	json_object_set_new(event, "done", json_boolean(!problems));
	relay_json_set_text(event, "problems", problems);
	control_publish(watch->control, event);
}

void relay_watch_resync(struct relay_watch *watch, const struct link_monitor_counters *counters)
{
	json_t *event;

	if (!is_watched(watch))
		return;
	event = relay_watch_event("netlink");
	relay_json_set_number(event, "overruns", counters->overruns);
	relay_json_set_number(event, "resyncs", counters->resyncs);
	control_publish(watch->control, event);
}
