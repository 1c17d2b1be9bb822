/* SPDX-License-Identifier: ISC */
/*
 * Files on a disk that may be slow: is a part of a file in memory (the page cache), and if not, a
 * thread reads it, so that reading or sending it afterwards does not block the loop.
 */
#ifndef NB6_DAEMON_FILE_PAGES_H
#define NB6_DAEMON_FILE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct thread_pool;
struct file_load;

/*
 * Read up to `len` octets at `at` without waiting for the disk. Returns their number, which is
 * less than `len` at the end of the file or where the rest is not in memory; -EAGAIN if nothing is
 * in memory; or another -errno. A file system that cannot tell is read in any case.
 */
ssize_t file_read_cached(int fd, void *buf, size_t len, uint64_t at);

/*
 * Can this part be sent without waiting for the disk, as far as its first and its last octet show?
 * Files are read in order, so a hole between the two is rare. True also if the file cannot be read:
 * that is for the one who reads it to find out.
 */
bool file_is_cached(int fd, uint64_t at, uint64_t len);

/* The part is in memory; or the file could not be read, as its next reader finds out. */
typedef void file_loaded_fn(void *arg);

/*
 * Read a part into memory, in a thread. The descriptor is duplicated. *out is valid until loaded()
 * is called or it is cancelled. Returns 0 or -errno.
 */
int file_load_start(struct file_load **out, struct thread_pool *pool, int fd, uint64_t at,
	uint64_t len, file_loaded_fn *loaded, void *arg);
/* loaded() is not called. NULL is fine. */
void file_load_cancel(struct file_load *load);

#endif
