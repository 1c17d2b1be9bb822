/* SPDX-License-Identifier: ISC */
/*
 * Who has a UDP port: whether a daemon may share it, and the message that says why it cannot start.
 */
#ifndef NB6_DAEMON_PORT_OWNER_H
#define NB6_DAEMON_PORT_OWNER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * True if a UDP socket of our network namespace is bound to exactly this address and port. Programs
 * that share a port (SO_REUSEADDR) can have the same address too; then only the last of them
 * receives, without an error for any of them.
 */
bool port_owner_has(const struct sockaddr_in6 *at);

/*
 * Write "dnsmasq (process 1234)" into `text` for the process whose UDP socket has this address and
 * port or, if there is none, whose socket has the port on all addresses or on another one;
 * "another program" if it cannot be found. Returns text.
 */
const char *port_owner_udp(const struct sockaddr_in6 *at, char *text, size_t size);

#endif
