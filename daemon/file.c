/* SPDX-License-Identifier: ISC */
#include "daemon/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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
