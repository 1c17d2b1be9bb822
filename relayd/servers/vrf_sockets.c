/* SPDX-License-Identifier: ISC */
/*
 * One socket for each VRF, made when its link appears: a link that is made anew is
 * another one, and a socket bound to the old one hears nothing any more.
 */
#include "relayd/servers/vrf_sockets.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/udp.h"

enum { RECEIVE_BUFFER = 4 << 20 };

static bool has_server(const struct server_paths *paths, int vrf)
{
	for (size_t i = 0; i < paths->count; i++)
		if (server_path_vrf(&paths->server[i]) == vrf)
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

static void drop_unused(struct vrf_sockets *sockets, const struct server_paths *paths)
{
	size_t kept = 0;

	for (size_t i = 0; i < sockets->count; i++)
		if (has_server(paths, sockets->socket[i].ifindex))
			sockets->socket[kept++] = sockets->socket[i];
		else
			close_socket(&sockets->socket[i]);
	sockets->count = kept;
}

static const char *hint(int error)
{
	return error == EACCES || error == EPERM
		       ? ": privileges were given up at start, when no server was in a VRF: restart"
		       : "";
}

void vrf_sockets_follow(struct vrf_sockets *sockets, const struct server_paths *paths, int fd,
	struct loop *loop, loop_fd_cb *ready, void *arg)
{
	if (sockets->lists == paths->lists)
		return;
	sockets->lists = paths->lists;
	drop_unused(sockets, paths);
	for (size_t i = 0; i < paths->count; i++) {
		const struct server_path *server = &paths->server[i];
		struct vrf_socket made = {.ifindex = server_path_vrf(server)};

		if (made.ifindex == 0 || has_socket(sockets, made.ifindex))
			continue;
		made.fd = udp_open_on_link(fd, server->out_link, RECEIVE_BUFFER);
		if (made.fd < 0) {
			log_error("server %s: its answers cannot be heard in VRF %s: %s%s",
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
