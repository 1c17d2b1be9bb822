/* SPDX-License-Identifier: ISC */
/*
 * The system calls that a daemon needs once it has started, and no others (seccomp). What
 * takes over the process by a bug finds no program to start, no other process to look into, no
 * kernel module, no BPF, no namespace, no raw socket.
 *
 * A call that is not in the list is refused: it returns EPERM, and a line on stderr, which is
 * the journal under systemd, names it, once for each call. So a gap in the list costs one
 * function and is seen; nothing is killed for it. The labs fail where such a line appears.
 */
#ifndef NB6_DAEMON_SANDBOX_H
#define NB6_DAEMON_SANDBOX_H

/*
 * For this thread and all later ones, for good. Call it last before the loop, when every
 * privilege was given up. Returns 0 or -errno; then nothing is refused.
 */
int sandbox_enter(void);

/* The same; a kernel or container that does not let us is worth a line of log, not the start. */
void sandbox_enter_or_tell(void);

#endif
