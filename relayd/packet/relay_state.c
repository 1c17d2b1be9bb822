/* SPDX-License-Identifier: ISC */
#include "relayd/packet/relay_state.h"

#include <string.h>

bool relay_read_netlink(struct relay *relay)
{
	static struct log_limit limit;
	int rc = link_monitor_read(&relay->monitor);

	if (rc < 0)
		log_limited(&limit, LOG_LEVEL_WARNING,
			"netlink: dumping links and addresses again: %s", strerror(-rc));
	return rc > 0;
}

void relay_refresh_servers(struct relay *relay)
{
	server_paths_refresh(&relay->paths);
	if (relay->loop)
		vrf_sockets_follow(&relay->vrfs, &relay->paths.list, relay->server_fd, relay->loop,
			relay->udp_ready, relay);
}
