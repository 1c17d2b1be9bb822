/* SPDX-License-Identifier: ISC */
/*
 * Applying another configuration to the parts of a daemon, all of them or none.
 *
 * A daemon lists its parts in a table. reload_run() first prepares them in order: each allocates and
 * checks what it needs and changes nothing in use. If all could, each is committed, in order,
 * which cannot fail. If one could not, those before it are cancelled in reverse order, and the
 * daemon goes on with what it had.
 */
#ifndef NB6_DAEMON_RELOAD_H
#define NB6_DAEMON_RELOAD_H

#include <stddef.h>

/* NULL: the part has nothing to do in that step. */
struct reload_part {
	int (*prepare)(void *arg); /* 0 or -errno, with nothing left to cancel */
	void (*commit)(void *arg);
	void (*cancel)(void *arg); /* undoes prepare */
};

/* `arg` is passed to all parts. Returns 0, or what the prepare that failed returned. */
int reload_run(const struct reload_part *parts, size_t n, void *arg);

#endif
