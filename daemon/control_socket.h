/* SPDX-License-Identifier: ISC */
/*
 * The UNIX socket that a control listens on, as a name in the file system: for owner and
 * group, in a directory that may have to be made, in the place of what a crash left.
 */
#ifndef NB6_DAEMON_CONTROL_SOCKET_H
#define NB6_DAEMON_CONTROL_SOCKET_H

#include <sys/un.h>

/*
 * Listen on `path`, which becomes `address`; at most `backlog` peers wait to be accepted.
 * Returns the descriptor, non-blocking and the caller's, or -errno with nothing left open:
 * -EADDRINUSE if another process answers there, -ENOTSOCK if a file that is no socket has
 * that name (it is left as it is), -ENAMETOOLONG if the path is too long for an address.
 */
int control_socket_listen(struct sockaddr_un *address, const char *path, int backlog);
/* Remove its name from the file system. */
void control_socket_remove(const struct sockaddr_un *address);

#endif
