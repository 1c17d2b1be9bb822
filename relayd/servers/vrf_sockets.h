/* SPDX-License-Identifier: ISC */
/*
 * Ears in VRFs: what servers there answer reaches a socket that is bound to the VRF's
 * link, whatever net.ipv4.udp_l3mdev_accept is. Sending needs none: the VRF is
 * named for each datagram.
 */
#ifndef NB6_RELAYD_SERVERS_VRF_SOCKETS_H
#define NB6_RELAYD_SERVERS_VRF_SOCKETS_H

#include "daemon/loop.h"
#include "relayd/servers/server_path.h"

struct vrf_socket {
	int fd;
	int ifindex; /* of the VRF's link */
	struct loop_watch *watch;
};

struct vrf_sockets {
	struct vrf_socket socket[SERVER_PATHS_MAX];
	size_t count;
	unsigned lists; /* the list of servers that these are for: server_paths.lists */
};

/*
 * As many as there are VRFs with servers in them: opens, on the port of `fd`, and closes.
 * `ready` is called where one is readable; it may be one that is closed in there.
 */
void vrf_sockets_follow(struct vrf_sockets *sockets, const struct server_paths *paths, int fd,
	struct loop *loop, loop_fd_cb *ready, void *arg);
void vrf_sockets_fini(struct vrf_sockets *sockets);

#endif
