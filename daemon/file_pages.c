/* SPDX-License-Identifier: ISC */
/*
 * The kernel is asked by preadv2(RWF_NOWAIT): it copies what is in memory and refuses to wait. To
 * load a part is to read it to nowhere in particular; the kernel is asked to go on with what
 * follows, so that a fast client and the disk work at the same time.
 */
#include "daemon/file_pages.h"

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "daemon/thread_pool.h"

#ifndef HAVE_PREADV2 /* musl before 1.2.5 */
#include <sys/syscall.h>

static ssize_t preadv2(int fd, const struct iovec *part, int parts, off_t at, int flags)
{
	uint64_t offset = (uint64_t)at;

	return syscall(SYS_preadv2, fd, part, parts, (long)offset, (long)(offset >> 32), flags);
}
#endif
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8 /* linux/fs.h */
#endif

enum {
	READ_SIZE = 64 * 1024,
	READ_AHEAD = 1024 * 1024, /* what the kernel is asked to read behind a part */
};

struct file_load {
	struct thread_work work;
	int fd;
	uint64_t at, len;
	file_loaded_fn *loaded; /* NULL: cancelled */
	void *arg;
};

ssize_t file_read_cached(int fd, void *buf, size_t len, uint64_t at)
{
	struct iovec part = {buf, len};
	ssize_t n = preadv2(fd, &part, 1, (off_t)at, RWF_NOWAIT);

	if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL))
		n = pread(fd, buf, len, (off_t)at);
	return n < 0 ? -errno : n;
}

bool file_is_cached(int fd, uint64_t at, uint64_t len)
{
	char octet;

	return len == 0 || (file_read_cached(fd, &octet, 1, at) != -EAGAIN &&
				   file_read_cached(fd, &octet, 1, at + len - 1) != -EAGAIN);
}

static void read_part(struct thread_work *work)
{
	struct file_load *load = (struct file_load *)work;
	char octets[READ_SIZE];
	uint64_t done = 0;
	ssize_t n;

	while (done < load->len) {
		uint64_t left = load->len - done;

		n = pread(load->fd, octets, left < READ_SIZE ? (size_t)left : READ_SIZE,
			(off_t)(load->at + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		done += (uint64_t)n;
	}
	posix_fadvise(load->fd, (off_t)(load->at + load->len), READ_AHEAD, POSIX_FADV_WILLNEED);
}

static void part_read(struct thread_work *work)
{
	struct file_load *load = (struct file_load *)work;

	if (load->loaded)
		load->loaded(load->arg);
	close(load->fd);
	free(load);
}

int file_load_start(struct file_load **out, struct thread_pool *pool, int fd, uint64_t at,
	uint64_t len, file_loaded_fn *loaded, void *arg)
{
	struct file_load *load = malloc(sizeof(*load));
	int rc;

	if (!load)
		return -ENOMEM;
	*load = (struct file_load){.work = {.run = read_part, .done = part_read},
		.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
		.at = at,
		.len = len,
		.loaded = loaded,
		.arg = arg};
	rc = load->fd < 0 ? -errno : thread_pool_run(pool, &load->work);
	if (rc < 0) {
		if (load->fd >= 0)
			close(load->fd);
		free(load);
		return rc;
	}
	*out = load;
	return 0;
}

void file_load_cancel(struct file_load *load)
{
	if (load)
		load->loaded = NULL;
}
