/* SPDX-License-Identifier: ISC */
/*
 * A slow disk for one process: preloaded (LD_PRELOAD), each sync of a file takes 5 ms longer, as on
 * a disk that does 200 writes per second.
 */
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

enum { DELAY_NS = 5 * 1000 * 1000 };

static void wait_for_disk(void)
{
	const struct timespec delay = {.tv_nsec = DELAY_NS};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL);
}

int fdatasync(int fd)
{
	int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

	wait_for_disk();
	return sync(fd);
}

int fsync(int fd)
{
	int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

	wait_for_disk();
	return sync(fd);
}
