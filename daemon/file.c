/* SPDX-License-Identifier: ISC */
#include "daemon/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 1024 };

int file_make_directory_of(const char *path, mode_t mode)
{
	char part[PATH_SIZE];
	char *last;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return -ENAMETOOLONG;
	last = strrchr(part, '/');
	for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (*part && mkdir(part, slash == last ? mode : 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

int file_sync_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	char directory[PATH_SIZE];
	int fd, rc;

	if (len >= sizeof(directory))
		return -ENAMETOOLONG;
	memcpy(directory, path, len);
	directory[len] = '\0';
	fd = open(!slash ? "." : len == 0 ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return rc;
}
