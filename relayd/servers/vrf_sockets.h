/* SPDX-License-Identifier: ISC */
/*
 * One receive socket for each VRF that contains a server. A socket bound to the VRF's device
 * receives the servers' replies whether net.ipv4.udp_l3mdev_accept is set or not. Sending needs no
 * such socket: each datagram names the VRF.
 */
#ifndef NB6_RELAYD_SERVERS_VRF_SOCKETS_H
#define NB6_RELAYD_SERVERS_VRF_SOCKETS_H

#include "daemon/loop.h"
#include "relayd/servers/server_list.h"

struct vrf_socket {
	int fd;
	int ifindex; /* of the VRF's device */
	struct loop_watch *watch;
};

struct vrf_sockets {
	struct vrf_socket socket[SERVER_LIST_MAX];
	size_t count;
	unsigned version; /* of the server list that the sockets are for */
};

/*
 * Open and close sockets, on the port of `fd`, until there is one for each VRF with a server in
 * it. `ready` is called when one is readable, and may itself call this function.
 */
void vrf_sockets_follow(struct vrf_sockets *sockets, const struct server_list *list, int fd,
	struct loop *loop, loop_fd_cb *ready, void *arg);
void vrf_sockets_fini(struct vrf_sockets *sockets);

#endif
