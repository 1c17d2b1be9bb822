/* SPDX-License-Identifier: ISC */
/*
 * One receive socket for each VRF that contains a server or a client link. Unless
 * net.ipv4.udp_l3mdev_accept is set, the relay's own socket receives nothing that comes in by a
 * link of a VRF; a socket bound to the VRF's device does. Sending needs no such socket: each
 * datagram names its link or VRF.
 */
#ifndef NB6_RELAYD_SERVERS_VRF_SOCKETS_H
#define NB6_RELAYD_SERVERS_VRF_SOCKETS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/loop.h"

/* A VRF that needs a socket. */
struct vrf_want {
	int ifindex; /* of the VRF's device */
	char name[IFNAMSIZ];
	bool has_clients; /* client links are in it: receive multicast, too */
};

struct vrf_socket {
	struct vrf_want vrf;
	int fd;
	struct loop_watch *watch;
};

struct vrf_sockets {
	struct vrf_socket *socket;
	size_t count, room; /* sockets, and how many `socket` has room for */
};

/* True if the relay's own socket receives nothing from VRFs: udp_l3mdev_accept is 0. */
bool vrf_sockets_are_needed(void);

/* The result for a VRF whose socket was opened (0) or could not be opened (errno). */
typedef void vrf_opened_fn(void *arg, const struct vrf_want *vrf, int fd, int error);

/* Allocate room for so many sockets. Returns 0 or -ENOMEM. */
int vrf_sockets_reserve(struct vrf_sockets *sockets, size_t n);

/*
 * Open and close sockets, on the port of `fd`, until there is one for each of these VRFs.
 * `ready` is called when one is readable, and may itself call this function; `opened` is called
 * for each attempt to open one. `arg` is for both.
 */
void vrf_sockets_follow(struct vrf_sockets *sockets, const struct vrf_want *want, size_t n, int fd,
	struct loop *loop, loop_fd_cb *ready, vrf_opened_fn *opened, void *arg);
void vrf_sockets_fini(struct vrf_sockets *sockets);

/* The socket with this descriptor, or NULL. */
const struct vrf_socket *vrf_sockets_find(const struct vrf_sockets *sockets, int fd);

#endif
