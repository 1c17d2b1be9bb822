/* SPDX-License-Identifier: ISC */
/*
 * Any octets as the write-ahead log of the lease database: it is read, and what is counted fits
 * into the file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bootd/leases/sqlite_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int truth)
{
	if (!truth)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sqlite_wal_check found = {0};
	char path[32];
	int fd = memfd_create("wal", MFD_CLOEXEC), rc;

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = sqlite_wal_check(path, &found);
	check(rc <= 0);
	check(rc < 0 || ((size_t)found.frames + found.lost_frames) * 512 <= size);
	check(rc < 0 || found.lost_commits <= found.lost_frames);
	close(fd);
	return 0;
}
