/* SPDX-License-Identifier: ISC */
/*
 * The sockets follow a list of VRFs. A VRF that is deleted and created again has another ifindex:
 * it gets a new socket, because one bound to the old device receives nothing.
 */
#include "relayd/servers/vrf_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/udp.h"

enum { RECEIVE_BUFFER = 8 << 20 }; /* as that of the relay's own socket */

bool vrf_sockets_are_needed(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/udp_l3mdev_accept", "re");
	int c = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return c == '0';
}

static bool is_same(const struct vrf_want *a, const struct vrf_want *b)
{
	return a->ifindex == b->ifindex && a->has_clients == b->has_clients;
}

static bool is_wanted(const struct vrf_want *want, size_t n, const struct vrf_want *vrf)
{
	for (size_t i = 0; i < n; i++)
		if (is_same(&want[i], vrf))
			return true;
	return false;
}

static bool has_socket(const struct vrf_sockets *sockets, const struct vrf_want *vrf)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (is_same(&sockets->socket[i].vrf, vrf))
			return true;
	return false;
}

static void close_socket(struct vrf_socket *socket)
{
	loop_watch_free(socket->watch);
	close(socket->fd);
}

static void close_unwanted(struct vrf_sockets *sockets, const struct vrf_want *want, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < sockets->count; i++)
		if (is_wanted(want, n, &sockets->socket[i].vrf))
			sockets->socket[kept++] = sockets->socket[i];
		else
			close_socket(&sockets->socket[i]);
	sockets->count = kept;
}

static const char *hint(int error)
{
	return error == EACCES || error == EPERM
		       ? ": the daemon dropped this privilege at start because there was no VRF; "
			 "restart it"
		       : "";
}

static int open_socket(struct vrf_socket *made, int fd)
{
	int on = 1;

	made->fd = udp_open_on_link(fd, made->vrf.name, RECEIVE_BUFFER);
	if (made->fd < 0)
		return made->fd;
	/* It receives the groups that the holder sockets have joined on the client links. */
	if (made->vrf.has_clients &&
		setsockopt(made->fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &on, sizeof(on)) < 0) {
		close(made->fd);
		return -errno;
	}
	return 0;
}

int vrf_sockets_reserve(struct vrf_sockets *sockets, size_t n)
{
	struct vrf_socket *grown;

	if (n <= sockets->room)
		return 0;
	grown = reallocarray(sockets->socket, n, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	sockets->socket = grown;
	sockets->room = n;
	return 0;
}

void vrf_sockets_follow(struct vrf_sockets *sockets, const struct vrf_want *want, size_t n, int fd,
	struct loop *loop, loop_fd_cb *ready, vrf_opened_fn *opened, void *arg)
{
	close_unwanted(sockets, want, n);
	if (vrf_sockets_reserve(sockets, n) < 0) {
		log_error("no memory for sockets in VRFs");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct vrf_socket made = {.vrf = want[i]};
		int rc;

		if (has_socket(sockets, &want[i]))
			continue;
		rc = open_socket(&made, fd);
		if (rc == 0)
			made.watch = loop_watch_new(loop, made.fd, LOOP_READ, ready, arg);
		if (rc == 0 && !made.watch) {
			close(made.fd);
			rc = -ENOMEM;
		}
		if (rc == 0)
			sockets->socket[sockets->count++] = made;
		else
			log_error("VRF %s: cannot receive in it: %s%s", want[i].name, strerror(-rc),
				hint(-rc));
		opened(arg, &want[i], made.fd, -rc);
	}
}

const struct vrf_socket *vrf_sockets_find(const struct vrf_sockets *sockets, int fd)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->socket[i].fd == fd)
			return &sockets->socket[i];
	return NULL;
}

void vrf_sockets_fini(struct vrf_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		close_socket(&sockets->socket[i]);
	free(sockets->socket);
	*sockets = (struct vrf_sockets){0};
}
