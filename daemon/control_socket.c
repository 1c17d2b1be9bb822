/* SPDX-License-Identifier: ISC */
/* The socket's file outlives its daemon, so what lies there is asked before it is replaced. */
#include "daemon/control_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/file.h"

/* A socket that nobody answers on was left by a crash. Any other file is somebody's data. */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, rc;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
	close(fd);
	if (rc == 0 || rc == EAGAIN)
		return -EADDRINUSE;
	if (rc == ECONNREFUSED && unlink(address->sun_path) < 0)
		return -errno;
	return 0;
}

/* bind() makes the file: the mask is what keeps it from the world from its first moment. */
static int bind_for_group(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(0117);
	int rc = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	umask(before);
	return rc;
}

int control_socket_listen(struct sockaddr_un *address, const char *path, int backlog)
{
	int fd, rc;

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	rc = file_make_directory_of(path, 0755); /* /run is empty after each boot */
	if (rc < 0)
		return rc;
	rc = remove_stale(address);
	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	rc = bind_for_group(fd, address);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	if (listen(fd, backlog) < 0) {
		rc = -errno;
		close(fd);
		control_socket_remove(address);
		return rc;
	}
	return fd;
}

void control_socket_remove(const struct sockaddr_un *address)
{
	unlink(address->sun_path);
}
