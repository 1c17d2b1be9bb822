/* SPDX-License-Identifier: ISC */
/*
 * What the views show: the parts of a running relay that status, metrics and traces read. All of it
 * is borrowed and const; a view changes nothing.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_VIEW_H
#define NB6_RELAYD_VIEW_RELAY_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "frame/client_mac.h"
#include "netlink/link_monitor.h"
#include "relayd/links/client_links.h"
#include "relayd/servers/server_list.h"

struct prefix_delegation;

struct relay_view {
	const struct client_links *links;
	const struct server_list *servers;
	const struct relay_counters *counters; /* of the whole relay */
	const struct link_monitor *monitor;
	const struct client_mac *mac;
	const struct prefix_delegation *prefixes;
	bool last_reload_failed;
	int64_t started_s;                          /* Unix time */
	uint64_t (*queue_drops)(const void *relay); /* by full receive buffers, since the start */
	bool (*has_link_series)(const void *relay); /* metrics of each link, not of all together */
	const void *relay;                          /* their argument */
};

#endif
