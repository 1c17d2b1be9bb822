/* SPDX-License-Identifier: ISC */
/*
 * The directory whose files are served, and the only way to a file in it.
 *
 * The directory is opened once; a file is found below that descriptor by
 * openat2(2) with RESOLVE_BENEATH, so that the kernel itself refuses `..`,
 * absolute symbolic links and every other way out, also while somebody renames
 * directories. Symbolic links that stay inside work.
 *
 * If another directory takes the place of this one, because `root` is a symbolic link that is
 * switched or a directory that is renamed, the next file is opened in the new one. A file that is
 * being sent stays as it is, and while nothing is there, the last directory is still served.
 */
#ifndef NB6_BOOTD_FILES_FILE_ROOT_H
#define NB6_BOOTD_FILES_FILE_ROOT_H

#include <stdint.h>

enum { FILE_PATH_SIZE = 1024 }; /* a path as served, with its NUL */

struct file_root;

struct file_view {
	int fd; /* the caller closes it */
	uint64_t size;
	int64_t mtime;
	long mtime_ns;
};

/*
 * *out is to be freed with file_root_free(). Returns 0, -ENOSYS if the
 * kernel has no openat2 (before Linux 5.6), or why the directory cannot be
 * opened (-ENOENT, -ENOTDIR, -EACCES, -ENOMEM...).
 */
int file_root_new(const char *directory, struct file_root **out);
void file_root_free(struct file_root *root); /* NULL is fine */

/*
 * Open the regular file `path` (decoded; leading slashes are ignored).
 *
 * Returns 0 and fills *out, or
 *   -ENOENT        there is no such file
 *   -EISDIR        it is a directory, or `path` is empty
 *   -EACCES        not readable for us, no regular file, or it leads out of the root
 *   -EINVAL        control characters in the path
 *   -ENAMETOOLONG  FILE_PATH_SIZE or longer
 *   -EMFILE, ...   an error of this host
 */
int file_root_open(const struct file_root *root, const char *path, struct file_view *out);

/*
 * The same without waiting for a disk: -EAGAIN if the directories on the way are not in memory.
 * Then open it in a thread, below the directory whose descriptor the second function gives (to be
 * closed; or -errno), with the third, which needs no root.
 */
int file_root_open_cached(const struct file_root *root, const char *path, struct file_view *out);
int file_root_directory(const struct file_root *root);
int file_root_open_below(int directory_fd, const char *path, struct file_view *out);

/* The error in words for the operator: "no such file". Never NULL. */
const char *file_root_error(int error);

#endif
