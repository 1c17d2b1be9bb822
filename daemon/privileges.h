/* SPDX-License-Identifier: ISC */
/*
 * Giving up what is not needed once the sockets are open: the user, and all
 * capabilities but the named ones.
 */
#ifndef NB6_DAEMON_PRIVILEGES_H
#define NB6_DAEMON_PRIVILEGES_H

/*
 * Become `user` (NULL: stay who we are) and keep only the capabilities in
 * `keep` (CAP_* of linux/capability.h, ended by -1), for good. Started
 * without root there is nothing to give up and 0 is returned. Otherwise
 * 0, -ENOENT for a user that is not there, or -EPERM.
 */
int privileges_drop(const char *user, const int *keep);

#endif
