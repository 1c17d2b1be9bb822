/* SPDX-License-Identifier: ISC */
/* Made in /tmp, removed file by file. */
#include "tests/unit/lease_directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char lease_file[96];
static char directory[64];

int lease_directory_make(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/nb6-leases-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(lease_file, sizeof(lease_file), "%s/leases.db", directory);
	return 0;
}

int lease_directory_remove(void **state)
{
	static const char *const end[] = {"", ".lock", "-wal", "-shm"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(end) / sizeof(end[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", lease_file, end[i]);
		unlink(path);
	}
	return rmdir(directory);
}
