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

#endif
