/* SPDX-License-Identifier: ISC */
/*
 * What the packet path does between batches: read netlink, bring the paths to servers up to date,
 * and keep a receive socket for each VRF that has a server or client links in it.
 */
#include "relayd/packet/relay_state.h"

#include <errno.h>
#include <stdlib.h>
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

bool neighbours_are_scarce(const struct ipv6_neighbour_table *table, size_t client_links)
{
	return table->limit > 0 && (client_links * NEIGHBOURS_PER_LINK > table->limit ||
					   table->entries > table->limit - table->limit / 4);
}

/* --- sockets in VRFs ------------------------------------------------------------------ */

/* The VRFs that need a socket; `want` has room for `room` of them. */
struct wanted {
	struct vrf_want *want;
	size_t count, room;
};

int relay_reserve_vrfs(struct relay *relay)
{
	const struct link_table *table = &relay->table;
	struct vrf_want *grown;
	size_t n = 0;

	for (const struct link *l = link_table_first(table); l; l = link_table_next(table, l))
		n += link_is_vrf(l);
	if (n > relay->vrf_room) {
		grown = reallocarray(relay->vrf_want, n, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		relay->vrf_want = grown;
		relay->vrf_room = n;
	}
	return vrf_sockets_reserve(&relay->vrfs, n) < 0 ||
			       vrf_sockets_reserve(&relay->client_vrfs, n) < 0
		       ? -ENOMEM
		       : 0;
}

static void want_vrf(struct wanted *wanted, const struct link *vrf, bool has_clients)
{
	struct vrf_want *want = wanted->want;

	if (!vrf || !link_is_vrf(vrf) || wanted->room == 0)
		return;
	while (want < wanted->want + wanted->count && want->ifindex != vrf->ifindex)
		want++;
	if (want == wanted->want + wanted->count) {
		if (wanted->count == wanted->room)
			return;
		*want = (struct vrf_want){.ifindex = vrf->ifindex};
		memcpy(want->name, vrf->name, sizeof(want->name));
		wanted->count++;
	}
	want->has_clients |= has_clients;
}

static void want_vrfs_of_servers(const struct relay *relay, struct wanted *wanted)
{
	const struct server_list *list = &relay->paths.list;

	for (size_t i = 0; i < list->count; i++)
		want_vrf(wanted, link_table_find(&relay->table, server_path_vrf(&list->server[i])),
			false);
}

static void want_vrfs_of_clients(const struct relay *relay, struct wanted *wanted)
{
	const struct client_link *cl;

	if (!vrf_sockets_are_needed())
		return;
	for (cl = relay->links.registry.first; cl; cl = cl->next)
		if (cl->link && link_is_in_vrf(cl->link))
			want_vrf(wanted, link_table_find(&relay->table, cl->link->master), true);
}

static void on_vrf_opened(void *arg, const struct vrf_want *vrf, int fd, int error)
{
	struct relay *relay = arg;

	if (!vrf->has_clients)
		return;
	if (error == 0)
		client_mac_attach(relay->mac, fd);
	client_links_set_vrf_error(&relay->links, vrf->ifindex, error);
}

static void follow_vrfs(struct relay *relay)
{
	bool is_one_port = relay->server_fd == relay->fd;
	struct wanted wanted;

	if (relay_reserve_vrfs(relay) < 0)
		log_error("no memory to receive in VRFs");
	wanted = (struct wanted){.want = relay->vrf_want, .room = relay->vrf_room};
	want_vrfs_of_servers(relay, &wanted);
	if (!is_one_port) {
		vrf_sockets_follow(&relay->vrfs, wanted.want, wanted.count, relay->server_fd,
			relay->loop, relay->udp_ready, on_vrf_opened, relay);
		wanted.count = 0;
	}
	want_vrfs_of_clients(relay, &wanted);
	vrf_sockets_follow(is_one_port ? &relay->vrfs : &relay->client_vrfs, wanted.want,
		wanted.count, relay->fd, relay->loop, relay->udp_ready, on_vrf_opened, relay);
}

void relay_refresh_servers(struct relay *relay)
{
	server_paths_refresh(&relay->paths);
	if (!relay->loop || (relay->vrfs_of_servers == relay->paths.list.version &&
				    relay->vrfs_of_links == relay->links.vrf_version))
		return;
	relay->vrfs_of_servers = relay->paths.list.version;
	relay->vrfs_of_links = relay->links.vrf_version;
	follow_vrfs(relay);
}
