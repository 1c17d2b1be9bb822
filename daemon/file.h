/* SPDX-License-Identifier: ISC */
/* Files and directories that a daemon reads or creates for itself. */
#ifndef NB6_DAEMON_FILE_H
#define NB6_DAEMON_FILE_H

#include <sys/types.h>

/*
 * Create the directory that `path` is in, and the directories above it, if they do not
 * exist. The directory itself gets `mode`, those above it 0755. Returns 0 or -errno.
 */
int file_make_directory_of(const char *path, mode_t mode);

/*
 * Make a new name in the directory of `path` last: after a crash of the system a file whose
 * directory was not written is gone, however well it was written itself. Returns 0 or -errno.
 */
int file_sync_directory_of(const char *path);

#endif
