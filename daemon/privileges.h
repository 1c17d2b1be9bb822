/* SPDX-License-Identifier: ISC */
/*
 * Giving up what is not needed once the sockets are open: the user, and all
 * capabilities but the named ones.
 */
#ifndef NB6_DAEMON_PRIVILEGES_H
#define NB6_DAEMON_PRIVILEGES_H

/*
 * Become `user` (NULL: stay who we are) and keep only the capabilities in `keep` (CAP_* of
 * linux/capability.h, ended by -1), for good. A daemon that is not root drops the capabilities
 * that it was started with, ambient ones too; -EPERM if it should become another user. Returns
 * 0, -ENOENT for an unknown user, or -EPERM.
 */
int privileges_drop(const char *user, const int *keep);

#endif
