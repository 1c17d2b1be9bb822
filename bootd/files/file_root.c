/* SPDX-License-Identifier: ISC */
/*
 * The confined root on openat2(2), for which glibc has no wrapper.
 *
 * A mount below the root may be entered (an ISO image mounted there is meant
 * to be served), /proc-style magic links may not. O_NONBLOCK keeps a FIFO that
 * somebody left there from hanging the daemon.
 */
#include "bootd/files/file_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct file_root {
	int dir_fd; /* O_PATH */
};

static int open_beneath(int dir_fd, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int file_root_new(const char *directory, struct file_root **out)
{
	struct file_root *root = malloc(sizeof(*root));
	int probe;

	if (!root)
		return -ENOMEM;
	root->dir_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	probe = root->dir_fd < 0 ? -errno : open_beneath(root->dir_fd, ".", O_PATH);
	if (probe < 0) {
		file_root_free(root);
		return probe;
	}
	close(probe);
	*out = root;
	return 0;
}

void file_root_free(struct file_root *root)
{
	if (!root)
		return;
	if (root->dir_fd >= 0)
		close(root->dir_fd);
	free(root);
}

static int check_path(const char *path)
{
	size_t len = strnlen(path, FILE_PATH_SIZE);

	if (len == 0)
		return -EISDIR;
	if (len == FILE_PATH_SIZE)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f)
			return -EINVAL;
	return 0;
}

/* The kernel has many errors for a file that cannot be served; a client needs few. */
static int simplify(int error)
{
	switch (error) {
	case -EXDEV: /* led out of the root */
	case -ELOOP: /* a magic link, or links in a circle */
	case -EPERM:
	case -ENXIO: /* a device, or a socket */
		return -EACCES;
	case -ENOTDIR: /* "file/more" */
		return -ENOENT;
	default:
		return error;
	}
}

static int view_regular_file(int fd, struct file_view *out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	*out = (struct file_view){.fd = fd,
		.size = (uint64_t)st.st_size,
		.mtime = st.st_mtim.tv_sec,
		.mtime_ns = st.st_mtim.tv_nsec};
	return 0;
}

int file_root_open(const struct file_root *root, const char *path, struct file_view *out)
{
	int error, fd;

	path += strspn(path, "/");
	error = check_path(path);
	if (error)
		return error;
	fd = open_beneath(root->dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return simplify(fd);
	error = view_regular_file(fd, out);
	if (error)
		close(fd);
	return error;
}

const char *file_root_error(int error)
{
	switch (error) {
	case -ENOENT:
		return "no such file";
	case -EISDIR:
		return "a directory, not a file";
	case -EACCES:
		return "not to be served: not readable, no regular file, or outside the root";
	case -EINVAL:
		return "control characters in the path";
	case -ENAMETOOLONG:
		return "the path is too long";
	case -EMFILE:
	case -ENFILE:
		return "out of file descriptors: raise LimitNOFILE";
	default:
		return strerror(-error);
	}
}
