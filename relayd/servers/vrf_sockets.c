/* SPDX-License-Identifier: ISC */
/*
 * A VRF that is deleted and created again is another device, and a socket bound to the old one
 * receives nothing any more. So the sockets follow the VRF's ifindex.
 */
#include "relayd/servers/vrf_sockets.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/udp.h"

enum { RECEIVE_BUFFER = 4 << 20 };

static bool has_server(const struct server_list *list, int vrf)
{
	for (size_t i = 0; i < list->count; i++)
		if (server_path_vrf(&list->server[i]) == vrf)
			return true;
	return false;
}

static bool has_socket(const struct vrf_sockets *sockets, int vrf)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->socket[i].ifindex == vrf)
			return true;
	return false;
}

static void close_socket(struct vrf_socket *socket)
{
	loop_watch_free(socket->watch);
	close(socket->fd);
}

static void drop_unused(struct vrf_sockets *sockets, const struct server_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < sockets->count; i++)
		if (has_server(list, sockets->socket[i].ifindex))
			sockets->socket[kept++] = sockets->socket[i];
		else
			close_socket(&sockets->socket[i]);
	sockets->count = kept;
}

static const char *hint(int error)
{
	return error == EACCES || error == EPERM
		       ? ": the daemon dropped this privilege at start because no server was in a VRF; "
			 "restart it"
		       : "";
}

void vrf_sockets_follow(struct vrf_sockets *sockets, const struct server_list *list, int fd,
	struct loop *loop, loop_fd_cb *ready, void *arg)
{
	if (sockets->version == list->version)
		return;
	sockets->version = list->version;
	drop_unused(sockets, list);
	for (size_t i = 0; i < list->count; i++) {
		const struct server_path *server = &list->server[i];
		struct vrf_socket made = {.ifindex = server_path_vrf(server)};

		if (made.ifindex == 0 || has_socket(sockets, made.ifindex))
			continue;
		made.fd = udp_open_on_link(fd, server->out_link, RECEIVE_BUFFER);
		if (made.fd < 0) {
			log_error("server %s: cannot receive its replies in VRF %s: %s%s",
				server->text, server->out_link, strerror(-made.fd), hint(-made.fd));
			continue;
		}
		made.watch = loop_watch_new(loop, made.fd, LOOP_READ, ready, arg);
		if (made.watch)
			sockets->socket[sockets->count++] = made;
		else
			close(made.fd);
	}
}

void vrf_sockets_fini(struct vrf_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		close_socket(&sockets->socket[i]);
	*sockets = (struct vrf_sockets){0};
}
