/* SPDX-License-Identifier: ISC */
/*
 * Sockets that the service manager opened for us and keeps when we go
 * (systemd.socket(5)): what arrives while a daemon restarts waits in them.
 */
#ifndef NB6_DAEMON_ACTIVATION_H
#define NB6_DAEMON_ACTIVATION_H

#include <stdint.h>

/*
 * The IPv6 UDP socket bound to this port that was handed to us, or -ENOENT:
 * none was, or we were built without libsystemd. It is not to be closed before
 * the process ends.
 */
int activation_udp(uint16_t port);

#endif
