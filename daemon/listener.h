/* SPDX-License-Identifier: ISC */
/*
 * A socket that accepts connections. Every listener of both daemons is one of these, because all
 * need the same protection: if the process has no descriptor left, a connection that cannot be
 * accepted keeps the socket readable and the loop would spin. The listener then rests for a
 * second and says so in the log, at most once in ten seconds.
 */
#ifndef NB6_DAEMON_LISTENER_H
#define NB6_DAEMON_LISTENER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct listener;
struct loop;

/*
 * Open a TCP socket that listens on `at`, for IPv6 only. The address may be assigned later: from
 * then on connections are accepted. Returns the descriptor, non-blocking and the caller's, or
 * -errno.
 */
int listener_open_tcp(const struct sockaddr_in6 *at, int backlog);

/* The callback owns `fd`, which is non-blocking. `peer` is NULL for UNIX sockets. */
typedef void listener_cb(void *arg, int fd, const struct sockaddr_in6 *peer);

/*
 * Accept connections from `fd`, which becomes the listener's; `what` names it in the log.
 * Returns 0, or -ENOMEM and `fd` is closed.
 */
int listener_new(struct listener **listener, struct loop *loop, int fd, const char *what,
	listener_cb *accepted, void *arg);
void listener_free(struct listener *listener); /* closes the socket; NULL is fine */

/* The owner has no room: leave connections in the kernel's queue until it says otherwise. */
void listener_pause(struct listener *listener, bool is_paused);

/* How often accepting failed because of missing descriptors or memory, of all listeners. */
uint64_t listener_exhausted(void);

#endif
