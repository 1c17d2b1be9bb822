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

#include "daemon/log.h"

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

/* Kept apart so that a root can be const for those who open files in it. */
struct opened {
	int fd; /* O_PATH */
	dev_t device;
	ino_t inode;
};

struct file_root {
	char *directory; /* NULL: a relative path, which is not followed */
	struct opened *now;
};

static int open_beneath(int dir_fd, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve,
	};
	long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* Open the directory; `now` changes on success only. */
static int open_directory(const char *directory, struct opened *now)
{
	int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int probe = fd < 0 ? -errno : open_beneath(fd, ".", O_PATH, 0);
	struct stat st;

	if (probe >= 0 && fstat(fd, &st) < 0) {
		close(probe);
		probe = -errno;
	}
	if (probe < 0) {
		if (fd >= 0)
			close(fd);
		return probe;
	}
	close(probe);
	if (now->fd >= 0)
		close(now->fd);
	*now = (struct opened){fd, st.st_dev, st.st_ino};
	return 0;
}

int file_root_new(const char *directory, struct file_root **out)
{
	struct file_root *root = calloc(1, sizeof(*root));
	int rc = -ENOMEM;

	if (!root)
		return -ENOMEM;
	root->now = malloc(sizeof(*root->now));
	if (root->now) {
		root->now->fd = -1;
		rc = open_directory(directory, root->now);
	}
	if (rc == 0 && *directory == '/') {
		root->directory = strdup(directory);
		rc = root->directory ? 0 : -ENOMEM;
	}
	if (rc < 0)
		file_root_free(root);
	else
		*out = root;
	return rc;
}

/* Is it still the directory that we have open? One that cannot be opened changes nothing. */
static void follow(const struct file_root *root)
{
	static struct log_limit limit;
	struct stat st;
	int rc;

	if (!root->directory || stat(root->directory, &st) < 0 ||
		(st.st_dev == root->now->device && st.st_ino == root->now->inode))
		return;
	rc = open_directory(root->directory, root->now);
	if (rc == 0)
		log_notice("root %s: another directory is in its place: its files are served",
			root->directory);
	else
		log_limited(&limit, LOG_LEVEL_WARNING,
			"root %s: the directory that is in its place cannot be opened: %s; the "
			"previous one is still served",
			root->directory, strerror(-rc));
}

void file_root_free(struct file_root *root)
{
	if (!root)
		return;
	if (root->now && root->now->fd >= 0)
		close(root->now->fd);
	free(root->now);
	free(root->directory);
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

static int open_file(int dir_fd, const char *path, uint64_t resolve, struct file_view *out)
{
	int error, fd;

	path += strspn(path, "/");
	error = check_path(path);
	if (error)
		return error;
	fd = open_beneath(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, resolve);
	if (fd < 0)
		return simplify(fd);
	error = view_regular_file(fd, out);
	if (error)
		close(fd);
	return error;
}

int file_root_open(const struct file_root *root, const char *path, struct file_view *out)
{
	follow(root);
	return open_file(root->now->fd, path, 0, out);
}

/* Linux before 5.12 does not know RESOLVE_CACHED, and the C library's header may not either. */
int file_root_open_cached(const struct file_root *root, const char *path, struct file_view *out)
{
	static bool is_unknown;
	int rc = -EINVAL;

	follow(root);
	if (!is_unknown)
		rc = open_file(root->now->fd, path, RESOLVE_CACHED, out);
	if (rc != -EINVAL || check_path(path + strspn(path, "/")) != 0)
		return rc;
	is_unknown = true;
	return -EAGAIN;
}

int file_root_directory(const struct file_root *root)
{
	int fd = fcntl(root->now->fd, F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int file_root_open_below(int directory_fd, const char *path, struct file_view *out)
{
	return open_file(directory_fd, path, 0, out);
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
