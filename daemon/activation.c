/* SPDX-License-Identifier: ISC */
/*
 * sd_listen_fds(3), and which of the sockets is the wanted one.
 */
#include "daemon/activation.h"

#include <config.h>

#include <errno.h>

#ifdef HAVE_LIBSYSTEMD
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

int activation_udp(uint16_t port)
{
	int n = sd_listen_fds(0);

	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++)
		if (sd_is_socket_inet(fd, AF_INET6, SOCK_DGRAM, -1, port) > 0)
			return fd;
	return -ENOENT;
}
#else
int activation_udp(uint16_t port)
{
	(void)port;
	return -ENOENT;
}
#endif
